using System.Text.Json;
using System.Text.RegularExpressions;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Resilience;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>run</c>.</summary>
[Collection(CommandLabCollection.Name)]
public sealed partial class RunTests(LabFixture lab)
{
    private const string Stack = """
        name: clirun
        volumes: { clirundata: {} }
        instances:
          clirunweb:
            image: busybox
            ports: ["127.0.0.1:PORT:80"]
            volumes: ["clirundata:/data"]
            environment: { WORD: from the file }
            depends_on: [clirundb]
          clirundb: { image: busybox }
          clirunother: { image: busybox }
        """;

    [Fact]
    public async Task A_command_runs_in_an_instance_like_the_files_that_is_gone_afterwards()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var run = await folder.RunAsync("run", "--rm", "-e", "MORE=and more", "clirunweb", "--", "sh", "-c", "echo \"$WORD $MORE\"; hostname; echo kept >/data/file; echo bad >&2; exit 7");

        Assert.Equal(7, run.ExitCode);
        Assert.Matches(@"^from the file and more\nclirunweb-run-[0-9a-f]{6}\n$", run.Output);
        Assert.EndsWith("bad\n", run.Error, StringComparison.Ordinal);
        Assert.Matches(@"  \+ instance/clirunweb-run-[0-9a-f]{6}  created  ", run.Error);
        // What it depends on was started and stays; nothing else of the stack was made.
        Assert.Equal(["clirundb Running"], await InstancesAsync(project));
        // The volume is the stack's.
        Assert.Equal(new Ended(0, "kept\n", ""), await folder.RunAsync("run", "-q", "--rm", "--no-deps", "clirunweb", "cat", "/data/file"));
        Assert.Equal("hello", (await folder.RunWithInputAsync("hello", "run", "-q", "--rm", "-T", "-w", "/srv", "-u", "1000", "clirunother", "--", "cat")).Output);
        Assert.Equal(["clirundb Running"], await InstancesAsync(project));
    }

    [Fact]
    public async Task Without_rm_it_is_kept_stopped_and_goes_with_its_stack()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(new Ended(0, "clirunonce\n", ""), await folder.RunAsync("run", "-q", "--name", "clirunonce", "clirunweb", "hostname"));

        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("start", "-q"));
        Assert.Equal(["clirundb Running", "clirunonce Stopped", "clirunother Running", "clirunweb Running"], await InstancesAsync(project));
        Assert.Equal(
            new Ended(1, "", "error: There is already an instance `clirunonce`; choose another name\n"),
            await folder.RunAsync("run", "--name", "clirunonce", "clirunweb", "hostname"));
        Assert.Contains("? instance/clirunonce  is no longer in the file, left alone", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("down", "--yes", "-q", "--timeout", "0")).ExitCode);
        Assert.Empty(await InstancesAsync(project));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task What_is_interrupted_leaves_nothing_behind(string signal)
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var (ended, _) = await folder.InterruptAsync(signal, twice: false, "ready", "run", "--rm", "--no-deps", "clirunweb", "--", "sh", "-c", "echo ready; sleep 1000");

        Assert.Equal((130, "ready\n"), (ended.ExitCode, ended.Output));
        Assert.Empty(await InstancesAsync(project));
    }

    [Fact]
    public async Task On_a_terminal_an_interrupt_is_the_commands_own_business()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var ended = await folder.RunOnTerminalAsync(
            "run -q --rm clirunother -- sh -c 'trap \"stty size; exit 9\" INT; echo ready; while :; do sleep 0.1; done'", "ready", _ => Task.FromResult("\x03"));

        Assert.Equal((9, "ready\n^C30 100\n"), (ended.ExitCode, ended.Output));
        Assert.Empty(await InstancesAsync(project));
    }

    [Fact]
    public async Task Detached_it_goes_on_and_is_known_by_its_name()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var run = await folder.RunAsync("run", "-q", "-d", "--json", "clirunother", "--", "sh", "-c", "echo done >/answer; sleep 1000");

        var name = JsonDocument.Parse(run.Output).RootElement.GetProperty("instance").GetString()!;
        Assert.Matches(Named(), name);
        Assert.Equal([$"{name} Running"], await InstancesAsync(project));
        Assert.Equal(new Ended(0, "done\n", ""), await folder.RunAsync("exec", name, "--", "sh", "-c", "until [ -s /answer ]; do sleep 0.1; done; cat /answer"));
    }

    [Fact]
    public async Task What_is_there_is_started_and_never_changed()
    {
        await using var project = await lab.CreateProjectAsync();
        var port = HostPort.Free();
        var stack = Stack.Replace("PORT", $"{port}", StringComparison.Ordinal);
        using var folder = new CliFolder(lab, project, stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("kill", "-q", "clirundb")).ExitCode);
        folder.Write("stack.yaml", stack.Replace("clirundb: { image: busybox }", "clirundb: { image: busybox, environment: { NEW: word } }", StringComparison.Ordinal));

        // The ports of the definition stay with the instance that has them.
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("run", "-q", "--rm", "clirunweb", "true"));

        Assert.Equal(["clirundb Running", "clirunother Running", "clirunweb Running"], await InstancesAsync(project));
        Assert.DoesNotContain("environment.NEW", (await project.Client.Instances.GetAsync("clirundb")).Value.Config.Keys);
        Assert.Equal(2, (await folder.RunAsync("plan", "-q")).ExitCode);
    }

    [Fact]
    public async Task Volumes_and_ports_can_be_added_and_what_fails_leaves_nothing_behind()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));
        folder.Write("shared", "");
        Directory.CreateDirectory(folder.PathOf("host"));
        File.WriteAllText(folder.PathOf("host/file"), "from the host");

        Assert.Equal(
            new Ended(0, "from the host", ""),
            await folder.RunAsync("run", "-q", "--rm", "-v", "./host:/mounted:ro", "-v", "clirundata:/also", "clirunother", "--", "sh", "-c", "ls -d /also >/dev/null && cat /mounted/file"));
        using var taken = HostPort.Taken(out var port);
        var failed = await folder.RunAsync("run", "-q", "--rm", "-p", $"127.0.0.1:{port}:80", "clirunother", "true");
        Assert.Equal(1, failed.ExitCode);
        Assert.StartsWith("error: instance/clirunother-run-", failed.Error, StringComparison.Ordinal);
        var missing = await folder.RunAsync("run", "-q", "--rm", "clirunother", "nosuch");
        Assert.Equal(1, missing.ExitCode);
        Assert.Matches("^error: There is no command \"nosuch\" in instance clirunother-run-[0-9a-f]{6}. ", missing.Error);
        Assert.Empty(await InstancesAsync(project));
    }

    [Fact]
    public async Task What_makes_no_sense_is_told_before_anything_is_made()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        foreach (var (arguments, message) in new (string[], string)[]
        {
            (["clirunwbe", "true"], "There is no instance `clirunwbe` in stack clirun; did you mean `clirunweb`?"),
            (["--name", "a_b", "clirunweb", "true"], "`a_b` cannot be an instance's name: it has characters other than letters, digits and dashes; write `a-b`"),
            (["--name", "clirundb", "clirunweb", "true"], "`clirundb` is the name of an instance of the file; choose another one"),
        })
            Assert.Equal(new Ended(1, "", $"error: {message}\n"), await folder.RunAsync(["run", .. arguments]));
        foreach (var (arguments, message) in new (string[], string)[]
        {
            (["--rm", "-d", "clirunweb", "true"], "Nobody is there to delete what runs detached: leave out --rm or --detach."),
            (["-p", "99999:80", "clirunweb", "true"], "--publish: `99999:80` "),
            (["-v", "nowhere", "clirunweb", "true"], "--volume: `nowhere` says what, but not where to mount it"),
            (["clirunweb"], "Required argument missing for command: 'run'."),
        })
        {
            var ended = await folder.RunAsync(["run", .. arguments]);
            Assert.Equal((64, ""), (ended.ExitCode, ended.Output));
            Assert.StartsWith($"error: {message}", ended.Error, StringComparison.Ordinal);
        }

        Assert.Empty(await InstancesAsync(project));
    }

    [Theory]
    [InlineData("-w", "/nope", "true")]
    [InlineData("-u", "nosuch", "true")]
    [InlineData("-u", "root", "nosuch")]
    public async Task What_never_ran_leaves_no_instance_behind_without_rm_either(string option, string value, string command)
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var run = await folder.RunAsync("run", "-q", option, value, "clirunother", "--", command);

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Empty(await InstancesAsync(project));
    }

    [Fact]
    public async Task Of_two_runs_under_one_name_at_once_the_other_is_left_alone()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("PORT", $"{HostPort.Free()}", StringComparison.Ordinal));

        var runs = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ =>
            folder.RunAsync("run", "-q", "--rm", "--name", "cliruntwin", "clirunother", "--", "sh", "-c", "sleep 8; echo done")));

        Assert.Equal(["0 done\n", "1 "], runs.Select(run => $"{run.ExitCode} {run.Output}").Order(StringComparer.Ordinal));
        Assert.Empty(await InstancesAsync(project));
    }

    [Fact]
    public async Task What_could_not_be_cleared_away_is_not_made()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(
            lab, project, "name: clirun\ninstances: { clirunhooked: { image: busybox, hooks: { pre_stop: { host: touch stopping }, pre_remove: { host: touch removing } } } }\n");

        var refused = await folder.RunAsync("run", "-q", "--rm", "clirunhooked", "true");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("its hooks pre_stop, pre_remove would run commands on this machine at its end; allow it with", refused.Error, StringComparison.Ordinal);
        Assert.Empty(await InstancesAsync(project));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("run", "-q", "--rm", "--allow-host-hooks", "clirunhooked", "true"));
        Assert.True(File.Exists(folder.PathOf("removing")));
        Assert.Empty(await InstancesAsync(project));
    }

    private static async Task<IEnumerable<string>> InstancesAsync(TestProject project) =>
        (await project.Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal).Select(instance => $"{instance.Name} {instance.Status}");

    [GeneratedRegex("^clirunother-run-[0-9a-f]{6}$")]
    private static partial Regex Named();
}
