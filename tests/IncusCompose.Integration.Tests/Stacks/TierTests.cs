using System.Globalization;
using System.Text.Json;
using Incus.Client;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Three tiers, each of which needs the health of the one before, on both kinds of storage pool, by the command alone.</summary>
[Collection(LabCollection.Name)]
public sealed class TierTests(LabFixture lab)
{
    private static readonly string[] s_tiers = ["data", "logic", "front"];

    /// <summary>
    /// A tier whose service takes a second to begin, notes when it does, and once killed stays away until the instance is
    /// started again (what is in /dev goes with it).
    /// </summary>
    private static string Tier(string name, string pool, string needs) => $$"""
          {{name}}:
            image: busybox
            disk: { pool: {{pool}} }
            environment: { RUN: "test -e /dev/begun || { touch /dev/begun; sleep 1; echo | ts %.s >/dev/serves; httpd -f -p 80 -h /srv/hello; }" }
            healthcheck: { http: { port: 80, path: /cgi-bin/index.cgi }, interval: 300ms, retries: 2, start_period: 20s }
            {{needs}}

        """;

    private string Stack(string driver) => $$"""
        name: tiers
        storage_pools: { {{PoolOf(driver)}}: { driver: {{driver}}{{(driver == "btrfs" ? ", config: { size: 256MiB }" : "")}} } }
        instances:

        """
        + Tier("front", PoolOf(driver), "depends_on: { logic: { condition: healthy } }")
        + Tier("logic", PoolOf(driver), "depends_on: { data: { condition: healthy } }")
        + Tier("data", PoolOf(driver), "labels: { tier: data }");

    // Pools have the server's names, not the project's.
    private string PoolOf(string driver) => $"tiers{driver}{lab.Lab.Number}";

