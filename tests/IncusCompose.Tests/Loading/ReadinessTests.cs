using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Loading;

/// <summary>How a file says when an instance is ready and how to tell that it is healthy.</summary>
public class ReadinessTests
{
    public static TheoryData<string, ReadinessGate> Gates => new()
    {
        { "address", new AddressGate() },
        { "ipv4", new AddressGate { Family = AddressFamilyChoice.Ipv4 } },
        { "ipv6", new AddressGate { Family = AddressFamilyChoice.Ipv6 } },
        { "agent", new AgentGate() },
        { "cloud_init", new CloudInitGate() },
        { "guest", new GuestGate() },
        { "ssh", new SshGate() },
        { "\"ssh:2222\"", new SshGate { Port = 2222 } },
        { "\"tcp:5432\"", new TcpGate { Port = 5432 } },
        { "\"http:8080\"", new HttpGate { Request = new HttpProbe { Port = 8080 } } },
        { "\"http:8080/health?x=1\"", new HttpGate { Request = new HttpProbe { Port = 8080, Path = "/health?x=1" } } },
        { "\"https://:8443/\"", new HttpGate { Request = new HttpProbe { Port = 8443, Tls = true } } },
        { "{address: true}", new AddressGate() },
        { "{address: ipv6}", new AddressGate { Family = AddressFamilyChoice.Ipv6 } },
        { "{address: {nic: eth1, family: ipv4, timeout: 10s}}", new AddressGate { Nic = "eth1", Family = AddressFamilyChoice.Ipv4, Timeout = TimeSpan.FromSeconds(10) } },
        { "{agent: true}", new AgentGate() },
        { "{cloud_init: 1h}", new CloudInitGate { Timeout = TimeSpan.FromHours(1) } },
        { "{guest: 90}", new GuestGate { Timeout = TimeSpan.FromSeconds(90) } },
        { "{ssh: true}", new SshGate() },
        { "{ssh: 2222}", new SshGate { Port = 2222 } },
        { "{ssh: {port: 23, timeout: 1m30s}}", new SshGate { Port = 23, Timeout = TimeSpan.FromSeconds(90) } },
        { "{tcp: 5432}", new TcpGate { Port = 5432 } },
        { "{tcp: [{port: 5432, timeout: 500ms}]}", new TcpGate { Port = 5432, Timeout = TimeSpan.FromMilliseconds(500) } },
        { "{http: 8080/health}", new HttpGate { Request = new HttpProbe { Port = 8080, Path = "/health" } } },
        { "{http: {port: 8080, path: /health, status: 200-204, tls: true, timeout: 5s}}", new HttpGate { Request = new HttpProbe { Port = 8080, Path = "/health", LeastStatus = 200, MostStatus = 204, Tls = true }, Timeout = TimeSpan.FromSeconds(5) } },
        { "{http: [{port: 80, status: 418}]}", new HttpGate { Request = new HttpProbe { Port = 80, LeastStatus = 418, MostStatus = 418 } } },
    };

    [Theory]
    [MemberData(nameof(Gates))]
    public void A_gate_is_written_short_or_long(string text, ReadinessGate gate) =>
        Assert.Equal(gate, Assert.Single(StackText.Web($"ready: {text}").Ready!.Gates));

    [Fact]
    public void A_login_is_waited_for_where_somebody_is_let_in()
    {
        const string Ready = "ready: {ssh: {verify_login: true, timeout: 5s}}";
        var problem = Assert.Single(StackText.Load($"instances:\n  web:\n    {Ready}\n").Diagnostics);

        Assert.Equal(("NoLogin", 3), (problem.Id, problem.Location.Line));
        var gate = Assert.Single(StackText.Web($"{Ready}\nssh: {{keys: ['{Ssh.Keys.Ann}']}}").Ready!.Gates);
        Assert.Equal(new SshGate { VerifyLogin = true, Timeout = TimeSpan.FromSeconds(5) }, gate);
        Assert.Equal("a login by SSH at port 22", gate.Wanted);
    }

    [Fact]
    public void Several_gates_share_a_timeout()
    {
        var ready = StackText.Web("ready: {tcp: [5432, 6379], address: [ipv4, ipv6], timeout: 45s}").Ready!;
        Assert.Equal(TimeSpan.FromSeconds(45), ready.Timeout);
        Assert.Equal(["an open TCP port 5432", "an open TCP port 6379", "an IPv4 address", "an IPv6 address"], ready.Gates.Select(gate => gate.Wanted));
    }

    [Theory]
    [InlineData("ready: {}")]
    [InlineData("ready: []")]
    [InlineData("ready: {agent: false, ssh: no, address: off}")]
    public void No_gate_is_as_if_the_key_were_not_there(string text) => Assert.Null(StackText.Web(text).Ready);

