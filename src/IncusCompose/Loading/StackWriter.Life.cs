using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <content>When an instance runs, and what is done around that.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private DocumentNode DependsOn(IReadOnlyList<InstanceDependency> dependencies) =>
            dependencies.All(dependency => dependency == new InstanceDependency(dependency.Instance))
                ? List(dependencies.Select(dependency => Scalar(dependency.Instance)))
                : new MappingNode(SourceLocation.None, [.. dependencies.Select(dependency => new MappingEntry(Key(dependency.Instance), new Entries(mask)
                    .Text("condition", dependency.Condition.ToString().ToLowerInvariant())
                    .Flag("restart", dependency.Restart)
                    .Flag("required", dependency.Required ? null : false)
                    .ToNode()))]);

        private MappingNode Ready(ReadinessDefinition ready)
        {
            var entries = new Entries(mask)
                .Node("address", Several(ready.Gates.OfType<AddressGate>(), gate => new Entries(mask)
                    .Text("nic", gate.Nic)
                    .Text("family", gate.Family.ToString().ToLowerInvariant())
                    .Text("timeout", Time(gate.Timeout))
                    .ToNode()));
            foreach (var (word, gate) in ready.Gates.Select(gate => (Word: WordOf(gate), gate)).Where(pair => pair.Word is not null))
                entries.Text(word!, Time(gate.Timeout) ?? "true");
            if (ready.Gates.OfType<SshGate>().LastOrDefault() is { } ssh)
                entries.Node("ssh", new Entries(mask).Text("port", Whole(ssh.Port)).Flag("verify_login", ssh.VerifyLogin).Text("timeout", Time(ssh.Timeout)).ToNode());
            return entries
                .Node("tcp", Several(ready.Gates.OfType<TcpGate>(), gate => new Entries(mask).Text("port", Whole(gate.Port)).Text("timeout", Time(gate.Timeout)).ToNode()))
                .Node("http", Several(ready.Gates.OfType<HttpGate>(), gate => Http(gate.Request).Text("timeout", Time(gate.Timeout)).ToNode()))
                .Text("timeout", Time(ready.Timeout))
                .ToNode();
        }

        private static string? WordOf(ReadinessGate gate) => gate switch
        {
            AgentGate => "agent",
            CloudInitGate => "cloud_init",
            GuestGate => "guest",
            HealthGate => "healthy",
            _ => null,
        };

        private static SequenceNode? Several<T>(IEnumerable<T> gates, Func<T, DocumentNode> write) =>
            gates.Select(write).ToList() is { Count: > 0 } items ? List(items) : null;

        private Entries Http(HttpProbe probe) => new Entries(mask)
            .Text("port", Whole(probe.Port))
            .Text("path", probe.Path)
            .Text("status", $"{Whole(probe.LeastStatus)}-{Whole(probe.MostStatus)}")
            .Flag("tls", probe.Tls);

        private MappingNode HealthTiming(HealthTiming timing) => new Entries(mask)
            .Text("interval", Time(timing.Interval))
            .Text("timeout", Time(timing.Timeout))
            .Text("retries", timing.Retries is { } retries ? Whole(retries) : null)
            .Text("start_period", Time(timing.StartPeriod))
            .Text("start_interval", Time(timing.StartInterval))
            .ToNode();

        private MappingNode Healthcheck(HealthCheckDefinition check)
        {
            var plain = new HealthCheckDefinition { Probe = check.Probe };
            return new Entries(mask)
                .Node("exec", check.Probe is ExecProbe exec ? Command(exec.Command) : null)
                .Text("tcp", check.Probe is TcpProbe tcp ? Whole(tcp.Port) : null)
                .Node("http", check.Probe is HttpProbe http ? Http(http).ToNode() : null)
                .Text("interval", check.Interval == plain.Interval ? null : Time(check.Interval))
                .Text("timeout", check.Timeout == plain.Timeout ? null : Time(check.Timeout))
                .Text("retries", check.Retries == plain.Retries ? null : Whole(check.Retries))
                .Text("start_period", check.StartPeriod == plain.StartPeriod ? null : Time(check.StartPeriod))
                .Text("start_interval", Time(check.StartInterval))
                .ToNode();
        }

        private MappingNode Hooks(HooksDefinition hooks)
        {
            var entries = new Entries(mask);
            foreach (var (point, steps) in hooks.Points)
                entries.Node(HooksDefinition.WordOf(point), List(steps.Select(Step)));
            return entries.ToNode();
        }

        private MappingNode Step(HookStep step) => new Entries(mask)
            .Node(step.OnHost ? "host" : "exec", Command(step.Command))
            .Text("timeout", step.Timeout == HookStep.DefaultTimeout ? null : Time(step.Timeout))
            .Text("on_failure", step.OnFailure == HookFailure.Fail ? null : "continue")
            .Text("user", step.User)
            .Values("environment", step.Environment)
            .ToNode();

        private MappingNode Snapshots(SnapshotsDefinition snapshots) => new Entries(mask)
            .Text("schedule", snapshots.Schedule)
            .Text("expiry", snapshots.Expiry)
            .Text("manual_expiry", snapshots.ManualExpiry)
            .Text("pattern", snapshots.Pattern == SnapshotsDefinition.DefaultPattern ? null : snapshots.Pattern)
            .Flag("stopped", snapshots.Stopped)
            .ToNode();
    }
}
