using System.Text.Json;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>start</c>, <c>stop</c>, <c>restart</c>, <c>pause</c>, <c>unpause</c> and <c>kill</c>.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class OperatingTests(LabFixture lab)
{
    private const string Stack = """
        name: clidaily
        instances:
          clidaydb: { image: busybox }
          clidayweb: { image: busybox, depends_on: [clidaydb] }
        """;

    [Fact]
    public async Task A_stack_is_stopped_started_paused_and_killed_and_what_is_so_already_is_said()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        var stop = await folder.RunAsync("stop");
        Assert.True(stop is { ExitCode: 0, Error: "" }, stop.ToString());
        Assert.Matches(@"^    instance/clidayweb  stopping\n  \. instance/clidayweb  stopped  \d+\.\d s\n    instance/clidaydb  stopping\n  \. instance/clidaydb  stopped  \d+\.\d s\nStack clidaily: 2 stopped in ", stop.Output);
        Assert.Equal(
            new Ended(0, "    instance/clidayweb  it is stopped already\n    instance/clidaydb  it is stopped already\n", ""),
            await folder.RunAsync("stop"));
        // With what it depends on.
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("start", "-q", "clidayweb"));
        Assert.Equal(["Running", "Running"], await StatusesAsync(project));
        Assert.Equal(0, (await folder.RunAsync("pause", "clidaydb")).ExitCode);
        Assert.Equal(["Frozen", "Running"], await StatusesAsync(project));
        Assert.StartsWith("error: clidaydb is paused. Let it go on: unpause its stack (Resume-IncusStack)", (await folder.RunAsync("exec", "clidaydb", "--", "true")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("unpause")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("restart", "--timeout", "5")).ExitCode);
        Assert.Equal(["Running", "Running"], await StatusesAsync(project));
        Assert.Equal(0, (await folder.RunAsync("kill", "clidayweb", "clidaydb")).ExitCode);
        Assert.Equal(["Stopped", "Stopped"], await StatusesAsync(project));
    }

    [Fact]
    public async Task The_name_alone_is_enough_and_programs_read_events()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("stack.yaml", "not a stack");

        var stop = await folder.RunAsync("stop", "--name", "clidaily", "clidayweb", "--json");

        Assert.True(stop is { ExitCode: 0, Error: "" }, stop.ToString());
        var events = stop.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal("plan", events[0].GetProperty("event").GetString());
        var only = Assert.Single(events[^1].GetProperty("resources").EnumerateArray());
        Assert.Equal(("instance/clidayweb", "stop", "done"), (only.GetProperty("resource").GetString(), only.GetProperty("action").GetString(), only.GetProperty("outcome").GetString()));
        Assert.Equal(["Running", "Stopped"], await StatusesAsync(project));
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_an_error_that_says_what_is()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(
            new Ended(1, "", $"error: there is no instance of a stack \"clidaily\" in project {project.Name}; no stack has any there\n"),
            await folder.RunAsync("start"));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(
            new Ended(1, "", "error: stack clidaily has no instance \"cliday-web\" on the server; did you mean \"clidayweb\"?\n"),
            await folder.RunAsync("stop", "cliday-web"));
    }

    private static async Task<IEnumerable<string>> StatusesAsync(TestProject project) =>
        (await project.Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal).Select(instance => instance.Status);
}
