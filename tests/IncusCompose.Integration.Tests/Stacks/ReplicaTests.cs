using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Several instances of one definition: their number, and updates that nobody notices.</summary>
[Collection(LabCollection.Name)]
public sealed class ReplicaTests(LabFixture lab)
{
    // Serves as soon as it has started, by the init of its image; the mode is what an update changes.
    private static string Stack(TestProject project, string mode, string check = "test -n \"$$MODE\"") => $$"""
        name: rolls
        project: {{project.Name}}
        instances:
          rweb:
            image: busybox
            replicas: 3
            environment: { MODE: {{mode}} }
            update: rolling
            healthcheck: { test: '{{check}}', interval: 1s, retries: 3 }
            ready: ipv4
        """;

    [Fact]
    public async Task The_number_is_the_files_or_the_scales_and_the_highest_numbers_go()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack(project, "one"));
        Assert.Equal((0, ""), await UpAsync(folder));
        Assert.Equal("rweb-1 rweb-2 rweb-3", await NamesAsync(project));
        Assert.Equal((0, ""), await UpAsync(folder, "--scale", "rweb=4"));
        Assert.Equal("rweb-1 rweb-2 rweb-3 rweb-4", await NamesAsync(project));
        var one = (await project.Client.Instances.GetStateAsync("rweb-1")).Pid;
        Assert.Equal((0, ""), await UpAsync(folder, "--scale", "rweb=2"));
        Assert.Equal("rweb-1 rweb-2", await NamesAsync(project));
        Assert.Equal(one, (await project.Client.Instances.GetStateAsync("rweb-1")).Pid);

        // By the name of the stack alone: a new one is as those that are there.
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var more = await bench.Engine.ApplyAsync(project.Client, await bench.Engine.CompareScaleAsync(project.Client, "rolls", new Dictionary<string, int> { ["rweb"] = 3 }));
        Assert.True(more.Succeeded, string.Join("\n", more.Resources.Select(resource => resource.Message)));
        Assert.Empty((await bench.PlanAsync(Stack(project, "one"))).Changes);
        var fewer = await bench.Engine.ApplyAsync(project.Client, await bench.Engine.CompareScaleAsync(project.Client, "rolls", new Dictionary<string, int> { ["rweb"] = 1 }));
        Assert.True(fewer.Succeeded);
        Assert.Equal("rweb-1", await NamesAsync(project));
        var error = await Assert.ThrowsAsync<PlanOptionException>(() => bench.Engine.CompareScaleAsync(project.Client, "rolls", new Dictionary<string, int> { ["web"] = 1 }));
        Assert.Contains("it has some of: rweb", error.Message, StringComparison.Ordinal);
        var none = await folder.RunAsync("up", "--scale", "nosuch=2");
        Assert.Equal((1, "error: There is no instance `nosuch` in stack rolls; it has: rweb\n"), (none.ExitCode, none.Error));
    }

    [Fact]
    public async Task A_replica_that_does_not_become_ready_stops_a_rolling_update_and_the_others_go_on_serving()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        await bench.UpAsync(Stack(project, "one"));
        var pids = await PidsAsync(project);
        var plan = await bench.PlanAsync(Stack(project, "two", check: "test \"$$MODE\" = one"), new PlanOptions { AllowRestart = true });
        var told = new Told();
        var result = await bench.Engine.ApplyAsync(project.Client, plan, progress: told);

        Assert.Equal(["Failed", "Skipped", "Skipped"], result.Resources.Where(resource => resource.Kind == "instance").Select(resource => resource.Outcome.ToString()));
        Assert.True(result.Resources.Single(resource => resource.Name == "rweb-1").IsNotReady);
        Assert.Equal(["rweb-1 Failed", "rweb-2 Skipped", "rweb-3 Skipped"], told.Ends);
        var after = await PidsAsync(project);
        Assert.Equal((pids[1], pids[2]), (after[1], after[2]));
        Assert.NotEqual(pids[0], after[0]);
        Assert.Equal("one", (await project.Client.Instances.GetAsync("rweb-2")).Value.Config["environment.MODE"]);

        // With a file that is right again the update carries on.
        await bench.UpAsync(Stack(project, "three"), new PlanOptions { AllowRestart = true });

        // What turns out to need a stop waits for its turn, and for its name: a running container cannot be given an IPVLAN
        // card, and on the loopback it does not start with one either.
        var card = Stack(project, "three").Replace("    update:", "    devices: { ip: { type: nic, nictype: ipvlan, parent: lo } }\n    update:", StringComparison.Ordinal);
        var starts = await StartsAsync(project);
        var manual = await bench.ApplyAsync(card.Replace("update: rolling", "update: manual", StringComparison.Ordinal), new PlanOptions { AllowRestart = true });
        Assert.All(
            manual.Resources.Where(resource => resource.Kind == "instance"),
            resource => Assert.EndsWith($"Device cannot be added when instance is running. Its update is manual: name it with -Update {resource.Name} (--update {resource.Name})", resource.Message, StringComparison.Ordinal));
        Assert.Equal(starts, await StartsAsync(project));
        var turns = await bench.ApplyAsync(card, new PlanOptions { AllowRestart = true });
        Assert.Equal(["Failed", "Skipped", "Skipped"], turns.Resources.Where(resource => resource.Kind == "instance").Select(resource => resource.Outcome.ToString()).Order());
        Assert.Single(starts.Except(await StartsAsync(project)));
    }

    [Fact]
    public async Task No_request_to_the_published_port_fails_in_a_rolling_update_and_two_of_three_replicas_always_serve()
    {
        await Lab.Lab.InstallAsync("haproxy:haproxy");
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var port = FreePort();
        await bench.UpAsync(Behind(project, lab.Lab.OnMachine("/usr"), "one", port, []));
        Assert.All(await bench.Engine.WaitForStackAsync(project.Client, "rolls"), waited => Assert.Null(waited.Failure));
        var addresses = new List<string>();
        foreach (var name in (string[])["rweb-1", "rweb-2", "rweb-3"])
            addresses.Add((await project.Client.Instances.GetStateAsync(name)).Network["eth0"].Addresses.First(address => address is { Family: "inet", Scope: "global" }).Address);
        await bench.UpAsync(Behind(project, lab.Lab.OnMachine("/usr"), "one", port, addresses));
        await Eventually.GetAsync(() => AskAsync(port), answer => answer.Servers == 3);

        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => LoadAsync(port, end.Token)).ToList();
        var result = await bench.ApplyAsync(Behind(project, lab.Lab.OnMachine("/usr"), "two", port, addresses), new PlanOptions { AllowRestart = true }, new ApplyOptions { Wait = true, StopTimeout = TimeSpan.FromSeconds(5) });
        await Eventually.GetAsync(() => AskAsync(port), answer => answer.Servers == 3);
        await end.CancelAsync();
        var answers = (await Task.WhenAll(load)).SelectMany(one => one).ToList();

        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => resource.Message)));
        Assert.Equal(["rweb-1", "rweb-2", "rweb-3"], result.Resources.Where(resource => resource.Action != ChangeAction.None).Select(resource => resource.Name).Order());
        Assert.True(answers.Count > 50, $"only {answers.Count} requests");
        Assert.All(answers, answer => Assert.Contains(answer.Text, (string[])["one", "two"]));
        // The proxy itself says how many it could send a request to.
        Assert.Equal([2, 3], answers.Select(answer => answer.Servers).Distinct().Order());
        Assert.Equal("two", (await AskAsync(port)).Text);
        foreach (var name in (string[])["rweb-1", "rweb-2", "rweb-3"])
            Assert.Equal("two", await lab.Lab.IncusAsync("exec", "--project", project.Name, name, "--", "sh", "-c", "printf %s \"$MODE\""));
    }

    /// <summary>
    /// The three replicas and, once their addresses are known, HAProxy before them, on a published port. It sends a request
    /// once and to one server only: that none is lost is left to the hook that takes a replica out before it is stopped, once
    /// the proxy has had time to see that the one before it is back.
    /// The web server is started by the health check, the first thing that runs in a replica after its start.
    /// </summary>
    private static string Behind(TestProject project, string machine, string mode, int port, IReadOnlyList<string> addresses) => $$"""
        name: rolls
        project: {{project.Name}}
        instances:
          rweb:
            image: busybox
            replicas: 3
            environment: { MODE: {{mode}} }
            update: rolling
            ready: ipv4
            healthcheck:
              test: pidof httpd >/dev/null || { mkdir -p /www; echo "$$MODE" | tee /www/index.html >/www/health; httpd -p 80 -h /www; }; wget -q -O /dev/null http://127.0.0.1/health
              interval: 1s
              retries: 3
            hooks:
              pre_stop: sleep 1; rm /www/health; sleep 2
          {{(addresses.Count == 0 ? "" : $$"""
        rfront:
            image: busybox
            ports: ["127.0.0.1:{{port}}:8080"]
            volumes: ["{{machine}}:/host/usr:ro"]
            provision:
              - files:
                  - target: /srv/haproxy.cfg
                    content: |
                      defaults
                        mode http
                        timeout connect 1s
                        timeout client 10s
                        timeout server 10s
                        timeout check 10s
                        retries 0
                      listen web
                        bind :8080
                        balance roundrobin
                        option httpchk GET /health
                        http-response set-header servers %[nbsrv(web)]
                        default-server check inter 100ms fall 1 rise 1
        {{string.Join('\n', addresses.Select((address, index) => $"                server s{index} {address}:80"))}}
              # The program of the machine that the lab is on, with the libraries that it needs.
              - for ld in /host/usr/lib/*/ld-linux*.so.*; do $$ld --library-path $${ld%/*} /host/usr/sbin/haproxy -D -f /srv/haproxy.cfg; done
        """)}}
        """;

    private static async Task<(int, string)> UpAsync(CliFolder folder, params string[] arguments)
    {
        var up = await folder.RunAsync(["up", "-q", .. arguments]);
        return (up.ExitCode, up.Error);
    }

    private static async Task<string> NamesAsync(TestProject project) =>
        string.Join(' ', (await project.Client.Instances.ListAsync()).Select(instance => instance.Name).Order(StringComparer.Ordinal));

    private static async Task<long[]> PidsAsync(TestProject project) =>
        await Task.WhenAll(Enumerable.Range(1, 3).Select(async number => (await project.Client.Instances.GetStateAsync($"rweb-{number}")).Pid));

    private static async Task<IEnumerable<DateTimeOffset>> StartsAsync(TestProject project) =>
        (await project.Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal).Select(instance => instance.LastUsedAt);

    private static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }

    /// <summary>Requests one after the other until the end.</summary>
    private static async Task<IReadOnlyList<Answer>> LoadAsync(int port, CancellationToken cancellationToken)
    {
        var answers = new List<Answer>();
        while (!cancellationToken.IsCancellationRequested)
            answers.Add(await AskAsync(port));
        return answers;
    }

    /// <summary>The text of one answer, or why there was none, and how many servers the proxy had.</summary>
    private static async Task<Answer> AskAsync(int port)
    {
        using var http = new HttpClient();
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
            var servers = response.Headers.TryGetValues("servers", out var values) ? int.Parse(values.Single(), CultureInfo.InvariantCulture) : -1;
            return new Answer(response.IsSuccessStatusCode ? (await response.Content.ReadAsStringAsync()).Trim() : response.StatusCode.ToString(), servers);
        }
        catch (HttpRequestException error)
        {
            return new Answer(error.Message, -1);
        }
    }

    private sealed record Answer(string Text, int Servers);

    /// <summary>How instances ended, in the order in which that was told.</summary>
    private sealed class Told : IProgress<ApplyEvent>
    {
        private readonly ConcurrentQueue<string> _ends = new();

        public IEnumerable<string> Ends => _ends;

        public void Report(ApplyEvent value)
        {
            if (value is { Kind: ApplyEventKind.Ended, Change.Kind: "instance", Result: { } result })
                _ends.Enqueue($"{result.Name} {result.Outcome}");
        }
    }
}
