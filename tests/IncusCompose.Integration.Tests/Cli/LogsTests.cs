using System.Text.Json;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

[Collection(CommandLabCollection.Name)]
public sealed class LogsTests(LabFixture lab)
{
    private const string Stack = """
        name: clilogs
        instances:
          clilog1: { image: busybox }
          clilog22: { image: busybox }
        """;

    [Fact]
    public async Task Lines_have_their_instances_name_before_them_and_a_colour_on_a_terminal_alone()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        await WriteAsync(folder, "clilog1", "one");
        Assert.Equal(new Ended(0, "clilog1  | one\n", "clilog22: nothing new is on its console, and it has no journal\n"), await folder.RunAsync("logs"));
        await WriteAsync(folder, "clilog22", "two");
        Assert.Equal(new Ended(0, "two\n", ""), await folder.RunAsync("logs", "--no-log-prefix", "clilog22"));
        await WriteAsync(folder, "clilog22", "three");
        var terminal = await folder.RunOnTerminalAsync("logs clilog22");
        Assert.Equal("\e[36mclilog22 | \e[0mthree", terminal.Output.TrimEnd());
        await WriteAsync(folder, "clilog22", "four");
        Assert.Equal("clilog22 | four", (await folder.RunOnTerminalAsync("logs --no-color clilog22")).Output.TrimEnd());
        await WriteAsync(folder, "clilog1", "five");
        using var json = JsonDocument.Parse((await folder.RunAsync("logs", "--json", "-q", "--source", "console")).Output);
        Assert.Equal(("clilog1", "console", "five"), (json.RootElement.GetProperty("instance").GetString(), json.RootElement.GetProperty("source").GetString(), json.RootElement.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Following_ends_when_it_is_cancelled()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await WriteAsync(folder, "clilog1", "seen");

        // -f before the verb is a file, after it follows.
        var (ended, time) = await folder.InterruptAsync("INT", twice: false, "seen", "-f", "stack.yaml", "logs", "-f", "clilog1");

        Assert.Equal(new Ended(130, "clilog1 | seen\n", ""), ended);
        Assert.True(time < TimeSpan.FromSeconds(2), $"it took {time}");
    }

    [Fact]
    public async Task What_is_no_time_or_no_source_is_told()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);

        Assert.Equal(
            new Ended(64, "", "error: --since \"yesterday\" is no time: write how long ago (10m, 1h30m), or a date and time (2026-01-31T08:00).\nSee 'incus-compose logs --help'.\n"),
            await folder.RunAsync("logs", "--since", "yesterday"));
        Assert.Equal(64, (await folder.RunAsync("logs", "--source", "syslog")).ExitCode);
        Assert.Equal(64, (await folder.RunAsync("logs", "--follow", "--until", "1m")).ExitCode);
    }

    private static async Task WriteAsync(CliFolder folder, string instance, string line) =>
        Assert.Equal(0, (await folder.RunAsync("exec", instance, "--", "sh", "-c", $"echo {line} >/dev/console")).ExitCode);
}
