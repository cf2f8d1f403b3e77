using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

[Collection(CommandLabCollection.Name)]
public sealed class ExecTests(LabFixture lab)
{
    private const string Stack = "name: cliexec\ninstances: { cliexec1: { image: busybox } }\n";

    [Fact]
    public async Task Streams_and_exit_code_are_the_commands_own()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(
            new Ended(7, "out\n", "err\n"),
            await folder.RunAsync("exec", "cliexec1", "--", "sh", "-c", "echo out; echo err >&2; exit 7"));
        Assert.Equal(
            new Ended(0, "a value\n/srv\n", ""),
            await folder.RunAsync("exec", "-e", "KEY=a value", "-w", "/srv", "cliexec1", "--", "sh", "-c", "echo \"$KEY\"; pwd"));
        Assert.Equal(new Ended(0, "1000\n1001\n", ""), await folder.RunAsync("exec", "-u", "1000:1001", "cliexec1", "--", "sh", "-c", "id -u; id -g"));
        Assert.Equal(new Ended(0, "0\n/root\n", ""), await folder.RunAsync("exec", "-u", "root", "cliexec1", "--", "sh", "-c", "id -u; echo $HOME"));
        Assert.Equal(new Ended(0, "hello", ""), await folder.RunWithInputAsync("hello", "exec", "-i", "cliexec1", "--", "cat"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunWithInputAsync("not passed on", "exec", "cliexec1", "--", "cat"));
        // A shell that does not find a command says so itself, and its exit code is passed on.
        Assert.Equal(new Ended(127, "", "sh: nosuch: not found\n"), await folder.RunAsync("exec", "cliexec1", "--", "sh", "-c", "nosuch"));
    }

    [Fact]
    public async Task Without_a_terminal_standard_input_is_passed_on_as_in_compose()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(new Ended(0, "hello", ""), await folder.RunWithInputAsync("hello", "exec", "-T", "cliexec1", "--", "cat"));
    }

    [Fact]
    public async Task A_detached_command_goes_on_by_itself()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        // It ends once it is told to, which is after the program has ended.
        Assert.Equal(
            new Ended(0, "", ""),
            await folder.RunAsync("exec", "-d", "-e", "WORD=done", "cliexec1", "--", "sh", "-c", "until [ -e /go ]; do sleep 0.1; done; echo $WORD >/answer"));
        Assert.Equal(0, (await folder.RunAsync("exec", "cliexec1", "--", "touch", "/go")).ExitCode);
        Assert.Equal(new Ended(0, "done\n", ""), await folder.RunAsync("exec", "cliexec1", "--", "sh", "-c", "until [ -s /answer ]; do sleep 0.1; done; cat /answer"));
        Assert.Equal(
            new Ended(64, "", "error: What runs detached has no input: leave out --interactive or --detach.\nSee 'incus-compose exec --help'.\n"),
            await folder.RunAsync("exec", "-d", "-i", "cliexec1", "ls"));
    }

    [Fact]
    public async Task A_replica_is_chosen_by_its_number()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack.Replace("busybox", "busybox, replicas: 2", StringComparison.Ordinal));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(new Ended(0, "cliexec1-1\n", ""), await folder.RunAsync("exec", "cliexec1", "hostname"));
        Assert.Equal(new Ended(0, "cliexec1-2\n", ""), await folder.RunAsync("exec", "--index", "2", "cliexec1", "hostname"));
        Assert.Equal(new Ended(0, "cliexec1-2\n", ""), await folder.RunAsync("exec", "cliexec1-2", "hostname"));
        Assert.Equal(
            new Ended(1, "", "error: stack cliexec has no instance \"cliexec1-3\" on the server; did you mean \"cliexec1-1\"?\n"),
            await folder.RunAsync("exec", "--index", "3", "cliexec1", "hostname"));
        Assert.Equal(64, (await folder.RunAsync("exec", "--index", "0", "cliexec1", "hostname")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("kill", "-q", "cliexec1")).ExitCode);
        Assert.All(await project.Client.Instances.ListAsync(), instance => Assert.Equal("Stopped", instance.Status));
    }

    [Fact]
    public async Task On_a_terminal_the_command_has_one_of_the_same_size()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        var on = await folder.RunOnTerminalAsync("exec cliexec1 -- sh -c 'tty; stty size; echo $TERM; exit 3'");
        Assert.Equal((3, "/dev/pts/1\n30 100\nxterm-256color\n"), (on.ExitCode, on.Output.ReplaceLineEndings("\n")));
        var off = await folder.RunOnTerminalAsync("exec -T cliexec1 -- tty");
        Assert.Equal((1, "not a tty\n"), (off.ExitCode, off.Output.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task Keys_and_the_windows_size_reach_the_command()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        var interrupted = await folder.RunOnTerminalAsync(
            "exec cliexec1 -- sh -c 'trap \"echo caught; exit 9\" INT; echo ready; while :; do sleep 0.1; done'", "ready", _ => Task.FromResult("\x03"));
        Assert.Equal((9, "ready\n^Ccaught\n"), (interrupted.ExitCode, interrupted.Output));
        var resized = await folder.RunOnTerminalAsync(
            "exec cliexec1 -- sh -c 'trap \"stty size; exit 0\" WINCH; echo ready; while :; do sleep 0.1; done'", "ready", async terminal =>
            {
                Assert.Equal(0, (await folder.RunProgramAsync("stty", "-F", terminal, "rows", "41", "cols", "123")).ExitCode);
                return "";
            });
        Assert.Equal((0, "ready\n41 123\n"), (resized.ExitCode, resized.Output));
    }

    [Fact]
    public async Task What_cannot_be_run_is_told_exactly()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(
            new Ended(1, "", "error: stack cliexec has no instance \"cliexec2\" on the server; did you mean \"cliexec1\"?\n"),
            await folder.RunAsync("exec", "cliexec2", "--", "ls"));
        Assert.Equal(
            new Ended(1, "", "error: There is no command \"nosuch\" in instance cliexec1. Check its name and the PATH of the instance, or give the full path\n"),
            await folder.RunAsync("exec", "cliexec1", "--", "nosuch"));
        Assert.Equal(
            new Ended(1, "", "error: Instance \"cliexec1\" has no user \"nobody-here\" in its /etc/passwd. Give a name of it or a number\n"),
            await folder.RunAsync("exec", "-u", "nobody-here", "cliexec1", "--", "ls"));
        foreach (var path in new[] { "/nosuch", "/bin/busybox" })
        {
            Assert.Equal(
                new Ended(1, "", $"error: There is no directory {path} in instance cliexec1. Name one that exists, or make it first\n"),
                await folder.RunAsync("exec", "-w", path, "cliexec1", "--", "touch", "/was-run"));
        }
        Assert.Equal(1, (await folder.RunAsync("exec", "cliexec1", "--", "test", "-e", "/was-run")).ExitCode);
        // A link to a directory is as good as the directory.
        Assert.Equal(0, (await folder.RunAsync("exec", "cliexec1", "--", "ln", "-s", "/srv", "/link")).ExitCode);
        Assert.Equal(new Ended(0, "/srv\n", ""), await folder.RunAsync("exec", "-w", "/link", "cliexec1", "--", "/bin/pwd"));
    }
}
