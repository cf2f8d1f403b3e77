using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A stack that is watched: what happens shows by itself, and is mended where that was asked for.</summary>
[Collection(LabCollection.Name)]
public sealed class WatchTests(LabFixture lab)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(40);

    // What is in /dev is gone after a restart, what is in /tmp stays.
    private static string Stack(TestProject project, string broken, string note = "first") => $$"""
        name: watched
        project: {{project.Name}}
        instances:
          wone:
            image: busybox
            config: { user.note: {{note}} }
            healthcheck: { test: "test ! -e {{broken}}", interval: 300ms, retries: 2 }
        """;

    [Fact]
    public async Task Shows_a_failing_check_drift_a_stop_and_a_deletion_and_changes_nothing()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        await bench.UpAsync(Stack(project, "/tmp/broken"));
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched"));

        await watch.UntilAsync(one => one is { Health: HealthState.Healthy, Addresses.Count: > 0, Drift.Count: 0 });
        var usage = await watch.UntilAsync(one => one.CpuPercent is not null);
        Assert.True(usage.MemoryUsage > 0 || !lab.Lab.CountsUsage);
        await ShellAsync(project, "touch /tmp/broken");
        var unhealthy = await watch.UntilAsync(one => one.Health == HealthState.Unhealthy);
        Assert.Equal("success of test: exit status 1, without output", unhealthy.Message);
        await ShellAsync(project, "rm /tmp/broken");
        await watch.UntilAsync(one => one.Health == HealthState.Healthy);
        await lab.Lab.IncusAsync("config", "set", "--project", project.Name, "wone", "user.note=other");
        Assert.Equal(["config.user.note"], (await watch.UntilAsync(one => one.Drift.Count > 0)).Drift);
        await (await project.Client.Instances.StopAsync("wone", force: true)).WaitAsync();
        await watch.UntilAsync(one => one is { Status: "Stopped", Health: HealthState.Stopped, Restarts: 0 });
        await (await project.Client.Instances.DeleteAsync("wone")).WaitAsync();
        await watch.UntilAsync(one => one.Status == "Deleted");
    }

    [Fact]
    public async Task Restarts_what_is_unhealthy_and_lets_it_be_once_it_is_healthy()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        await bench.UpAsync(Stack(project, "/dev/broken"));
        var pid = (await project.Client.Instances.GetStateAsync("wone")).Pid;
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched", options: new WatchOptions { Repair = true }));
        await watch.UntilAsync(one => one.Health == HealthState.Healthy);

        await ShellAsync(project, "touch /dev/broken");
        await watch.UntilAsync(one => one is { Restarts: 1 });
        await watch.UntilAsync(one => one is { Health: HealthState.Healthy, Restarts: 1, Message: "" });
        Assert.NotEqual(pid, (await project.Client.Instances.GetStateAsync("wone")).Pid);
    }

    [Fact]
    public async Task Waits_longer_before_each_restart_and_gives_up_after_so_many()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        await bench.UpAsync(Stack(project, "/tmp/broken"));
        await ShellAsync(project, "touch /tmp/broken");
        // Longer than it takes to become unhealthy again, so that there is something to wait for.
        var options = new WatchOptions { Repair = true, BackOff = TimeSpan.FromSeconds(6), MostRestarts = 2 };
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched", options: options));

        var first = await watch.UntilAsync(one => one is { Restarts: 1 });
        await watch.UntilAsync(one => one.Message.StartsWith("to be restarted at ", StringComparison.Ordinal));
        var second = await watch.UntilAsync(one => one is { Restarts: 2 });
        Assert.True(second.Time - first.Time >= options.BackOff);
        var end = await watch.UntilAsync(one => one.Message.StartsWith("given up after 2 restarts: ", StringComparison.Ordinal));
        Assert.Equal((HealthState.Unhealthy, 2), (end.Health, end.Restarts));
    }

    [Fact]
    public async Task Applies_its_file_again_where_an_instance_drifted_stopped_or_is_gone()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = Stack(project, "/tmp/broken");
        await bench.UpAsync(yaml);
        StackDefinition definition = bench.Load(yaml);
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched", definition, new WatchOptions { Repair = true }));
        await watch.UntilAsync(one => one.Health == HealthState.Healthy);

        await lab.Lab.IncusAsync("config", "set", "--project", project.Name, "wone", "user.note=other");
        await watch.UntilAsync(one => one.Drift.Count > 0);
        await watch.UntilAsync(one => one.Drift.Count == 0);
        Assert.Equal("first", (await project.Client.Instances.GetAsync("wone")).Value.Config["user.note"]);
        await (await project.Client.Instances.StopAsync("wone", force: true)).WaitAsync();
        await watch.UntilAsync(one => one.Status == "Stopped");
        await watch.UntilAsync(one => one is { Status: "Running", Health: HealthState.Healthy });
        await (await project.Client.Instances.StopAsync("wone", force: true)).WaitAsync();
        await watch.UntilAsync(one => one is { Status: "Running", Health: HealthState.Healthy });
    }

    [Fact]
    public async Task What_has_done_its_work_is_completed_and_no_reason_to_apply_anything()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = $$"""
            name: watched
            project: {{project.Name}}
            instances:
              wjob: { image: busybox, environment: { RUN: "sleep 0.3; poweroff" }, healthcheck: { test: "true", interval: 1s } }
              wone: { image: busybox, depends_on: { wjob: { condition: completed } } }
            """;
        Assert.True((await bench.ApplyAsync(yaml)).Succeeded);
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched", bench.Load(yaml), new WatchOptions { Repair = true, UsageInterval = TimeSpan.FromMilliseconds(200) }));
        await watch.UntilAsync(one => one is { Name: "wjob", Status: "Stopped", Health: HealthState.Completed, Message: "" });

        // It stays so, and is not started again.
        var reports = watch.Reports;
        await watch.UntilAsync(one => one.Name == "wjob" && watch.Reports > reports + 5 && one.Health == HealthState.Completed);
        Assert.Equal("Stopped", (await project.Client.Instances.GetAsync("wjob")).Value.Status);
    }

    [Fact]
    public async Task What_could_not_be_applied_is_applied_again_after_the_back_off()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = Stack(project, "/tmp/broken");
        await bench.UpAsync(yaml);
        // It drifts, and what is applied has another instance, whose image nobody has.
        await lab.Lab.IncusAsync("config", "set", "--project", project.Name, "wone", "user.note=other");
        var other = bench.Load(yaml.Replace("wone:", "wtwo:", StringComparison.Ordinal).Replace("busybox", "nosuchimage", StringComparison.Ordinal));
        var options = new WatchOptions { Repair = true, BackOff = TimeSpan.FromSeconds(3), UsageInterval = TimeSpan.FromMilliseconds(100) };
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched", other, options));
        await watch.UntilAsync(one => one.Message.StartsWith("it could not be repaired: ", StringComparison.Ordinal));
        var began = DateTimeOffset.UtcNow;
        // While an apply is under way there is no message: the next one comes after the pause.
        var again = await watch.UntilAsync(one => one.Message.Length == 0);
        Assert.InRange((again.Time - began).TotalSeconds, 2, 5);
    }

    [Fact]
    public async Task A_check_that_is_taken_away_while_it_is_made_is_forgotten()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        static string Checked(TestProject project, string check) => $$"""
            name: watched
            project: {{project.Name}}
            instances: { wone: { image: busybox{{check}} } }
            """;
        await bench.UpAsync(Checked(project, ", healthcheck: { test: 'touch /dev/asked; sleep 2', interval: 300ms }"));
        await using var watch = new Watch(bench.Engine.WatchAsync(project.Client, "watched"));
        await watch.UntilAsync(one => one.Health == HealthState.Starting);
        await Eventually.GetAsync(() => ShellAsync(project, "ls /dev"), files => files.Contains("asked", StringComparison.Ordinal));
        await bench.UpAsync(Checked(project, ""));
        var seen = await watch.UntilAsync(one => one.Health == HealthState.Unchecked);
        await watch.UntilAsync(one => one.Time > seen.Time + TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task What_is_not_there_or_makes_no_sense_is_said()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack(project, "/tmp/broken"));
        Assert.Equal(new Ended(1, "", $"error: there is no instance of a stack \"nosuch\" in project {project.Name}; no stack has any there\n"), await folder.RunAsync("watch", "nosuch"));
        Assert.Equal((64, true), await folder.RunAsync("watch", "--back-off", "-5") is var ended ? (ended.ExitCode, ended.Error.Contains("--back-off must be a whole number of at least 0.", StringComparison.Ordinal)) : default);
    }

    [Fact]
    public async Task The_stack_of_a_file_that_is_not_there_yet_is_waited_for()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, $"name: watched\nproject: {project.Name}\n" + "instances: { wone: { image: busybox } }\n");
        var watch = await folder.FollowProgramAsync(
            [
                ("^stack watched is not on the server yet; waiting for it$", async () => Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode)),
                ("^{.*\"name\":\"wone\",.*\"status\":\"Running\"", null),
            ],
            "sh", "-c", $"exec dotnet '{CliFolder.Program}' watch --json 2>&1");
        Assert.True(watch.ExitCode == 0, watch.ToString());
    }

    [Fact]
    public async Task On_a_pipe_the_command_writes_a_line_for_each_change_or_JSON_until_it_is_interrupted()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack(project, "/tmp/broken"));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        foreach (var (arguments, wanted) in new (string[], string)[] { (["watch"], @"^\d\d:\d\d:\d\d wone  Running  healthy"), (["watch", "watched", "--json"], "^{\"time\":.*\"name\":\"wone\",\"stack\":\"watched\",\"status\":\"Running\",\"health\":\"healthy\"") })
        {
            var (ended, _) = await folder.InterruptAsync("INT", twice: false, "healthy", arguments);
            Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
            Assert.Matches(wanted, ended.Output.TrimEnd('\n').Split('\n')[^1]);
        }
    }

    private Task<string> ShellAsync(TestProject project, string command) =>
        lab.Lab.IncusAsync("exec", "--project", project.Name, "wone", "--", "sh", "-c", command);

    /// <summary>A running watch of which each report is looked at once.</summary>
    private sealed class Watch(IAsyncEnumerable<StackStatus> watch) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private IAsyncEnumerator<StackStatus>? _reports;

        public int Reports { get; private set; }

        public async Task<InstanceStatus> UntilAsync(Func<InstanceStatus, bool> wanted)
        {
            _reports ??= watch.GetAsyncEnumerator(_end.Token);
            var limit = DateTime.UtcNow + s_limit;
            var last = "nothing";
            while (DateTime.UtcNow < limit)
            {
                Assert.True(await _reports.MoveNextAsync());
                Reports++;
                if (_reports.Current.Instances.FirstOrDefault(wanted) is { } found)
                    return found;
                last = string.Join("\n", _reports.Current.Instances);
            }

            throw new TimeoutException($"It stayed: {last}");
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            if (_reports is not null)
                await _reports.DisposeAsync();
            _end.Dispose();
        }
    }
}