    [Theory]
    [InlineData("dir")]
    [InlineData("btrfs")]
    public async Task They_come_up_in_the_order_of_their_health_and_a_service_that_is_killed_shows_and_is_repaired(string driver)
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack(driver));
        using var heard = new CancellationTokenSource();
        Assert.True(await project.Client.Events.EnsureOpenAsync());
        var events = HearAsync(project, heard.Token);

        var up = await folder.RunAsync("up", "--wait");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        await heard.CancelAsync();

        // By the server's word for its own deeds and the guests' for theirs; all have one clock.
        var started = (await events).Where(one => one.Action == "instance-started").ToDictionary(one => one.Name, one => one.Time);
        Assert.Equal(s_tiers, started.OrderBy(one => one.Value).Select(one => one.Key));
        foreach (var (tier, needed) in s_tiers.Skip(1).Zip(s_tiers))
        {
            var instance = (await project.Client.Instances.GetAsync(tier)).Value;
            var serves = await ServesSinceAsync(needed);
            Assert.True(serves < instance.CreatedAt, $"{tier} was created at {instance.CreatedAt:O}, {needed} served from {serves:O}");
            Assert.True(serves < started[tier], $"{tier} was started at {started[tier]:O}, {needed} served from {serves:O}");
        }

        // The one in the middle, which others depend on.
        var pids = await PidsAsync();
        var served = await ServesSinceAsync("logic");
        var watch = await folder.FollowAsync(
        [
            ("""
             "name":"logic".*"health":"healthy".*"restarts":0
             """, () => ShellAsync("logic", "killall httpd")),
            ("""
             "name":"logic".*"health":"unhealthy".*"message":"restarting: 
             """, null),
            ("""
             "name":"logic".*"health":"healthy".*"restarts":1}$
             """, null),
        ], "watch", "--repair", "--json");
        Assert.True(watch.ExitCode == 0, watch.ToString());
        var lines = watch.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var broken = lines.First(line => line.GetProperty("health").GetString() == "unhealthy");
        Assert.Matches(@"^restarting: 10\.\S+:80: Connection refused$", broken.GetProperty("message").GetString());
        Assert.DoesNotContain(lines, line => line.GetProperty("name").GetString() != "logic" && line.GetProperty("restarts").GetInt32() > 0);

        Assert.True(await ServesSinceAsync("logic") > served);
        Assert.Equal(["logic"], (await PidsAsync()).Where(now => pids[now.Key] != now.Value).Select(now => now.Key));
        await ConvergedAsync(folder);
        var down = await folder.RunAsync("down", "--yes", "--volumes", "--pools", "--timeout", "5");
        Assert.True(down.ExitCode == 0, down.ToString());

        Task<string> ShellAsync(string tier, string command) => lab.Lab.IncusAsync("exec", "--project", project.Name, tier, "--", "sh", "-c", command);
        async Task<DateTimeOffset> ServesSinceAsync(string tier) => DateTimeOffset.UnixEpoch.AddSeconds(
            double.Parse((await ShellAsync(tier, "cat /dev/serves")).Split(' ')[0], CultureInfo.InvariantCulture));
        async Task<Dictionary<string, long>> PidsAsync()
        {
            var pids = new Dictionary<string, long>();
            foreach (var tier in s_tiers)
                pids[tier] = (await project.Client.Instances.GetStateAsync(tier)).Pid;
            return pids;
        }
    }

    [Fact]
    public async Task A_check_that_fails_says_in_time_what_it_wrote_what_the_console_shows_and_what_was_not_begun()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: tiers
            instances:
              data:
                image: busybox
                environment: { RUN: "test -e /dev/begun || { touch /dev/begun; (echo 'data: reading the schema'; echo 'data: version 7 is wanted, 6 was found') >/dev/console; }; sleep 100" }
                healthcheck: { test: "echo 'schema 6, not 7'; echo 'run the migration first' >&2; exit 3", interval: 1s, retries: 3 }
              logic: { image: busybox, depends_on: { data: { condition: healthy } }, ready: address }
              front: { image: busybox, depends_on: { logic: { condition: ready } } }
            """);

        var before = DateTimeOffset.UtcNow;
        var up = await folder.RunAsync("up");
        // 3 checks, 1 s apart.
        var failed = DateTimeOffset.UtcNow;

        Assert.True(up.ExitCode == 1, up.ToString());
        Assert.Equal(
            """
            error: instance/data: created, not ready: data did not become healthy (success of echo) within 3 s: exit status 3; its output: schema 6, not 7
              run the migration first
              the end of its console:
                data: reading the schema
                data: version 7 is wanted, 6 was found
            What was done stays; run the same command again to carry on from there.

            """,
            up.Error);
        Assert.Contains("  ! instance/logic  skipped  not begun, since instance/data is not ready (waited for healthy (success of echo))\n", up.Output, StringComparison.Ordinal);
        Assert.Contains("  ! instance/front  skipped  not begun, since instance/logic was skipped\n", up.Output, StringComparison.Ordinal);
        Assert.Equal(["data"], (await project.Client.Instances.ListAsync()).Select(instance => instance.Name));
        var started = (await project.Client.Instances.GetAsync("data")).Value.LastUsedAt;
        Assert.InRange(failed - started, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(13));
        Assert.True(started > before);
    }

    private static async Task ConvergedAsync(CliFolder folder)
    {
        var plan = await folder.RunAsync("plan");
        Assert.True(plan.ExitCode == 0, plan.ToString());
    }

    private static async Task<IReadOnlyList<(string Action, string Name, DateTimeOffset Time)>> HearAsync(TestProject project, CancellationToken end)
    {
        var heard = new List<(string, string, DateTimeOffset)>();
        try
        {
            await foreach (var happened in project.Client.Events.ReadAsync([EventTypes.Lifecycle], end))
            {
                if (happened.Project == project.Name && happened.Lifecycle is { } lifecycle)
                    heard.Add((lifecycle.Action, lifecycle.Name, happened.Timestamp));
            }
        }
        catch (OperationCanceledException)
        {
            // All has been heard.
        }

        return heard;
    }
}
