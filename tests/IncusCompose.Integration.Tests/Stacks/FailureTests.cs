using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Resilience;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>
/// What only the server can refuse, in the middle of an apply: the error says what and what to do, and nothing is left that
/// the next up or a down does not clean.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class FailureTests(LabFixture lab)
{
    private const string CarryOn = "What was done stays; run the same command again to carry on from there.\n";

    [Fact]
    public async Task A_pool_that_is_full()
    {
        await using var project = await lab.CreateProjectAsync();
        var pool = "full" + lab.Lab.Number;
        string Stack(string more) => $$"""
            name: clifull
            storage_pools: { {{pool}}: { driver: btrfs, config: { size: 128MiB } } }
            volumes: { scratch: { pool: {{pool}} } }
            instances:
              clione: { image: busybox, volumes: ["scratch:/scratch"] }
              {{more}}
            """;
        using var folder = new CliFolder(lab, project, Stack(""));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        Assert.NotEqual(0, (await folder.RunAsync("exec", "clione", "--", "dd", "if=/dev/zero", "of=/scratch/big", "bs=1M")).ExitCode);
        folder.Write("stack.yaml", Stack($"clitwo: {{ image: busybox, disk: {{ pool: {pool} }} }}"));

        var up = await folder.RunAsync("up");

        Assert.Equal(1, up.ExitCode);
        Assert.StartsWith(
            "error: instance/clitwo: create failed: Creating instance clitwo: Failed creating instance from image: ",
            up.Error, StringComparison.Ordinal);
        Assert.EndsWith(
            ". The storage is full: delete what is not needed on it, or give the pool a larger size\n" + CarryOn,
            up.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await folder.RunAsync("exec", "clione", "--", "rm", "/scratch/big")).ExitCode);
        await ConvergesAsync(folder);
        await DownAsync(folder, project, "--volumes", "--pools");
        Assert.DoesNotContain(await lab.Client.StoragePools.ListAsync(), left => left.Name == pool);
    }

    [Fact]
    public async Task A_container_that_does_not_start_is_told_with_the_reason_that_the_server_only_logs()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: clistart
            instances: { clione: { image: busybox, raw: { lxc: "lxc.mount.entry = /nowhere/at/all mnt none bind 0 0" } } }
            """);

        var up = await folder.RunAsync("up");

        Assert.Equal(1, up.ExitCode);
        Assert.Contains("Failed to run: ", up.Error, StringComparison.Ordinal);
        Assert.Contains("/nowhere/at/all", up.Error, StringComparison.Ordinal);
        Assert.Contains("Everything that was logged of its start, says: incus info NAME --show-log", up.Error, StringComparison.Ordinal);
        // It did not come to run, and the plan does not say otherwise.
        Assert.Contains("instance/clione  start", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        await DownAsync(folder, project);
    }

    [Fact]
    public async Task A_value_that_only_the_server_can_judge()
    {
        await using var project = await lab.CreateProjectAsync();
        static string Stack(string schedule) => $$"""
            name: clibad
            instances:
              clione: { image: busybox }
              clitwo: { image: busybox, depends_on: [clione], config: { snapshots.schedule: "{{schedule}}" } }
              clithree: { image: busybox, depends_on: [clitwo] }
            """;
        using var folder = new CliFolder(lab, project, Stack("0 0 * * someday"));

        var up = await folder.RunAsync("up");

        Assert.Equal(1, up.ExitCode);
        Assert.StartsWith("error: instance/clitwo: create failed: Creating instance clitwo: ", up.Error, StringComparison.Ordinal);
        Assert.EndsWith("\n" + CarryOn, up.Error, StringComparison.Ordinal);
        Assert.Contains("  ! instance/clithree  skipped  not begun, since instance/clitwo failed\n", up.Output, StringComparison.Ordinal);
        Assert.Equal(["clione"], (await project.Client.Instances.ListAsync()).Select(instance => instance.Name));

        folder.Write("stack.yaml", Stack("0 0 * * 1"));
        await ConvergesAsync(folder);
        await DownAsync(folder, project);
    }

    [Fact]
    public async Task A_bad_value_does_not_stop_what_runs_though_restarting_is_allowed()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clikeep\ninstances: { clione: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        var pid = (await project.Client.Instances.GetStateAsync("clione")).Pid;

        folder.Write("stack.yaml", "name: clikeep\ninstances: { clione: { image: busybox, environment: { MODE: fast }, config: { limits.cpu: lots } } }\n");
        var bad = await folder.RunAsync("up", "--allow-restart");

        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("Invalid CPU limit syntax", bad.Error, StringComparison.Ordinal);
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("clione")).Pid);
    }

    // Of the devices that a running container cannot be given, an IPVLAN card is the one that needs no hardware. On the
    // loopback there can be none, so that the instance does not start with it either.
    [Fact]
    public async Task A_device_that_the_server_does_not_change_while_the_instance_runs()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clihot\ninstances: { clione: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        var before = (await project.Client.Instances.GetAsync("clione")).Value;
        var pid = (await project.Client.Instances.GetStateAsync("clione")).Pid;
        folder.Write("stack.yaml", "name: clihot\ninstances: { clione: { image: busybox, devices: { ip: { type: nic, nictype: ipvlan, parent: lo, ipv4.address: 192.0.2.77 } } } }\n");

        var refused = await folder.RunAsync("up");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(
            "instance/clione: it runs, and the server changes devices.ip only while it is stopped; allow that with -AllowRestart (--allow-restart)\n",
            refused.Error, StringComparison.Ordinal);
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("clione")).Pid);

        // Allowed, it is stopped for the change; since it does not start with it, it runs again as it was.
        var failed = await folder.RunAsync("up", "--allow-restart");

        Assert.Equal(1, failed.ExitCode);
        Assert.DoesNotContain("when instance is running", failed.Error, StringComparison.Ordinal);
        var after = (await project.Client.Instances.GetAsync("clione")).Value;
        Assert.Equal(StatusCode.Running, after.StatusCode);
        Assert.NotEqual(pid, (await project.Client.Instances.GetStateAsync("clione")).Pid);
        Assert.Equal(before.Devices, after.Devices);
        Assert.Equal(before.Config["user.incus-compose.applied"], after.Config["user.incus-compose.applied"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_port_of_the_host_that_is_free_once_the_instance_has_stopped_or_is_not(bool freed)
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: cliport\ninstances: { clione: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        using var taken = HostPort.Taken(out var port);
        // As the proxy that a killed daemon left does, it ends with the instance.
        await project.Client.Events.EnsureOpenAsync();
        using var watching = new CancellationTokenSource();
        var watch = WatchAsync();
        folder.Write("stack.yaml", $"name: cliport\ninstances: {{ clione: {{ image: busybox, environment: {{ MODE: fast }}, ports: [\"127.0.0.1:{port}:80\"] }} }}\n");

        var up = await folder.RunAsync("up", "--allow-restart", "--timeout", "5");

        await watching.CancelAsync();
        await watch;
        var instance = (await project.Client.Instances.GetAsync("clione")).Value;
        Assert.Equal(StatusCode.Running, instance.StatusCode);
        if (freed)
        {
            Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
            Assert.Equal("fast", instance.Config["environment.MODE"]);
            return;
        }

        Assert.Equal(1, up.ExitCode);
        Assert.Matches("Something else on the host (may listen|listens) there: end it, or publish another port", up.Error);
        Assert.Empty(instance.Devices);
        Assert.DoesNotContain("environment.MODE", instance.Config.Keys);
        taken.Stop();
        await ConvergesAsync(folder, "--allow-restart");

        async Task WatchAsync()
        {
            try
            {
                await foreach (var happened in project.Client.Events.ReadAsync([EventTypes.Lifecycle], watching.Token))
                {
                    if (freed && happened.Lifecycle is { Name: "clione", Action: "instance-shutdown" or "instance-stopped" })
                        taken.Stop();
                }
            }
            catch (OperationCanceledException)
            {
                // It has been seen by now, or there was nothing to see.
            }
        }
    }

    [Fact]
    public async Task A_network_whose_address_is_in_use()
    {
        await using var project = await lab.CreateProjectAsync();
        var (bridge, other, address) = ($"cla{lab.Lab.Number}", $"clb{lab.Lab.Number}", lab.Lab.Subnets[^1] + ".1/24");
        using var folder = new CliFolder(lab, project, $$"""
            name: cliclash
            networks: { {{bridge}}: { config: { ipv4.address: {{address}}, ipv6.address: none } } }
            instances: { clione: { image: busybox, networks: [{{bridge}}] } }
            """);
        // Of its own networks the server tells.
        await lab.Lab.IncusAsync("network", "create", other, $"ipv4.address={address}", "ipv6.address=none");
        var foreseen = await folder.RunAsync("up");
        await lab.Lab.IncusAsync("network", "delete", other);
        Assert.Equal(1, foreseen.ExitCode);
        Assert.Contains($"is the address of the network \"{other}\" already; choose another address", foreseen.Error, StringComparison.Ordinal);

        // Of others it finds out.
        using (var taken = new UdpClient())
        {
            await lab.Lab.HostAsync("ip", "addr", "add", address, "dev", "lo");
            taken.Client.Bind(new IPEndPoint(IPAddress.Parse(address[..^3]), 53));
            var up = await folder.RunAsync("up");
            await lab.Lab.HostAsync("ip", "addr", "del", address, "dev", "lo");

            Assert.Equal(1, up.ExitCode);
            Assert.Matches($"^error: network/{bridge}: create failed: .*Address already in use", up.Error);
            Assert.EndsWith(
                ". Another network of the host has this address: give the network another one, or none, for the server to choose\n" + CarryOn,
                up.Error, StringComparison.Ordinal);
            Assert.DoesNotContain(await lab.Client.Networks.ListAsync(), network => network.Name == bridge);
        }

        await ConvergesAsync(folder);
        await DownAsync(folder, project);
        Assert.DoesNotContain(await lab.Client.Networks.ListAsync(), network => network.Name == bridge);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_name_that_somebody_takes_between_the_plan_and_its_apply(bool exact)
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = exact ? "cliexact" : "clitaken";
        var yaml = $"name: {name}\nproject: {project.Name}\ninstances:\n  clione: {{ image: busybox }}\n  clitwo: {{ image: busybox }}\n";
        var plan = await bench.PlanAsync(yaml);
        await project.LaunchAsync("clitwo");
        var pid = (await project.Client.Instances.GetStateAsync("clitwo")).Pid;

        if (exact)
        {
            var error = await Assert.ThrowsAsync<PlanOutdatedException>(() => bench.Engine.ApplyAsync(bench.Client, plan, new ApplyOptions { Exact = true }));
            Assert.Contains("instance/clitwo", error.Message, StringComparison.Ordinal);
            Assert.Null(await project.Client.Instances.FindAsync("clione"));
        }
        else
        {
            var result = await bench.Engine.ApplyAsync(bench.Client, plan);
            Assert.Equal(ChangeOutcome.Done, result.Resources.Single(resource => resource.Name == "clione").Outcome);
            var failed = result.Resources.Single(resource => resource.Name == "clitwo");
            Assert.Equal(ChangeOutcome.Failed, failed.Outcome);
            Assert.Equal("The server has changed since the plan was made: instance/clitwo. Compare again and apply the new plan.", failed.Message);
        }

        // It is still somebody else's, as it was; and the next plan says so.
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("clitwo")).Pid);
        await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(yaml));
        await project.Client.Instances.StopAsync("clitwo", force: true).CompleteAsync();
        await project.Client.Instances.DeleteAsync("clitwo").CompleteAsync();
        await bench.UpAsync(yaml);
        await bench.Engine.ApplyAsync(project.Client, await bench.Engine.CompareRemovalAsync(project.Client, name), new ApplyOptions { StopTimeout = TimeSpan.FromSeconds(5) });
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [Fact]
    public async Task An_apply_that_is_cancelled_says_what_was_done_and_the_next_one_carries_on()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = $"name: clicancel\nproject: {project.Name}\ninstances:\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"  cli{i}: {{ image: busybox }}\n"));
        var plan = await bench.PlanAsync(yaml);
        using var cancel = new CancellationTokenSource();
        var clock = new Stopwatch();
        var (begun, begunThen) = (0, 0);
        var progress = new Told(told =>
        {
            if (told.Kind == ApplyEventKind.Started)
                Interlocked.Increment(ref begun);
            if (told.Kind == ApplyEventKind.Ended && !clock.IsRunning)
            {
                clock.Start();
                cancel.Cancel();
                begunThen = Volatile.Read(ref begun);
            }
        });

        var result = await bench.Engine.ApplyAsync(bench.Client, plan, new ApplyOptions { ThrottleLimit = 2 }, progress, cancel.Token);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"It took {clock.Elapsed}.");
        Assert.False(result.Succeeded);
        Assert.Contains(result.Resources, resource => resource.Outcome == ChangeOutcome.Done);
        // Whatever had not begun by then has not begun since; the two at work may just have been about to say so.
        Assert.InRange(begun, begunThen, Math.Min(begunThen + 2, 11));
        Assert.Equal(12 - begun, result.Resources.Count(resource => resource is { Outcome: ChangeOutcome.Cancelled, Message: "not begun" }));
        Assert.All(result.Resources, resource => Assert.True(resource.Outcome is ChangeOutcome.Done or ChangeOutcome.Cancelled or ChangeOutcome.Unchanged, $"{resource.Id}: {resource.Message}"));

        await bench.UpAsync(yaml);
        Assert.Equal(12, (await project.Client.Instances.ListAsync()).Count(instance => instance.StatusCode == StatusCode.Running));
    }

    private static async Task ConvergesAsync(CliFolder folder, params string[] options)
    {
        var again = await folder.RunAsync(["up", .. options]);
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        var plan = await folder.RunAsync("plan");
        Assert.True(plan is { ExitCode: 0, Error: "" }, plan.ToString());
    }

    private static async Task DownAsync(CliFolder folder, TestProject project, params string[] options)
    {
        var down = await folder.RunAsync(["down", "--yes", "--timeout", "5", .. options]);
        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    /// <summary>Is told at once, on the thread where it happens.</summary>
    private sealed class Told(Action<ApplyEvent> tell) : IProgress<ApplyEvent>
    {
        public void Report(ApplyEvent value) => tell(value);
    }
}
