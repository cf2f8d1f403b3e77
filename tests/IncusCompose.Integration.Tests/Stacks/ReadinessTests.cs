using System.Diagnostics;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Readiness;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Waiting for what was really meant: gates, health checks and the conditions of dependencies, on real instances.</summary>
[Collection(LabCollection.Name)]
public sealed class ReadinessTests(LabFixture lab)
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_gate_opens_when_its_time_has_come_and_says_what_is_missing_until_then()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("box");
        var waiter = new InstanceWaiter(project.Client, "box");
        await waiter.WaitForStatusAsync(StatusCode.Running, s_long);
        await waiter.WaitForAsync(new AgentGate(), s_long);
        await waiter.WaitForAsync(new AddressGate { Nic = "eth0", Family = AddressFamilyChoice.Ipv4 }, s_long);
        var address = (await project.Client.Instances.GetStateAsync("box")).Network["eth0"].Addresses.First(a => a is { Family: "inet", Scope: "global" }).Address;

        await NotAsync(new AddressGate { Nic = "eth7" }, "box did not get an address on eth7 within 1 s: it has no interface eth7, only eth0, lo");
        await NotAsync(new TcpGate { Port = 81 }, $"box did not get an open TCP port 81 within 1 s: {address}:81: Connection refused");
        await NotAsync(new CloudInitGate(), "box did not get the end of cloud-init: its image has no cloud-init; choose one that has, such as images:debian/12/cloud");
        await NotAsync(new GuestGate(), "box did not get the guest's own word that it is ready within 1 s: it runs, but its guest has not said that it is ready");
        await NotAsync(new HealthGate(), "box did not become healthy: it has no health check");
        await NotAsync(
            new AddressGate { Family = AddressFamilyChoice.Ipv6 },
            $"box did not get an IPv6 address within 1 s: it has {address}, and no IPv6 address; the network {lab.Lab.Environment["LAB_BRIDGE"]} has ipv6.address none");
        await waiter.WaitForAsync(new AddressGate { Nic = "eth0" }, TimeSpan.Zero);
        Assert.StartsWith(
            $"box did not get an open TCP port 81 within 0 s: {address}:81: Connection refused",
            (await Assert.ThrowsAsync<NotReadyException>(() => waiter.WaitForAsync(new TcpGate { Port = 81 }, TimeSpan.Zero))).Message, StringComparison.Ordinal);

        await ShellAsync(project, "mkdir -p /www && echo hello > /www/hello && httpd -p 81 -h /www");
        await waiter.WaitForAsync(new TcpGate { Port = 81 }, s_long);
        await waiter.WaitForAsync(new HttpGate { Request = new HttpProbe { Port = 81, Path = "/hello" } }, s_long);
        await waiter.WaitForAsync(new HttpGate { Request = new HttpProbe { Port = 81, Path = "/nothing", LeastStatus = 404, MostStatus = 404 } }, s_long);
        await NotAsync(new HttpGate { Request = new HttpProbe { Port = 81, Path = "/nothing?token=x" } }, $"box did not get HTTP status 200-399 of /nothing at port 81 within 1 s: {address}:81: status 404 Not Found");
        await NotAsync(new SshGate { Port = 81 }, "box did not get an answer of SSH at port 81 within 1 s: it has no SSH server; choose an image that has one, or install openssh-server in it (with `ssh:` or -SshUser, cloud-init does where the instance reaches its distribution's packages)");
        await ShellAsync(project, "(while true; do echo SSH-2.0-box | nc -l -p 2222; done) >/dev/null 2>&1 &");
        await waiter.WaitForAsync(new SshGate { Port = 2222 }, s_long);

        async Task NotAsync(ReadinessGate gate, string message)
        {
            var error = await Assert.ThrowsAsync<NotReadyException>(() => waiter.WaitForAsync(gate, s_short));
            Assert.Equal(message, error.Message.Split('\n')[0]);
        }
    }

    [Fact]
    public async Task A_check_that_runs_a_command_is_not_made_again_just_because_it_was_made()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var result = await bench.ApplyAsync($$"""
            name: counted
            project: {{project.Name}}
            instances:
              box: { image: busybox, healthcheck: { test: "echo >> /checks; false", interval: 6s, retries: 1 } }
            """, apply: new ApplyOptions { Wait = true });
        Assert.False(result.Succeeded);
        // Every 50 ms in the first second, then a twentieth of the time waited: 20 + ln(6) / ln(1.05).
        Assert.InRange(int.Parse((await ShellAsync(project, "wc -l < /checks")).Trim(), System.Globalization.CultureInfo.InvariantCulture), 5, 60);
    }

    [Fact]
    public async Task An_address_that_is_not_on_a_NIC_is_the_guests_own_business()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("box");
        var waiter = new InstanceWaiter(project.Client, "box");
        await waiter.WaitForAsync(new AddressGate { Family = AddressFamilyChoice.Ipv4 }, s_long);
        // A port that is open on the machine that waits, at an address that the guest has too.
        var bridge = lab.Lab.Environment["LAB_SUBNET"].Replace(".0/24", ".1", StringComparison.Ordinal);
        using var here = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Parse(bridge), 0);
        here.Start();
        var port = ((System.Net.IPEndPoint)here.LocalEndpoint).Port;
        await ShellAsync(project, $"ip addr add {bridge}/32 dev lo");
        var error = await Assert.ThrowsAsync<NotReadyException>(() => waiter.WaitForAsync(new TcpGate { Port = port }, s_short));
        Assert.DoesNotContain($"{bridge}:", error.Reason, StringComparison.Ordinal);

        await ShellAsync(project, "ip addr flush dev eth0");
        Assert.StartsWith("box did not get an address within 1 s: ", (await Assert.ThrowsAsync<NotReadyException>(() => waiter.WaitForAsync(new AddressGate(), s_short))).Message, StringComparison.Ordinal);
        // Where it is named, it is meant.
        await waiter.WaitForAsync(new AddressGate { Nic = "lo" }, s_long);
    }

    [Fact]
    public async Task A_time_that_no_timer_knows_is_a_long_time()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("box");
        await new InstanceWaiter(project.Client, "box").WaitForAsync(new AddressGate { Timeout = TimeSpan.FromDays(365) });
        await new InstanceWaiter(project.Client, "box").WaitForAsync(new AddressGate(), TimeSpan.MaxValue);
    }

    [SystemImageFact]
    public async Task The_end_of_cloud_init_is_waited_for_through_restarts_and_what_it_does_is_said_where_it_takes_too_long()
    {
        await using var project = await lab.CreateProjectAsync();
        await lab.Lab.SystemImageAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var result = await bench.ApplyAsync($$"""
            name: clouds
            project: {{project.Name}}
            instances:
              long:
                image: debian
                ready: { cloud_init: 20s }
                cloud_init: { user_data: { runcmd: [[sleep, 10m]] } }
              again:
                image: debian
                ready: { cloud_init: 90s, healthy: true }
                healthcheck: { exec: [test, -e, /second], timeout: 5s }
                cloud_init:
                  user_data:
                    runcmd: ["sleep 2; touch /first; reboot; sleep 1m"]
                    bootcmd: ["test ! -e /first || touch /second"]
            """, apply: new ApplyOptions { Wait = true });
        var again = result.Resources.Single(resource => resource.Id.Name == "again");
        Assert.True(again.Outcome == ChangeOutcome.Done, again.Message);
        Assert.StartsWith(
            "long did not get the end of cloud-init within 20 s: cloud-init is running (Running in stage: modules-final)",
            result.Resources.Single(resource => resource.Id.Name == "long").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_goes_on_through_a_stop_and_a_start_unless_it_must_run()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("box");
        await (await project.Client.Instances.StopAsync("box", force: true)).WaitAsync();
        var gone = await Assert.ThrowsAsync<NotReadyException>(() => new InstanceWaiter(project.Client, "box") { MustRun = true }.WaitForAsync(new AddressGate(), s_long));
        Assert.StartsWith("box did not get an address: it has stopped", gone.Message, StringComparison.Ordinal);

        var wait = new InstanceWaiter(project.Client, "box").WaitForAsync(new AddressGate(), s_long);
        await (await project.Client.Instances.StartAsync("box")).WaitAsync();
        await wait;

        // Removed meanwhile, whatever was waited for.
        var waits = new Dictionary<string, Func<InstanceWaiter, Task>>
        {
            ["status Frozen"] = waiter => waiter.WaitForStatusAsync(StatusCode.Frozen, s_long),
            ["an open TCP port 81"] = waiter => waiter.WaitForAsync(new TcpGate { Port = 81 }, s_long),
            ["the guest's own word that it is ready"] = waiter => waiter.WaitForAsync(new GuestGate(), s_long),
        };
        var begun = waits.Select(wait =>
        {
            var waiting = new TaskCompletionSource();
            var waiter = new InstanceWaiter(project.Client, "box") { Progress = new Progress<string>(_ => waiting.TrySetResult()) };
            return (wait.Key, Ends: wait.Value(waiter), Waits: waiting.Task);
        }).ToList();
        await Task.WhenAll(begun.Select(wait => wait.Waits));
        await (await project.Client.Instances.StopAsync("box", force: true)).WaitAsync();
        await (await project.Client.Instances.DeleteAsync("box")).WaitAsync();
        foreach (var (wanted, ends, _) in begun)
        {
            Assert.Equal(
                $"Instance box is gone: it was removed, or was ephemeral and stopped, while it was waited for ({wanted}). Make it with Invoke-IncusCompose (incus-compose up), and wait again",
                (await Assert.ThrowsAsync<IncusNotFoundException>(() => ends)).Message);
        }
    }

    [Fact]
    public async Task What_depends_on_health_starts_once_the_other_is_healthy_and_not_before()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = $$"""
            name: tiers
            project: {{project.Name}}
            instances:
              db: { image: busybox, healthcheck: { test: [CMD, test, -e, /tmp/up], interval: 10s } }
              app: { image: busybox, depends_on: { db: { condition: healthy } }, ready: "tcp:81" }
              web: { image: busybox, depends_on: { app: { condition: ready } } }
            """;
        var applying = bench.ApplyAsync(yaml);
        await RunningAsync(project, "db");
        Assert.Null(await project.Client.Instances.FindAsync("app"));
        await ShellAsync(project, "touch /tmp/up", "db");
        await RunningAsync(project, "app");
        Assert.Null(await project.Client.Instances.FindAsync("web"));
        await ShellAsync(project, "httpd -p 81 -h /", "app");

        var result = await applying;
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => $"{resource.Id}: {resource.Message}")));
        Assert.Equal("Running", (await project.Client.Instances.GetAsync("web")).Value.Status);
        Assert.Empty((await bench.PlanAsync(yaml)).Changes);

        // From the server alone: whoever has only the name sees the same.
        var health = await bench.Engine.GetHealthAsync(project.Client, "tiers");
        Assert.Equal(["app Unchecked True", "db Healthy True", "web Unchecked True"], health.Select(one => $"{one.Name} {one.Health} {one.IsReady}"));
        await ShellAsync(project, "rm /tmp/up", "db");
        await ShellAsync(project, "killall httpd", "app");
        health = await bench.Engine.GetHealthAsync(project.Client, "tiers");
        Assert.Equal(["app Unchecked False", "db Starting False", "web Unchecked True"], health.Select(one => $"{one.Name} {one.Health} {one.IsReady}"));
        Assert.StartsWith("not an open TCP port 81: ", health[0].Message, StringComparison.Ordinal);
        Assert.Equal("success of test: exit status 1, without output", health[1].Message);
    }

    [Fact]
    public async Task A_dependency_that_never_becomes_healthy_fails_in_bounded_time_and_says_why()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: sick
            instances:
              db: { image: busybox, healthcheck: { test: "echo no such table >&2; exit 3", interval: 500ms, retries: 3 } }
              app: { image: busybox, depends_on: { db: { condition: healthy } } }
              extra: { image: busybox, depends_on: { db: { condition: healthy, required: false } } }
            """);
        var clock = Stopwatch.StartNew();
        var up = await folder.RunAsync("up");

        Assert.Equal(1, up.ExitCode);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(30));
        Assert.Contains("error: instance/db: created, not ready: db did not become healthy (success of echo) within 1.5 s: exit status 3; its output: no such table\n", up.Error, StringComparison.Ordinal);
        Assert.Contains("  ! instance/app  skipped  not begun, since instance/db is not ready (waited for healthy (success of echo))\n", up.Output, StringComparison.Ordinal);
        Assert.Contains("    instance/db  waiting for healthy (success of echo)\n", up.Output, StringComparison.Ordinal);
        Assert.Equal(["db", "extra"], (await project.Client.Instances.ListAsync()).Select(instance => instance.Name).Order());
    }

    [Fact]
    public async Task Up_with_wait_ends_when_every_instance_is_ready_and_fails_where_one_is_not()
    {
        await using var project = await lab.CreateProjectAsync();
        // How long an address takes is the machine's business: in two seconds that is not waited for.
        static string Stack(string path, string ready = "") => $$"""
            name: waits
            instances:
              one: { image: busybox{{ready}} }
              two: { image: busybox, healthcheck: { exec: [test, -d, {{path}}], interval: 1s } }
              three: { image: busybox, ready: [address, "tcp:81", "http:82/none"] }
            """;
        using var folder = new CliFolder(lab, project, Stack("/nowhere"));
        var up = await folder.RunAsync("up", "--wait", "--wait-timeout", "2");
        Assert.Equal(1, up.ExitCode);
        Assert.Matches(@"error: instance/two: created, not ready: two did not become healthy \(success of test\) within [0-9.]+ s: ", up.Error);
        Assert.Contains("  + instance/one  created", up.Output, StringComparison.Ordinal);
        // All that is missing is said, and what the console says once.
        Assert.Matches(@"error: instance/three: created, not ready: three did not get (an open TCP port 81|HTTP status 200-399 of /none at port 82) within [0-9.]+ s: .*:8[12]: Connection refused\n\s*nor (an open|HTTP).*: .*:8[12]: Connection refused\n", up.Error);

        await ShellAsync(project, "mkdir /www; touch /www/none; httpd -p 81; httpd -p 82 -h /www", "three");
        folder.Write("stack.yaml", Stack("/bin", ", ready: { address: ipv4 }"));
        up = await folder.RunAsync("up", "--wait");
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Contains(await Addresses(project, "one"), address => address.Contains('.', StringComparison.Ordinal));

        // Unchanged, but not ready: the wait still tells.
        await ShellAsync(project, "mv /bin/busybox /busybox", "two");
        up = await folder.RunAsync("up", "--wait", "--wait-timeout", "1");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains("error: instance/two: unchanged, not ready: two did not become healthy", up.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_is_waited_for_and_not_started_again()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var yaml = $$"""
            name: jobs
            project: {{project.Name}}
            instances:
              job: { image: busybox }
              web: { image: busybox, depends_on: { job: { condition: completed } } }
            """;
        var applying = bench.ApplyAsync(yaml);
        await RunningAsync(project, "job");
        Assert.Null(await project.Client.Instances.FindAsync("web"));
        await (await project.Client.Instances.StopAsync("job", force: true)).WaitAsync();

        Assert.True((await applying).Succeeded);
        Assert.Empty((await bench.PlanAsync(yaml)).Changes);
        Assert.Equal(["job Completed True", "web Unchecked True"], (await bench.Engine.GetHealthAsync(project.Client, "jobs")).Select(one => $"{one.Name} {one.Health} {one.IsReady}"));
        Assert.All(await bench.Engine.WaitForStackAsync(project.Client, "jobs"), waited => Assert.Null(waited.Failure));
    }

    [Fact]
    public async Task A_cancelled_wait_ends_at_once_and_what_was_made_stays()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        using var cancel = new CancellationTokenSource();
        var plan = await bench.PlanAsync($$"""
            name: cancelled
            project: {{project.Name}}
            instances: { one: { image: busybox, ready: "tcp:81" } }
            """);
        var waiting = new TaskCompletionSource();
        var progress = new Reports(happened =>
        {
            if (happened is { Kind: ApplyEventKind.Waiting, Text: "waiting for an open TCP port 81" })
                waiting.TrySetResult();
        });
        var applying = bench.Engine.ApplyAsync(bench.Client, plan, new ApplyOptions { Wait = true }, progress, cancel.Token);
        await waiting.Task.WaitAsync(s_long);
        await cancel.CancelAsync();
        var result = await applying.WaitAsync(TimeSpan.FromSeconds(2));
        Assert.Equal((ChangeOutcome.Cancelled, "changed, but not waited for to its end"), (result.Resources[^1].Outcome, result.Resources[^1].Message));
        Assert.Equal("Running", (await project.Client.Instances.GetAsync("one")).Value.Status);
    }

    private static Task RunningAsync(TestProject project, string instance) =>
        Eventually.GetAsync(() => project.Client.Instances.FindAsync(instance), found => found?.Value.StatusCode is StatusCode.Running);

    private Task<string> ShellAsync(TestProject project, string command, string instance = "box") =>
        lab.Lab.IncusAsync("exec", "--project", project.Name, instance, "--", "sh", "-c", command);

    private static async Task<IReadOnlyList<string>> Addresses(TestProject project, string instance) =>
        [.. (await project.Client.Instances.GetStateAsync(instance)).Network.Values.SelectMany(network => network.Addresses).Where(address => address.Scope == "global").Select(address => address.Address)];

    private sealed class Reports(Action<ApplyEvent> report) : IProgress<ApplyEvent>
    {
        public void Report(ApplyEvent value) => report(value);
    }
}
