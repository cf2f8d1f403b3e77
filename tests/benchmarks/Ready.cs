using System.Globalization;

namespace IncusCompose.Benchmarks;

/// <summary>
/// How long after something has become true of an instance a wait for it tells so. The guest itself notes the moment, just
/// before the deed or at its last look that was in vain, so that no figure is too good; guest and host have one clock.
/// </summary>
internal static class Ready
{
    private const string Name = "ready1";
    private const string Image = "busybox";
    private const string Page = "/cgi-bin/index.cgi";

    /// <summary>What a wait may cost, at the median, in milliseconds.</summary>
    private const double Target = 150;

    // How long the guest takes, so that no wait begins at a lucky distance: each round of a run has another.
    private static readonly double[] Delays = [0.8, 2.9, 12.37, 5.21, 1.73, 8.08];

    public static async Task MeasureAsync(RawServer server, Report report, int rounds)
    {
        var subnet = Environment.GetEnvironmentVariable("LAB_SUBNET")!;
        var address = subnet[..subnet.LastIndexOf('.')] + ".250";
        var bridge = Environment.GetEnvironmentVariable("LAB_BRIDGE")!;
        var hasWait = await Command.SucceedsAsync("incus", "wait", "--help");
        var hasAnsible = Command.Find("ansible") is not null;

        // The latest moment at which the guest saw that it has no address.
        const string look = "while echo | ts %.s >/dev/look; ! ip -4 -o address show dev eth0 | grep -q inet; do mv /dev/look /dev/so; usleep 3000; done";
        await GateAsync("address", _ => look, "ready: ipv4", $"incus list {Name} -f csv -c 4 | grep -q eth0",
            hasWait ? ("incus wait", ["incus", "wait", Name, "ipv4"]) : null);
        if (!hasWait)
            report.Missing("incus wait / incus-compose", "this Incus has no `incus wait`; a loop by the second takes its place");

        static string Serve(double delay) => $"sleep {Seconds(delay)}; echo | ts %.s >/dev/so; exec httpd -f -p 80 -h /srv/hello";
        await GateAsync("TCP port", Serve, "ready: \"tcp:80\"", $"(exec 3<>/dev/tcp/{address}/80) 2>/dev/null",
            hasAnsible ? ("ansible wait_for", ["ansible", "localhost", "-m", "ansible.builtin.wait_for", "-a", $"host={address} port=80"]) : null);
        if (!hasAnsible)
            report.Missing("ansible wait_for / incus-compose", "ansible is not installed (package ansible-core)");
        await GateAsync("HTTP status", Serve, $"ready: \"http:80{Page}\"", $"busybox wget -q -O /dev/null http://{address}{Page}");
        await GateAsync("health", delay => $"sleep {Seconds(delay)}; echo | ts %.s >/dev/so.new; mv /dev/so.new /dev/so; exec sleep 1000",
            "healthcheck: { exec: [test, -e, /dev/so] }", $"incus exec {Name} -- test -e /dev/so");

        async Task GateAsync(string gate, Func<double, string> run, string wait, string look, (string Name, string[] Command)? peer = null)
        {
            await server.ClearAsync();
            var contenders = new List<Measured>
            {
                new("incus-compose up --wait", async round =>
                {
                    using var stack = StackFile.Of($$"""
                        name: ready
                        instances:
                          {{Name}}:
                            image: {{Image}}
                            devices: { eth0: { type: nic, network: {{bridge}}, ipv4.address: {{address}} } }
                            environment: { RUN: "{{run(DelayOf(round))}}" }
                            {{wait}}

                        """);
                    await Command.RunAsync(Command.IncusCompose, "up", "--wait", "-f", stack.Path);
                    return await SinceAsync(DateTimeOffset.UtcNow);
                }),
                new("a loop by the second", round => PeerAsync(round, "bash", "-c", $"until {look}; do sleep 1; done")),
            };
            if (peer is { } other)
                contenders.Add(new(other.Name, round => PeerAsync(round, other.Command[0], other.Command[1..])));
            var times = await Measure.MeasuredInTurnsAsync(rounds, [.. contenders]);
            foreach (var time in times)
                report.Add($"{gate}, told after it was so", time);
            report.Within($"{gate}: incus-compose", times[0].Median, Target);
            foreach (var time in times.Skip(1))
                report.Beside($"{gate}: {time.Name} / incus-compose", time.Median / times[0].Median);

            async Task<TimeSpan> PeerAsync(int round, string program, params string[] arguments)
            {
                await Command.RunAsync("incus", "launch", Image, Name, "--quiet", "--device", $"eth0,ipv4.address={address}", "--config", $"environment.RUN={run(DelayOf(round))}");
                await Command.RunAsync(program, arguments);
                return await SinceAsync(DateTimeOffset.UtcNow);
            }
        }

        async Task<TimeSpan> SinceAsync(DateTimeOffset told)
        {
            var noted = await Command.ReadAsync("incus", "exec", Name, "--", "cat", "/dev/so");
            await server.ClearAsync();
            return told - DateTimeOffset.UnixEpoch.AddSeconds(double.Parse(noted, CultureInfo.InvariantCulture));
        }
    }

    private static double DelayOf(int round) => Delays[round % Delays.Length];

    private static string Seconds(double value) => value.ToString(CultureInfo.InvariantCulture);
}
