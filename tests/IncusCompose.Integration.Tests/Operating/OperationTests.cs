using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Operating;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Operating;

/// <summary>Starting, stopping, pausing and the like of a whole stack, by its name alone.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class OperationTests(LabFixture fixture) : IAsyncLifetime
{
    private const string Yaml = """
        name: daily
        instances:
          opdb: {image: busybox}
          opapp: {image: busybox, depends_on: [opdb]}
          opweb: {image: busybox, depends_on: [opapp]}
        """;

    private StackWorkbench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await _bench.UpAsync(Yaml);
    }

    public async Task DisposeAsync()
    {
        await _bench.DownAsync("daily");
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Instances_stop_dependants_first_and_start_dependencies_first()
    {
        var stopped = await DoAsync(StackOperation.Stop);
        Assert.Equal(["Stopped", "Stopped", "Stopped"], await StatusesAsync());
        var started = await DoAsync(StackOperation.Start);
        Assert.Equal(["Running", "Running", "Running"], await StatusesAsync());

        Assert.Equal(["began opweb", "ended opweb", "began opapp", "ended opapp", "began opdb", "ended opdb"], Steps(stopped));
        Assert.Equal(["began opdb", "ended opdb", "began opapp", "ended opapp", "began opweb", "ended opweb"], Steps(started));

        static IEnumerable<string> Steps(IEnumerable<string> happened) =>
            happened.Where(text => text.StartsWith("began", StringComparison.Ordinal) || text.StartsWith("ended", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_paused_goes_on_where_it_was()
    {
        var pid = await _bench.PidAsync("opdb");

        await DoAsync(StackOperation.Pause);
        Assert.Equal(["Frozen", "Frozen", "Frozen"], await StatusesAsync());
        await DoAsync(StackOperation.Resume);

        Assert.Equal(["Running", "Running", "Running"], await StatusesAsync());
        Assert.Equal(pid, await _bench.PidAsync("opdb"));
    }

    [Fact]
    public async Task What_is_paused_is_asked_to_shut_down_like_everything_else()
    {
        await DoAsync(StackOperation.Pause, "opdb");

        var happened = await DoAsync(StackOperation.Stop, "opdb");

        Assert.Equal(["began opdb", "opdb stopping", "ended opdb"], happened);
        Assert.Equal("Stopped", (await _bench.InstanceAsync("opdb")).Status);
    }

    [Fact]
    public async Task A_restart_restarts_what_runs_and_starts_what_does_not()
    {
        var pid = await _bench.PidAsync("opdb");
        await DoAsync(StackOperation.Kill, "opweb");
        Assert.Equal(["Running", "Running", "Stopped"], await StatusesAsync());

        var result = await RunAsync(StackOperation.Restart, []);

        Assert.Equal(
            [("opdb", ChangeAction.Restart), ("opapp", ChangeAction.Restart), ("opweb", ChangeAction.Start)],
            result.Resources.Select(resource => (resource.Name, resource.Action)));
        Assert.Equal(["Running", "Running", "Running"], await StatusesAsync());
        Assert.NotEqual(pid, await _bench.PidAsync("opdb"));
    }

    [Fact]
    public async Task The_second_time_nothing_is_done_and_the_results_say_why()
    {
        await DoAsync(StackOperation.Pause, "opweb");

        var result = await RunAsync(StackOperation.Pause, ["opweb"]);

        var left = Assert.Single(result.Resources);
        Assert.Equal((ChangeOutcome.Unchanged, "it is paused already"), (left.Outcome, left.Message));
    }

    [Fact]
    public async Task One_that_fails_holds_up_only_what_depends_on_it()
    {
        await DoAsync(StackOperation.Kill);
        var shared = Directory.CreateTempSubdirectory("incus-compose-shared-");
        await _bench.Lab.IncusAsync("config", "device", "add", "opapp", "shared", "disk", $"source={shared.FullName}", "path=/mnt");
        shared.Delete();

        var result = await RunAsync(StackOperation.Start, []);

        Assert.Equal(
            [("opdb", ChangeOutcome.Done), ("opapp", ChangeOutcome.Failed), ("opweb", ChangeOutcome.Skipped)],
            result.Resources.Select(resource => (resource.Name, resource.Outcome)));
        Assert.Equal("not begun, since instance/opapp failed", result.Resources[2].Message);
    }

    [Fact]
    public async Task A_stack_of_another_project_is_not_touched()
    {
        await using var project = await fixture.CreateProjectAsync();

        await Assert.ThrowsAsync<StackNotFoundException>(() => _bench.Engine.PlanOperationAsync(project.Client, "daily", StackOperation.Kill));

        Assert.Equal(["Running", "Running", "Running"], await StatusesAsync());
    }

    private async Task<ApplyResult> RunAsync(StackOperation operation, string[] names, TimeSpan? stopTimeout = null)
    {
        var plan = await _bench.Engine.PlanOperationAsync(_bench.Client, "daily", operation, names);
        return await _bench.Engine.ApplyAsync(_bench.Client, plan, new ApplyOptions { StopTimeout = stopTimeout ?? TimeSpan.FromSeconds(10) });
    }

    /// <summary>Does it, requires that it succeeded, and returns what happened in order.</summary>
    private async Task<IReadOnlyList<string>> DoAsync(StackOperation operation, params string[] names)
    {
        var happened = new List<string>();
        var plan = await _bench.Engine.PlanOperationAsync(_bench.Client, "daily", operation, names);
        var result = await _bench.Engine.ApplyAsync(_bench.Client, plan, new ApplyOptions { StopTimeout = TimeSpan.FromSeconds(10) }, new Recorder(happened));
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => $"{resource.Id} {resource.Outcome} {resource.Message}")));
        return happened;
    }

    private async Task<IEnumerable<string>> StatusesAsync() =>
        await Task.WhenAll(((string[])["opdb", "opapp", "opweb"]).Select(async name => (await _bench.InstanceAsync(name)).Status));

    private sealed class Recorder(List<string> happened) : IProgress<ApplyEvent>
    {
        public void Report(ApplyEvent value)
        {
            lock (happened)
            {
                happened.Add(value.Kind switch
                {
                    ApplyEventKind.Started => $"began {value.Change.Name}",
                    ApplyEventKind.Ended => $"ended {value.Change.Name}",
                    _ => $"{value.Change.Name} {value.Text}",
                });
            }
        }
    }
}
