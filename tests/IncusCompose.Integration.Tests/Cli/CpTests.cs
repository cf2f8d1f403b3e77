using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>cp</c>.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class CpTests(LabFixture lab)
{
    private const string Stack = "name: clicp\ninstances: { clicp1: { image: busybox } }\n";

    // Everything that a tree can hold: an empty directory and file, links that lead somewhere, nowhere and out, odd names, modes.
    private const string MakeTree = """
        mkdir -p tree/empty tree/sub; cd tree
        printf hello >hello; : >nothing; printf '#!/bin/sh\n' >sub/run; printf 'an odd name' >'sub/a b:c'
        chmod 0755 sub/run; chmod 0600 hello; chmod 0700 empty
        ln -s ../hello sub/relative; ln -s /no/such dangling; ln -s sub tosub
        touch -d '2001-02-03 04:05:06' hello sub/run; touch -d '2002-03-04 05:06:07' empty; cd ..; touch -d '2003-04-05 06:07:08' tree
        """;

    private const string ShowTree = "cd {0} && find . | sort | while read -r f; do stat -c '%n %F %a %Y %N' \"$f\" | sed 's/symbolic link 777 [0-9]*/symbolic link/'; [ -L \"$f\" ] || [ -d \"$f\" ] || cat \"$f\"; done";

    [Fact]
    public async Task A_tree_goes_in_and_out_unchanged()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await HostAsync(folder, MakeTree);
        var before = await HostAsync(folder, ShowTree.Replace("{0}", "tree", StringComparison.Ordinal));

        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "tree", "clicp1:/srv"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:srv/tree", "back"));

        Assert.Equal(before, await HostAsync(folder, ShowTree.Replace("{0}", "back", StringComparison.Ordinal)));
        Assert.Contains("./sub/run regular file 755 981173106", before, StringComparison.Ordinal);
        Assert.Equal("0 0", await GuestAsync(folder, "stat -c '%u %g' /srv/tree/hello"));
        // Once more, over what is there; the directories are left as they are.
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "tree/.", "clicp1:/srv/tree"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/srv/tree/.", "back"));
        var after = await HostAsync(folder, ShowTree.Replace("{0}", "back", StringComparison.Ordinal));
        Assert.Equal(WithoutDirectories(before), WithoutDirectories(after));
        // The instance need not run.
        Assert.Equal(0, (await folder.RunAsync("kill", "-q")).ExitCode);
        var json = await folder.RunAsync("cp", "--json", "tree", "clicp1:/new");
        using var document = JsonDocument.Parse(json.Output);
        var copied = document.RootElement;
        Assert.Equal(
            ("clicp1", 4, 3, 3, 26),
            (copied.GetProperty("instance").GetString(), copied.GetProperty("files").GetInt32(), copied.GetProperty("directories").GetInt32(),
                copied.GetProperty("links").GetInt32(), copied.GetProperty("bytes").GetInt32()));
    }

    [Fact]
    public async Task The_copy_is_called_what_docker_would_call_it()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("one", "1");
        await HostAsync(folder, "mkdir dir; printf 2 >dir/two; ln -s one link");
        await GuestAsync(folder, "mkdir -p /mnt");

        await CopyAsync("one", "clicp1:/mnt");                 // into a directory under its own name
        await CopyAsync("one", "clicp1:/mnt/renamed");         // where nothing is, under that name
        await CopyAsync("one", "clicp1:/mnt/renamed");         // over a file
        await CopyAsync("dir", "clicp1:/mnt/made");            // where nothing is
        await CopyAsync("dir", "clicp1:/mnt/made");            // into it
        await CopyAsync("dir/.", "clicp1:/mnt/made/dir");      // what is in it
        await CopyAsync("link", "clicp1:/mnt/link");           // the link itself
        await CopyAsync("-L", "link", "clicp1:/mnt/followed"); // what it leads to
        Assert.Equal(
            "/mnt /mnt/followed /mnt/link /mnt/made /mnt/made/dir /mnt/made/dir/two /mnt/made/two /mnt/one /mnt/renamed",
            (await GuestAsync(folder, "find /mnt | sort | tr '\\n' ' '")).TrimEnd());
        Assert.Equal("one 1", await GuestAsync(folder, "echo $(readlink /mnt/link) $(cat /mnt/followed)"));

        await CopyAsync("clicp1:/mnt/one", ".");
        await CopyAsync("clicp1:/mnt/link", "linked");
        await CopyAsync("-L", "clicp1:/mnt/link", "back");
        await CopyAsync("clicp1:/mnt/made/", "dir");
        await CopyAsync("clicp1:/mnt/made/.", "made");
        Assert.Equal("back dir dir/made dir/made/dir dir/made/dir/two dir/made/two dir/two link linked made made/dir made/dir/two made/two one", (await HostAsync(folder, "find . -mindepth 1 ! -name stack.yaml -printf '%P\\n' | sort | tr '\\n' ' '")).TrimEnd());
        Assert.Equal("one 1", (await HostAsync(folder, "echo $(readlink linked) $(cat back)")).TrimEnd());

        async Task CopyAsync(params string[] arguments) => Assert.Equal(new Ended(0, "", ""), await folder.RunAsync(["cp", .. arguments]));
    }

    [Fact]
    public async Task Owners_are_kept_only_where_that_is_asked_for()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await HostAsync(folder, "mkdir dir; printf x >dir/file; chown -R 1000:1001 dir; chmod 4755 dir/file");

        Assert.Equal(
            new Ended(0, "", "/srv/kept/file is copied without set-user-id, set-group-id and sticky bits, which the server does not set\n"),
            await folder.RunAsync("cp", "-a", "dir", "clicp1:/srv/kept"));
        Assert.Equal("", await GuestAsync(folder, "chmod 4755 /srv/kept/file"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "dir", "clicp1:/srv/new"));
        Assert.Equal("1000 1001 4755 1000 1001 0 0 755", await GuestAsync(folder, "echo $(stat -c '%u %g %a' /srv/kept/file) $(stat -c '%u %g' /srv/kept) $(stat -c '%u %g %a' /srv/new/file)"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "-a", "clicp1:/srv/kept", "back"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/srv/kept", "own"));
        Assert.Equal("1000 1001 4755\n0 0 755\n", await HostAsync(folder, "stat -c '%u %g %a' back/file own/file"));
    }

    [Fact]
    public async Task Archives_stream_out_and_in()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await HostAsync(folder, MakeTree);
        await HostAsync(folder, "head -c 3000000 /dev/urandom >tree/much; ln tree/much tree/same; tar cf in.tar tree");
        var digest = await HostAsync(folder, "cd tree && find . -type f | sort | xargs -d '\\n' sha256sum");

        var program = $"dotnet '{CliFolder.Program}'";
        Assert.Equal("", await HostAsync(folder, $"{program} cp - clicp1:/srv <in.tar"));
        Assert.Equal(digest.Trim(), await GuestAsync(folder, "cd /srv/tree && find . -type f | sort | while read -r f; do sha256sum \"$f\"; done"));
        Assert.Equal("2", await GuestAsync(folder, "stat -c %h /srv/tree/same"));
        Assert.Equal(digest, await HostAsync(folder, $"mkdir out && {program} cp clicp1:/srv/tree - | tar x -C out && cd out/tree && find . -type f | sort | xargs -d '\\n' sha256sum"));
        Assert.Equal("./hello\n", await HostAsync(folder, $"{program} cp clicp1:/srv/tree/. - | tar t | grep '^./hello$'"));
        // From one place in an instance to another.
        Assert.Equal("", await HostAsync(folder, $"{program} cp clicp1:/srv/tree - | {program} cp - clicp1:/root"));
        Assert.Equal("hello", await GuestAsync(folder, "cat /root/tree/hello"));

        await using (var stream = File.Create(folder.PathOf("evil.tar")))
        await using (var tar = new TarWriter(stream))
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "../out") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("x")) });
        Assert.Contains(
            "error: the archive holds \"../out\", which leads out of the place to unpack to: make it without \"..\"",
            await HostAsync(folder, $"{program} cp - clicp1:/srv <evil.tar 2>&1 || true"), StringComparison.Ordinal);
        Assert.StartsWith(
            "error: what was given is no tar archive without compression: ",
            await HostAsync(folder, $"{program} cp - clicp1:/srv <stack.yaml 2>&1 || true"), StringComparison.Ordinal);
        Assert.Equal(
            "error: there is no directory /srv/nowhere in instance clicp1 to unpack into: make it first\n",
            await HostAsync(folder, $"{program} cp - clicp1:/srv/nowhere <in.tar 2>&1 || true"));
    }

    [Fact]
    public async Task Replicas_all_get_what_is_copied_to_their_definition()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clicp\ninstances: { clicpr: { image: busybox, replicas: 2 } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("file", "x");

        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "file", "clicpr:/all"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "--index", "2", "file", "clicpr:/second"));

        foreach (var (name, files) in new[] { ("clicpr-1", "/all"), ("clicpr-2", "/all /second") })
            Assert.Equal(new Ended(0, files + "\n", ""), await folder.RunAsync("exec", name, "--", "sh", "-c", "echo $(ls -d /all /second 2>/dev/null)"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "--index", "2", "clicpr:/second", "back"));
        Assert.Equal(
            new Ended(64, "", "error: Standard input can be read once, and clicpr has 2 replicas: choose one with --index.\nSee 'incus-compose cp --help'.\n"),
            await folder.RunAsync("cp", "-", "clicpr:/srv"));
    }

    [Fact]
    public async Task What_cannot_be_copied_is_told_with_where_and_what_instead()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("file", "x");
        await HostAsync(folder, "mkdir dir; mkfifo dir/pipe");

        foreach (var (source, destination, message) in new[]
        {
            ("nosuch", "clicp1:/srv", "there is no nosuch on this machine"),
            ("clicp1:/nosuch", ".", "there is no /nosuch in instance clicp1"),
            ("file", "clicp1:/no/such", "there is no directory /no in instance clicp1 to put such into: make it first"),
            ("file", "clicp1:/nosuch/", "there is no directory /nosuch in instance clicp1: make it first"),
            ("file", "clicp1:/etc/passwd/", "/etc/passwd in instance clicp1 is no directory: leave out the \"/\" at its end"),
            ("dir", "clicp1:/etc/passwd", "/etc/passwd in instance clicp1 is no directory, and a directory cannot take its place: name another one"),
            ("file/", "clicp1:/srv", "file on this machine is no directory: leave out what stands behind its name"),
            ("clicp1:/etc", "file", "file on this machine is no directory, and a directory cannot take its place: name another one"),
            ("clicp1:/dev/null", "x", "/dev/null in instance clicp1 is a device, a socket or a named pipe: only files, directories and links can be copied"),
            ("clicp2:/etc", "x", "stack clicp has no instance \"clicp2\" on the server; did you mean \"clicp1\"?"),
        })
            Assert.Equal(new Ended(1, "", $"error: {message}\n"), await folder.RunAsync("cp", source, destination));
        foreach (var (source, destination, message) in new[]
        {
            ("file", "other", "One of the two is in an instance: write it as NAME:PATH."),
            ("clicp1:/a", "clicp1:/b", "One of the two is on this machine. From one instance into another: cp A:PATH - | cp - B:PATH."),
            ("clicp1:", "x", "\"clicp1:\" names no path: write clicp1:PATH, or ./clicp1: for a file of this machine."),
        })
            Assert.Equal(new Ended(64, "", $"error: {message}\nSee 'incus-compose cp --help'.\n"), await folder.RunAsync("cp", source, destination));
        Assert.Equal(new Ended(0, "", "dir/pipe is no file, directory or link: left out\n"), await folder.RunAsync("cp", "dir", "clicp1:/srv"));
        // Nothing is written through a link that is there.
        await HostAsync(folder, "mkdir -p out/sub elsewhere; rmdir out/sub; ln -s ../elsewhere out/sub");
        Assert.Equal(0, (await folder.RunAsync("exec", "clicp1", "--", "sh", "-c", "mkdir -p /root/sub; echo x >/root/sub/file")).ExitCode);
        var refused = await folder.RunAsync("cp", "clicp1:/root/.", "out");
        Assert.Equal((1, "error: out/sub is no directory, and a directory cannot take its place: delete it first\n"), (refused.ExitCode, refused.Error));
        Assert.Equal("", await HostAsync(folder, "ls elsewhere"));
    }

    [Fact]
    public async Task A_link_of_an_earlier_copy_is_not_written_through()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await HostAsync(folder, "mkdir secret copies; printf mine >secret/file");
        var secret = folder.PathOf("secret");

        await GuestAsync(folder, $"mkdir /root/data; ln -s {secret} /root/data/current; ln -s {secret}/file /root/data/file");
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/data/current", "copies"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/data/file", "copies"));
        await GuestAsync(folder, "cd /root/data; rm current file; mkdir current; echo evil | tee current/authorized_keys >file");

        Assert.Equal(
            new Ended(1, "", "error: copies/current is no directory, and a directory cannot take its place: delete it first\n"),
            await folder.RunAsync("cp", "clicp1:/root/data/current", "copies"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/data/file", "copies"));
        Assert.Equal("file\nmineevil\n", await HostAsync(folder, "ls secret; cat secret/file copies/file"));
        // What the user names is followed.
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/data/current/.", "copies/current"));
        Assert.Equal("evil\n", await HostAsync(folder, "cat secret/authorized_keys"));
    }

    [Fact]
    public async Task A_path_of_an_instance_that_climbs_copies_what_it_says_to_where_that_belongs()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await GuestAsync(folder, "mkdir -p /root/one/two; echo x >/root/one/two/file");
        await HostAsync(folder, "mkdir out");

        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/one/two/..", "out"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "clicp1:/root/./no/../one/two/.", "out"));

        Assert.Equal("file one one/two one/two/file ", await HostAsync(folder, "find out -mindepth 1 -printf '%P\n' | sort | tr '\n' ' '"));
        Assert.Equal("out stack.yaml ", await HostAsync(folder, "ls | tr '\n' ' '"));
    }

    [Fact]
    public async Task Nothing_is_written_through_links_in_an_instance()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await GuestAsync(folder, "mkdir -p /root/kept /root/html; echo mine >/root/kept/file; ln -s /root/kept /root/html/dir; ln -s ../kept/file /root/html/file; ln -s html /root/www");
        await HostAsync(folder, "mkdir -p evil site/dir; echo evil >evil/file; cp evil/file site; cp evil/file site/dir; ln -s /root/kept a; tar cf evil.tar a; rm a; mv evil a; tar rf evil.tar a/file");
        // And a second name of what lies behind a link.
        await using (var stream = File.Create(folder.PathOf("hard.tar")))
        await using (var tar = new TarWriter(stream))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "b") { LinkName = "/root/kept" });
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.HardLink, "c") { LinkName = "b/file" });
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "c") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("evil")) });
        }

        var program = $"dotnet '{CliFolder.Program}'";
        foreach (var (archive, link) in new[] { ("evil.tar", "a"), ("hard.tar", "b") })
        {
            Assert.Equal(
                $"error: /srv/{link} in instance clicp1 is no directory, and a directory cannot take its place: delete it first\n",
                await HostAsync(folder, $"{program} cp - clicp1:/srv <{archive} 2>&1 || true"));
        }

        Assert.Equal(
            new Ended(1, "", "error: /root/www/dir in instance clicp1 is no directory, and a directory cannot take its place: delete it first\n"),
            await folder.RunAsync("cp", "site/.", "clicp1:/root/www"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("cp", "site/file", "clicp1:/root/www"));
        Assert.Equal(
            new Ended(1, "", "error: /root/html/dir in instance clicp1 is no directory, and a directory cannot take its place: delete it first\n"),
            await folder.RunAsync("cp", "site/dir", "clicp1:/root/html"));
        Assert.Equal("mine evil file", await GuestAsync(folder, "echo $(cat /root/kept/file /root/html/file) $(ls /root/kept)"));
    }

    [Fact]
    public async Task A_device_is_not_written_to()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await HostAsync(folder, "mkfifo pipe; chmod 0600 pipe; mkdir into; mkfifo into/passwd; echo x >null");
        const string Refusal = "is a device, a socket or a named pipe, and nothing can take its place: name another one\n";

        Assert.Equal(new Ended(1, "", "error: pipe on this machine " + Refusal), await folder.RunAsync("cp", "clicp1:/etc/passwd", "pipe"));
        Assert.Equal(new Ended(1, "", "error: into/passwd on this machine " + Refusal), await folder.RunAsync("cp", "clicp1:/etc/passwd", "into"));
        Assert.Equal(new Ended(1, "", "error: /dev/null in instance clicp1 " + Refusal), await folder.RunAsync("cp", "null", "clicp1:/dev/null"));
        Assert.Equal(new Ended(1, "", "error: /dev/null in instance clicp1 " + Refusal), await folder.RunAsync("cp", "null", "clicp1:/dev"));
        Assert.Equal("600\n", await HostAsync(folder, "stat -c %a pipe"));
        Assert.Equal("666", await GuestAsync(folder, "stat -c %a /dev/null"));
    }

    private static IEnumerable<string> WithoutDirectories(string text) => text.Split('\n').Where(line => !line.Contains(" directory ", StringComparison.Ordinal));

    private static async Task<string> GuestAsync(CliFolder folder, string command)
    {
        var ended = await folder.RunAsync("exec", "clicp1", "--", "sh", "-c", command);
        Assert.True(ended.ExitCode == 0, ended.ToString());
        return ended.Output.TrimEnd('\n');
    }

    private static async Task<string> HostAsync(CliFolder folder, string command)
    {
        var ended = await folder.RunProgramAsync("sh", "-ec", command);
        Assert.True(ended is { ExitCode: 0, Error: "" }, ended.ToString());
        return ended.Output;
    }
}
