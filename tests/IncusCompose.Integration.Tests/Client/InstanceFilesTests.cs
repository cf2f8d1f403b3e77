using System.Text;
using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class InstanceFilesTests(LabFixture lab)
{
    [Fact]
    public async Task A_file_system_is_written_and_read_as_it_is()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("files1");
        await using var files = await project.Client.Instances.OpenFilesAsync("files1");

        Assert.Null(await files.FindAsync("/made"));
        await files.CreateDirectoryAsync("/made");
        Assert.Equal(5, await files.WriteAsync("/made/small", Text("hello"), Octal("0600")));
        await files.CreateLinkAsync("/made/relative", "../made/small");
        await files.CreateLinkAsync("/made/dangling", "/no/such");
        await files.CreateHardLinkAsync("/made/hard", "/made/small");
        var time = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000);
        await files.SetAttributesAsync("/made/small", new Incus.Client.FileAttributes { Uid = 1000, Gid = 1001, Mode = Octal("0750") }, time);

        Assert.Equal(new InstanceFileEntry("/made/small", InstanceFileKind.File, Octal("0750"), 1000, 1001, 5, time), await files.FindAsync("/made/small"));
        Assert.Equal(InstanceFileKind.Link, (await files.FindAsync("/made/relative"))!.Kind);
        Assert.Equal(InstanceFileKind.File, (await files.FindAsync("/made/relative", followLink: true))!.Kind);
        Assert.Equal("../made/small", await files.ReadLinkAsync("/made/relative"));
        Assert.Equal("/no/such", await files.ReadLinkAsync("/made/dangling"));
        Assert.Null(await files.FindAsync("/made/dangling", followLink: true));
        Assert.Equal("hello", await ReadAsync(files, "/made/hard"));
        Assert.Equal(
            ["dangling Link", "hard File", "relative Link", "small File"],
            (await files.ListAsync("/made")).OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => $"{entry.Name} {entry.Kind}"));
        Assert.Equal(InstanceFileKind.Other, (await files.FindAsync("/dev/null"))!.Kind);
        // Owner and mode of what is there stay.
        await files.WriteAsync("/made/small", Text("new"));
        Assert.Equal((Octal("0750"), 1000u, "new"), ((await files.FindAsync("/made/small"))!.Mode & 0x1FF, (await files.FindAsync("/made/small"))!.Uid, await ReadAsync(files, "/made/hard")));
        await files.DeleteAsync("/made/dangling");
        Assert.Null(await files.FindAsync("/made/dangling"));
        // Nobody knows the size of these beforehand.
        Assert.Contains("MemTotal", await ReadAsync(files, "/proc/meminfo"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Much_goes_through_unchanged_in_both_directions_also_when_stopped()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("files2");
        await project.Client.Instances.StopAsync("files2", force: true).CompleteAsync();
        var bytes = new byte[5_000_003];
        new Random(7).NextBytes(bytes);
        await using var files = await project.Client.Instances.OpenFilesAsync("files2");

        Assert.Equal(bytes.Length, await files.WriteAsync("/much", new MemoryStream(bytes)));

        using var back = new MemoryStream();
        await foreach (var part in files.ReadAsync("/much"))
            back.Write(part.Span);
        Assert.True(bytes.AsSpan().SequenceEqual(back.ToArray()));
        Assert.Equal(bytes.Length, (await files.FindAsync("/much"))!.Size);
        Assert.Equal("", await ReadAsync(files, "/etc/nothing-in-it", write: ""));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_with_its_path_and_the_connection_goes_on()
    {
        await using var project = await lab.CreateProjectAsync();
        await Assert.ThrowsAsync<IncusNotFoundException>(() => project.Client.Instances.OpenFilesAsync("files3"));
        await project.LaunchAsync("files3");
        await using var files = await project.Client.Instances.OpenFilesAsync("files3");

        Assert.Equal(
            "cannot write /no/such in instance files3: there is no such file or directory",
            (await Assert.ThrowsAsync<IncusNotFoundException>(() => files.WriteAsync("/no/such", Text("x")))).Message);
        Assert.Equal(
            "cannot read /no in instance files3: there is no such file or directory",
            (await Assert.ThrowsAsync<IncusNotFoundException>(() => ReadAsync(files, "/no"))).Message);
        await Assert.ThrowsAsync<IncusNotFoundException>(() => files.ListAsync("/no"));
        await Assert.ThrowsAnyAsync<IncusException>(() => files.ListAsync("/etc/passwd"));
        Assert.StartsWith("cannot write /etc in instance files3: ", (await Assert.ThrowsAnyAsync<IncusException>(() => files.WriteAsync("/etc", Text("x")))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<IncusException>(() => files.CreateDirectoryAsync("/etc"));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => files.FindAsync("/etc", cancellationToken: cancelled.Token));
        Assert.NotNull(await files.FindAsync("/etc"));
    }

    [Fact]
    public async Task Of_a_small_file_is_read_what_it_may_be_and_nothing_else()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        await project.LaunchAsync("files4");
        await instances.ExecAsync("files4", new ExecRequest
        {
            Command = ["/bin/sh", "-c", "cd /root; printf 'k\u00fc' > small; ln -s small link; ln -s nowhere dangling; mkfifo pipe; ln -s /dev/zero zero; head -c 2000000 /dev/zero > large; rm /etc/passwd; mkfifo /etc/passwd"],
        });
        await using (var files = await instances.OpenFilesAsync("files4"))
        {
            Assert.Equal("k\u00fc", await files.ReadTextAsync("/root/small", 3));
            Assert.Equal("k\u00fc", await files.ReadTextAsync("/root/link", 3));
            Assert.Null(await files.ReadTextAsync("/root/dangling", 3));
            Assert.StartsWith("cannot read /root/small in instance files4: it is larger than 2 bytes", (await Refused("/root/small", 2)).Message, StringComparison.Ordinal);
            Assert.StartsWith("cannot read /root/large in instance files4: it is larger than 1000000 bytes", (await Refused("/root/large", 1_000_000)).Message, StringComparison.Ordinal);
            foreach (var path in new[] { "/root", "/root/pipe", "/root/zero" })
                Assert.StartsWith($"cannot read {path} in instance files4: it is no file", (await Refused(path, 9)).Message, StringComparison.Ordinal);

            Task<IncusException> Refused(string path, int most) => Assert.ThrowsAsync<IncusException>(() => files.ReadTextAsync(path, most)).WaitAsync(TimeSpan.FromSeconds(10));
        }

        var user = await Assert.ThrowsAsync<IncusException>(() => InstanceUser.ResolveAsync(project.Client, "files4", "ann", default)).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.StartsWith("cannot read /etc/passwd in instance files4: it is no file", user.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(InstanceFiles files, string path, string? write = null)
    {
        if (write is not null)
            await files.WriteAsync(path, Text(write));
        using var content = new MemoryStream();
        await foreach (var part in files.ReadAsync(path))
            content.Write(part.Span);
        return Encoding.UTF8.GetString(content.ToArray());
    }

    private static MemoryStream Text(string text) => new(Encoding.UTF8.GetBytes(text));

    private static int Octal(string mode) => Convert.ToInt32(mode, 8);
}
