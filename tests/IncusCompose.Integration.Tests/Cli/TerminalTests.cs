using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary>Colour, live progress and Ctrl+C.</summary>
[Collection(CommandLabCollection.Name)]
public sealed partial class TerminalTests(LabFixture lab)
{
    [Fact]
    public async Task On_a_terminal_there_is_colour_and_live_progress_and_the_cursor_comes_back()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clitty\ninstances: { clitty1: { image: busybox } }\n");

        var up = await folder.RunOnTerminalAsync("up");

        Assert.True(up.ExitCode == 0, up.ToString());
        Assert.Contains("\e[32m  + \e[0m", up.Output, StringComparison.Ordinal);
        Assert.Matches("instance/clitty1 +creating", Escapes().Replace(up.Output, ""));
        Assert.Contains("\e[?25l", up.Output, StringComparison.Ordinal);
        Assert.True(up.Output.LastIndexOf("\e[?25h", StringComparison.Ordinal) > up.Output.LastIndexOf("\e[?25l", StringComparison.Ordinal));
        Assert.Matches(@"Stack clitty: 1 created", Escapes().Replace(up.Output, ""));

        folder.Environment["NO_COLOR"] = "1";
        var down = await folder.RunOnTerminalAsync("down --yes");
        Assert.True(down.ExitCode == 0, down.ToString());
        Assert.DoesNotMatch("\e\\[[0-9;]*m", down.Output.Replace("\e[0m", "", StringComparison.Ordinal));
        Assert.Matches("instance/clitty1 +deleting", Escapes().Replace(down.Output, ""));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_an_up_within_two_seconds_with_a_report_and_the_next_up_carries_on(string signal)
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = string.Concat(Enumerable.Range(1, 20).Select(i => $"  clisig{i}: {{ image: busybox }}\n"));
        using var folder = new CliFolder(lab, project, "name: clisig\ninstances:\n" + instances);

        var (ended, time) = await folder.InterruptAsync(signal, twice: false, "created", "up", "--parallel", "2");

        Assert.True(ended.ExitCode == 130, ended.ToString());
        Assert.True(time < TimeSpan.FromSeconds(2), $"It took {time}.\n{ended}");
        Assert.StartsWith("Cancelling; once more ends at once.\n", ended.Error, StringComparison.Ordinal);
        Assert.True(Regex.IsMatch(ended.Output, @"(?m)^  ! instance/clisig\d+  cancelled  not begun$"), ended.ToString());
        Assert.True(Regex.IsMatch(ended.Output, @"(?m)^Stack clisig: \d+ created, \d+ cancelled"), ended.ToString());

        var again = await folder.RunAsync("up");
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        Assert.Equal(20, (await project.Client.Instances.ListAsync()).Count(instance => instance.StatusCode == StatusCode.Running));
        Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clitwice\ninstances: { clitwice1: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        // What is frozen does not stop before its time is over: there is something to wait for when the signals come.
        await project.Client.Instances.FreezeAsync("clitwice1").CompleteAsync();
        Task StoppingAsync() => Eventually.GetAsync(
            () => project.Client.Operations.ListAsync(),
            operations => operations.Any(operation => !operation.IsFinal && operation.Description.StartsWith("Stopping", StringComparison.Ordinal)));

        var (ended, time) = await folder.InterruptAsync("INT", twice: true, "deleting", StoppingAsync, "down", "--yes", "--timeout", "5");

        Assert.True(ended.ExitCode == 130, ended.ToString());
        // After one signal, what is at work has a second and a half to end by itself.
        Assert.True(time < TimeSpan.FromSeconds(1), $"It took {time}.\n{ended}");
        var again = await folder.RunAsync("down", "--yes", "--timeout", "5");
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [GeneratedRegex("\e\\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();

    [Fact]
    public async Task After_a_cancellation_nothing_more_is_begun()
    {
        await using var project = await lab.CreateProjectAsync();
        var names = Enumerable.Range(1, 12).Select(number => $"cancel{number}");
        using var folder = new CliFolder(lab, project, $"name: cancel\ninstances:\n{string.Concat(names.Select(name => $"  {name}: {{ image: busybox }}\n"))}");
        var (ended, _) = await folder.InterruptAsync("INT", twice: false, " created", "up", "--parallel", "2");

        Assert.Equal(130, ended.ExitCode);
        var begun = ended.Output.Split('\n').Count(line => line.EndsWith("  creating", StringComparison.Ordinal));
        var done = ended.Output.Split('\n').Count(line => line.Contains("  created  ", StringComparison.Ordinal));
        var waiting = ended.Output.Split('\n').Count(line => line.EndsWith("not begun", StringComparison.Ordinal));
        Assert.InRange(begun - done, 0, 2);
        Assert.Equal(12, begun + waiting);
        Assert.Contains($"{done} created, {12 - done} cancelled in ", ended.Output, StringComparison.Ordinal);
    }
}