    public static TheoryData<string, HealthProbe> Probes => new()
    {
        { "test: [CMD, pg_isready, -q]", new ExecProbe { Command = ["pg_isready", "-q"] } },
        { "test: [CMD-SHELL, \"pg_isready || exit 1\"]", new ExecProbe { Command = ["/bin/sh", "-c", "pg_isready || exit 1"] } },
        { "test: pg_isready || exit 1", new ExecProbe { Command = ["/bin/sh", "-c", "pg_isready || exit 1"] } },
        { "exec: [pg_isready]", new ExecProbe { Command = ["pg_isready"] } },
        { "exec: pg_isready -q", new ExecProbe { Command = ["/bin/sh", "-c", "pg_isready -q"] } },
        { "tcp: 5432", new TcpProbe { Port = 5432 } },
        { "http: 8080/health", new HttpProbe { Port = 8080, Path = "/health" } },
        { "http: {port: 8080, status: 204}", new HttpProbe { Port = 8080, LeastStatus = 204, MostStatus = 204 } },
    };

    [Theory]
    [MemberData(nameof(Probes))]
    public void A_health_check_is_a_command_a_port_or_a_request(string text, HealthProbe probe) =>
        Assert.Equal(probe, StackText.Web($"healthcheck:\n  {text}").Healthcheck!.Probe);

    [Fact]
    public void A_health_check_has_composes_times_and_counts()
    {
        var plain = StackText.Web("healthcheck: {tcp: 80}").Healthcheck!;
        Assert.Equal((30, 30, 3, 0), (plain.Interval.TotalSeconds, plain.Timeout.TotalSeconds, plain.Retries, plain.StartPeriod.TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(90), plain.Patience);

        var full = StackText.Web("healthcheck: {tcp: 80, interval: 1m30s, timeout: 10s, retries: 2, start_period: 40s, start_interval: 5s}").Healthcheck!;
        Assert.Equal((90, 10, 2, 40, 5), (full.Interval.TotalSeconds, full.Timeout.TotalSeconds, full.Retries, full.StartPeriod.TotalSeconds, full.StartInterval!.Value.TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(220), full.Patience);
    }

    [Theory]
    [InlineData("healthcheck: {test: [NONE]}")]
    [InlineData("healthcheck: {disable: true}")]
    [InlineData("healthcheck: {disable: true, tcp: 80}")]
    public void A_health_check_can_be_switched_off(string text) => Assert.Null(StackText.Web(text).Healthcheck);

    [Fact]
    public void A_shell_line_that_is_composes_word_for_no_check_is_said_to_be_none() =>
        Assert.Equal(
            ("ShellLineNone", DiagnosticSeverity.Warning, "write `[NONE]` for no check"),
            Assert.Single(StackText.Load("instances: {web: {image: x, healthcheck: {test: NONE}}}").Diagnostics) is var found ? (found.Id, found.Severity, found.Advice) : default);

    [Theory]
    [InlineData("started", DependencyCondition.Started)]
    [InlineData("service_started", DependencyCondition.Started)]
    [InlineData("ready", DependencyCondition.Ready)]
    [InlineData("healthy", DependencyCondition.Healthy)]
    [InlineData("service_healthy", DependencyCondition.Healthy)]
    [InlineData("completed", DependencyCondition.Completed)]
    [InlineData("service_completed_successfully", DependencyCondition.Completed)]
    public void A_dependency_has_a_condition_in_our_words_or_composes(string word, DependencyCondition condition) =>
        Assert.Equal(
            new InstanceDependency("db", condition) { Restart = true, Required = false },
            Assert.Single(StackText.Web($"depends_on: {{db: {{condition: {word}, restart: true, required: false}}}}", "  db: {healthcheck: {tcp: 1}}").DependsOn));

    [Fact]
    public void A_dependency_that_is_not_required_need_not_be_in_the_file() =>
        Assert.Equal("cache", Assert.Single(StackText.Web("depends_on: {cache: {required: false}}").DependsOn).Instance);

    [Theory]
    [InlineData("service_healty", "did you mean `service_healthy`?")]
    [InlineData("helthy", "did you mean `healthy`?")]
    [InlineData("done", "write `started`, `ready`, `healthy` or `completed`")]
    public void A_condition_that_is_none_is_answered_with_the_nearest_one(string word, string advice) =>
        Assert.Contains($"`{word}` is not a condition that is known here; {advice}",
            Assert.Single(StackText.Load($"instances: {{web: {{image: x, depends_on: {{db: {{condition: {word}}}}}}}, db: {{image: x, healthcheck: {{test: 'true'}}}}}}").Diagnostics).ToString(), StringComparison.Ordinal);
}
