using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Logs;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>The daemon goes while a command waits for readiness.</summary>
[Collection(CrashLabCollection.Name)]
public sealed class KilledWaitTests(CrashLabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;

    private Lab.Lab Lab => fixture.Lab;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync("waits");
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_wait_goes_on_when_the_daemon_is_back()
    {
        using var up = await WaitingAsync("healthcheck: { exec: [test, -e, /tmp/up], interval: 1s, start_period: 1m }", "healthy");
        await Lab.KillAsync();
        await Lab.RestartAsync();
        await _bench.ShellAsync("slow", "touch /tmp/up");
        var (code, text, _) = await up.EndAsync();
        Assert.True(code == 0, text);
    }

    [Fact]
    public async Task A_daemon_that_stays_away_ends_the_wait_and_the_instance_counts_as_made()
    {
        using var up = await WaitingAsync("ready: { address: { nic: eth7 } }", "an address on eth7");
        await Lab.KillAsync();
        var (code, text, _) = await up.EndAsync();
        await Lab.RestartAsync();
        Assert.Equal(1, code);
        Assert.Contains("error: instance/slow: created, not ready: Nobody listens on the Incus socket ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_goes_on_when_the_daemon_is_back()
    {
        var result = await _bench.ApplyAsync("""
            name: waits
            instances:
              slow: { image: busybox, healthcheck: { test: "test ! -e /dev/broken", interval: 500ms, retries: 1 } }
            """);
        Assert.True(result.Succeeded);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var options = new WatchOptions { Repair = true };
        await using var watch = _bench.Engine.WatchAsync(_bench.Client, "waits", null, options, limit.Token).GetAsyncEnumerator(limit.Token);
        await UntilAsync(one => one.Health == HealthState.Healthy);
        await Lab.KillAsync();
        await UntilAsync(one => one.Message.StartsWith("not seen now: ", StringComparison.Ordinal));
        await Lab.RestartAsync();
        // What could not be asked has not failed.
        Assert.Equal((HealthState.Healthy, 0), await UntilAsync(one => one.Message.Length == 0) is var back ? (back.Health, back.Restarts) : default);
        await _bench.ShellAsync("slow", "touch /dev/broken");
        await UntilAsync(one => one is { Restarts: 1 });

        async Task<InstanceStatus> UntilAsync(Func<InstanceStatus, bool> wanted)
        {
            while (await watch.MoveNextAsync())
            {
                if (watch.Current.Instances.FirstOrDefault(wanted) is { } found)
                    return found;
            }

            throw new InvalidOperationException("The watch has ended.");
        }
    }

    [SystemImageFact]
    public async Task A_followed_journal_goes_on_where_it_was_when_the_daemon_is_back()
    {
        var image = await Lab.SystemImageAsync();
        await _bench.UpAsync($"name: waits\ninstances: {{slow: {{image: {image}}}}}\n");
        await Eventually.GetAsync(() => _bench.ShellAsync("slow", "systemctl is-system-running || true"), state => state is "running" or "degraded");
        await _bench.ShellAsync("slow", "logger -t shop first; journalctl --sync");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var options = new LogOptions { Follow = true, Sources = [LogSource.Journal], Tail = 1000 };
        await using var lines = _bench.Engine.ReadLogAsync(_bench.Client, "waits", null, options, null, limit.Token).GetAsyncEnumerator(limit.Token);
        List<string> said = [];
        await UntilAsync("first");
        await Lab.KillAsync();
        await Lab.RestartAsync();
        await _bench.ShellAsync("slow", "logger -t shop second");
        await UntilAsync("second");
        Assert.Equal(["first", "second"], said);

        async Task UntilAsync(string wanted)
        {
            while (!said.Contains(wanted))
            {
                Assert.True(await lines.MoveNextAsync());
                if (lines.Current.Identifier == "shop")
                    said.Add(lines.Current.Text);
            }
        }
    }

    /// <summary>An <c>up --wait</c> that has made its instance and waits.</summary>
    private async Task<UpProcess> WaitingAsync(string until, string told)
    {
        _bench.Load($$"""
            name: waits
            instances:
              slow: { image: busybox, {{until}} }
            """);
        var up = UpProcess.Start(Lab, _bench.File, "--wait");
        await up.ToldAsync($"instance/slow  waiting for {told}");
        return up;
    }
}
