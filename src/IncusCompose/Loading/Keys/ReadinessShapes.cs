using System.Globalization;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>When an instance is ready, and how to tell that it is healthy.</summary>
internal static partial class ReadinessShapes
{
    private const string HttpExample = "`8080/health` or `https:8443/`";

    private static readonly string[] s_words = ["address", "ipv4", "ipv6", "agent", "cloud_init", "ssh", "ssh:PORT", "tcp:PORT", "http:PORT/PATH", "https:PORT/PATH", "guest", "healthy"];

    // These stand first: what is below is made of them.
    private static ScalarShape<int> Port { get; } = new("a port such as `5432`", text =>
        TryPort(text, out var port) ? new(port) : new(0, "is not a port from 1 to 65535"))
    { ProblemId = "BadPort", Pattern = "^[0-9]+$" };

    private static ScalarShape<HttpProbe> HttpText { get; } = new($"a port and path such as {HttpExample}", text =>
        ParseHttp(text) is { } probe ? new(probe) : new(null!, "is not a port and a path", $"write {HttpExample}"))
    { ProblemId = "BadGate" };

    private static FormsShape<HttpProbe> Http { get; } = new() { Scalar = HttpText, Mapping = HttpForm() };

    /// <summary>A length of time.</summary>
    public static ScalarShape<TimeSpan> Time { get; } = new("a time such as `30s`, `1m30s`, `500ms` or `30` (seconds)", text =>
        Duration.TryParse(text, out var value) ? new(value) : new(default, "is not a length of time"))
    { ProblemId = "BadDuration", Pattern = "^[0-9.]+[a-zµ]*([0-9.]+[a-zµ]+)*$" };

    /// <summary>A gate in its short form, as in files and on the command line.</summary>
    public static ScalarShape<ReadinessGate> Gate { get; } = new("a gate such as `address`, `ssh`, `tcp:5432` or `http:8080/health`", ParseGate) { ProblemId = "BadGate" };

    /// <summary>The value of <c>ready</c>.</summary>
    public static FormsShape<ReadinessDefinition> Ready { get; } = new()
    {
        Scalar = Gate.As(gate => new ReadinessDefinition { Gates = [gate] }),
        Sequence = new ListShape<ReadinessGate>(Gate, "[address, \"tcp:5432\"]").As(gates => new ReadinessDefinition { Gates = [.. gates.Where(gate => (ReadinessGate?)gate is not null)] }),
        Mapping = LongForm(),
    };

    /// <summary>The value of <c>healthcheck</c>; null inside: there is none.</summary>
    public static Shape<HealthWord> Healthcheck { get; } = HealthcheckForm();

    private static ObjectShape<ReadinessDefinition> LongForm()
    {
        static ReadinessDefinition With(ReadinessDefinition ready, IEnumerable<ReadinessGate> gates) => ready with { Gates = [.. ready.Gates, .. gates] };

        var family = new ScalarShape<AddressGate?>("`true`, `ipv4` or `ipv6`", text => text.ToLowerInvariant() switch
        {
            "ipv4" => new(new AddressGate { Family = AddressFamilyChoice.Ipv4 }),
            "ipv6" => new(new AddressGate { Family = AddressFamilyChoice.Ipv6 }),
            "true" or "yes" or "on" or "any" => new(new AddressGate()),
            "false" or "no" or "off" => new(null),
            _ => new(null, "is not known here"),
        })
        { ProblemId = "BadGate" };
        var address = new FormsShape<IReadOnlyList<AddressGate>>
        {
            Scalar = family.As<AddressGate?, IReadOnlyList<AddressGate>>(gate => gate is null ? [] : [gate]),
            Sequence = new ListShape<AddressGate>(new FormsShape<AddressGate> { Scalar = family.As(gate => gate!), Mapping = AddressForm() }, "[ipv4, ipv6]"),
            Mapping = AddressForm().As<AddressGate, IReadOnlyList<AddressGate>>(gate => [gate]),
        };
        var ssh = new FormsShape<SshGate?>
        {
            Scalar = new ScalarShape<SshGate?>("`true`, or a port such as `2222`", text => text.ToLowerInvariant() switch
            {
                "true" or "yes" or "on" => new(new SshGate()),
                "false" or "no" or "off" => new(null),
                _ => TryPort(text, out var port) ? new(new SshGate { Port = port }) : new(null, "is not a port from 1 to 65535"),
            })
            { ProblemId = "BadPort" },
            Mapping = new ObjectShape<SshGate>(_ => new SshGate())
                .Add("port", Port, "The port; 22 where the key is missing", (gate, value) => gate with { Port = value })
                .Add("verify_login", Scalars.Boolean, "Whether the user of `ssh` must have logged in from here", (gate, value) => gate with { VerifyLogin = value })
                .Add("timeout", Time, "How long it may take", (gate, value) => gate with { Timeout = value })
                .As(gate => (SshGate?)gate),
        };
        var tcpForm = new FormsShape<TcpGate>
        {
            Scalar = Port.As(port => new TcpGate { Port = port }),
            Mapping = new ObjectShape<TcpGate>(_ => new TcpGate { Port = 0 })
                .Add("port", Port, "The port", (gate, value) => gate with { Port = value }, required: true)
                .Add("timeout", Time, "How long it may take", (gate, value) => gate with { Timeout = value }),
        };
        var tcp = new FormsShape<IReadOnlyList<TcpGate>>
        {
            Scalar = tcpForm.Scalar.As<TcpGate, IReadOnlyList<TcpGate>>(gate => [gate]),
            Sequence = new ListShape<TcpGate>(tcpForm, "[5432, 6379]"),
            Mapping = tcpForm.Mapping.As<TcpGate, IReadOnlyList<TcpGate>>(gate => [gate]),
        };
        var httpForm = new FormsShape<HttpGate>
        {
            Scalar = HttpText.As(probe => new HttpGate { Request = probe }),
            Mapping = HttpGateForm(),
        };
        var http = new FormsShape<IReadOnlyList<HttpGate>>
        {
            Scalar = httpForm.Scalar.As<HttpGate, IReadOnlyList<HttpGate>>(gate => [gate]),
            Sequence = new ListShape<HttpGate>(httpForm, "[\"8080/health\"]"),
            Mapping = httpForm.Mapping.As<HttpGate, IReadOnlyList<HttpGate>>(gate => [gate]),
        };
        return new ObjectShape<ReadinessDefinition>(_ => new ReadinessDefinition { Gates = [] })
            .Add("address", address, "An address: any, of a family, on an interface", (ready, gates) => With(ready, gates.Where(gate => (AddressGate?)gate is not null)))
            .Add("agent", Switch<AgentGate>(), "A virtual machine's agent", (ready, gate) => With(ready, Some(gate)))
            .Add("cloud_init", Switch<CloudInitGate>(), "The end of cloud-init, without errors", (ready, gate) => With(ready, Some(gate)))
            .Add("guest", Switch<GuestGate>(), "The guest's own word that it is ready, by `/dev/incus`", (ready, gate) => With(ready, Some(gate)))
            .Add("ssh", ssh, "The greeting of an SSH server", (ready, gate) => With(ready, Some(gate)))
            .Add("tcp", tcp, "An open TCP port", (ready, gates) => With(ready, gates.Where(gate => (TcpGate?)gate is not null)))
            .Add("http", http, "A web server's answer", (ready, gates) => With(ready, gates.Where(gate => (HttpGate?)gate is not null)))
            .Add("healthy", Switch<HealthGate>(), "Success of its `healthcheck`", (ready, gate) => With(ready, Some(gate)))
            .Add("timeout", Time, "How long each may take that does not say so itself; 2 minutes, and 10 for cloud-init", (ready, value) => ready with { Timeout = value })
            .Foreign("cloud-init", "write `cloud_init`")
            .Foreign("health", "write `healthy`");

        static IEnumerable<ReadinessGate> Some(ReadinessGate? gate) => gate is null ? [] : [gate];
    }

    private static ScalarShape<T?> Switch<T>()
        where T : ReadinessGate, new() => new("`true`, or how long it may take such as `5m`", text => text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => new(new T()),
            "false" or "no" or "off" => new(null),
            _ => Duration.TryParse(text, out var timeout) ? new(new T { Timeout = timeout }) : new(null, "is neither true nor a length of time"),
        })
        { ProblemId = "BadGate" };

    private static ObjectShape<AddressGate> AddressForm() => new ObjectShape<AddressGate>(_ => new AddressGate())
        .Add("nic", Scalars.Word("an interface's name such as `eth0`"), "The interface; any where the key is missing", (gate, value) => gate with { Nic = value })
        .Add("family", Scalars.Choice(("any", AddressFamilyChoice.Any), ("ipv4", AddressFamilyChoice.Ipv4), ("ipv6", AddressFamilyChoice.Ipv6)), "`ipv4`, `ipv6` or `any`", (gate, value) => gate with { Family = value })
        .Add("timeout", Time, "How long it may take", (gate, value) => gate with { Timeout = value });

    private static ObjectShape<HttpProbe> HttpForm() => AddHttp(new ObjectShape<HttpProbe>(_ => new HttpProbe { Port = 0 }), (probe, change) => change(probe));

    private static ObjectShape<HttpGate> HttpGateForm() =>
        AddHttp(new ObjectShape<HttpGate>(_ => new HttpGate { Request = new HttpProbe { Port = 0 } }), (gate, change) => gate with { Request = change(gate.Request) })
            .Add("timeout", Time, "How long it may take", (gate, value) => gate with { Timeout = value });

    private static ObjectShape<T> AddHttp<T>(ObjectShape<T> shape, Func<T, Func<HttpProbe, HttpProbe>, T> edit)
    {
        var path = new ScalarShape<string>("a path such as `/health`", text => text.StartsWith('/') ? new(text) : new("", "does not begin with a slash", $"write `/{text}`")) { Pattern = "^/" };
        var status = new ScalarShape<(int Least, int Most)>("a status such as `200`, or a range such as `200-299`", text =>
            Statuses().Match(text) is { Success: true } match
                ? (Number(match.Groups["least"].Value), Number(match.Groups["most"] is { Success: true } most ? most.Value : match.Groups["least"].Value)) is var range && range.Item1 <= range.Item2
                    ? new(range)
                    : new(default, "is an empty range")
                : new(default, "is no HTTP status"))
        { ProblemId = "BadStatus", Pattern = "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$", Range = (100, 599) };
        return shape
            .Add("port", Port, "The port", (record, value) => edit(record, probe => probe with { Port = value }), required: true)
            .Add("path", path, "The path; `/` where the key is missing", (record, value) => edit(record, probe => probe with { Path = value }))
            .Add("status", status, "The status, or range of them, that counts; `200-399` where the key is missing", (record, value) => edit(record, probe => probe with { LeastStatus = value.Least, MostStatus = value.Most }))
            .Add("tls", Scalars.Boolean, "Whether to speak https; its certificate is not checked", (record, value) => edit(record, probe => probe with { Tls = value }));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>What to write where nothing is to be checked.</summary>
    internal const string NameCheck = "write one of `test`, `exec`, `tcp` and `http`";

    /// <summary>The value of <c>healthcheck</c>: a check, or when that of the image is made; neither for no check at all.</summary>
    internal sealed record HealthWord(HealthCheckDefinition? Check, HealthTiming? Timing);

    private sealed record Draft
    {
        public HealthTiming Timing { get; init; } = new();

        public IReadOnlyList<HealthProbe> Probes { get; init; } = [];

        public bool Disabled { get; init; }
    }

    private static Shape<HealthWord> HealthcheckForm()
    {
        static Draft With(Draft draft, HealthProbe probe) => draft with { Probes = [.. draft.Probes, probe] };

        var test = new FormsShape<IReadOnlyList<string>>
        {
            Scalar = Scalars.Word("a shell line such as `pg_isready -U app`").As<string, IReadOnlyList<string>>(line => ["CMD-SHELL", line]),
            Sequence = new ListShape<string>(Scalars.Text, "[CMD, pg_isready, -U, app]"),
        };
        var exec = new FormsShape<IReadOnlyList<string>>
        {
            Scalar = Scalars.Word("a shell line such as `pg_isready -U app`").As<string, IReadOnlyList<string>>(line => ["/bin/sh", "-c", line]),
            Sequence = new ListShape<string>(Scalars.Text, "[pg_isready, -U, app]"),
        };
        var retries = Scalars.Number("a number of checks such as `3`", 1, 1000);
        return new ObjectShape<Draft>(_ => new Draft())
            .Add("test", test.Then<IReadOnlyList<string>, IReadOnlyList<string>>(ReadTest), "A command in the instance, in compose's words: `[CMD, …]`, `[CMD-SHELL, …]`, `[NONE]`, or a shell line",
                (draft, command) => command.Count == 0 ? draft with { Disabled = true } : With(draft, new ExecProbe { Command = command }))
            .Add("exec", exec, "A command in the instance: its words, or a shell line", (draft, command) => With(draft, new ExecProbe { Command = command }))
            .Add("tcp", Port, "A TCP port that takes connections", (draft, port) => With(draft, new TcpProbe { Port = port }))
            .Add("http", Http, "A web server's answer", With)
            .Add("interval", Time, "Time between two checks; 30s where the key is missing", (draft, value) => draft with { Timing = draft.Timing with { Interval = value } })
            .Add("timeout", Time, "How long one check may take; 30s where the key is missing", (draft, value) => draft with { Timing = draft.Timing with { Timeout = value } })
            .Add("retries", retries, "How many checks in a row must fail; 3 where the key is missing", (draft, value) => draft with { Timing = draft.Timing with { Retries = value } })
            .Add("start_period", Time, "How long after a start failures do not count; 0s where the key is missing", (draft, value) => draft with { Timing = draft.Timing with { StartPeriod = value } })
            .Add("start_interval", Time, "Longest time between two checks while it comes up", (draft, value) => draft with { Timing = draft.Timing with { StartInterval = value } })
            .Add("disable", Scalars.Boolean, "Whether to have no check", (draft, value) => draft with { Disabled = draft.Disabled || value })
            .Then<Draft, HealthWord>(Complete);
    }

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out HealthWord word)
    {
        word = new HealthWord(null, null);
        if (draft.Disabled)
            return true;
        // A check that could not be read has been reported.
        if (draft.Probes.Count == 0 && node is MappingNode mapping && mapping.Entries.Any(entry => entry.Key.Value is "test" or "exec" or "tcp" or "http"))
            return false;
        if (draft.Probes.Count > 1 || (draft.Probes.Count == 0 && draft.Timing == new HealthTiming()))
        {
            context.Error("BadHealthcheck", node, site,
                draft.Probes.Count == 0 ? "it says nothing to check" : "it says more than one thing to check",
                NameCheck);
            return false;
        }

        if (draft.Timing.Interval <= TimeSpan.Zero || draft.Timing.Timeout <= TimeSpan.Zero)
        {
            var zero = draft.Timing.Interval <= TimeSpan.Zero ? "interval" : "timeout";
            context.Error("BadDuration", node, site.At(zero), "it may not be 0", $"leave `{zero}` out for 30s");
            return false;
        }

        // Without a check of its own, the image's is made at these times.
        word = draft.Probes.Count == 0 ? new HealthWord(null, draft.Timing) : new HealthWord(draft.Timing.Over(new HealthCheckDefinition { Probe = draft.Probes[0] }), null);
        return true;
    }

    /// <summary>compose's forms of a test as a command; no words for no check.</summary>
    private static bool ReadTest(IReadOnlyList<string> test, DocumentNode node, Site site, BindingContext context, out IReadOnlyList<string> command)
    {
        command = [];
        switch (test)
        {
            case ["NONE"]:
                return true;
            case ["CMD", _, ..]:
                command = [.. test.Skip(1)];
                return true;
            case ["CMD-SHELL", var line]:
                if (line == "NONE")
                    context.Warning("ShellLineNone", node, site, "it is a shell line that runs a program NONE", "write `[NONE]` for no check");
                command = ["/bin/sh", "-c", line];
                return true;
            default:
                context.Error("BadHealthcheck", node, site, test is ["CMD" or "CMD-SHELL", ..] ? $"`{test[0]}` is followed by too {(test.Count == 1 ? "little" : "much")}" : "the list does not begin with `CMD`, `CMD-SHELL` or `NONE`",
                    "write `[CMD, program, argument]`, `[CMD-SHELL, \"shell line\"]`, or the shell line alone");
                return false;
        }
    }

    private static Parsed<ReadinessGate> ParseGate(string text)
    {
        var (word, rest) = text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (text[..colon], text[(colon + 1)..]) : (text, null);
        ReadinessGate? gate = (word, rest) switch
        {
            ("address", null) => new AddressGate(),
            ("ipv4", null) => new AddressGate { Family = AddressFamilyChoice.Ipv4 },
            ("ipv6", null) => new AddressGate { Family = AddressFamilyChoice.Ipv6 },
            ("agent", null) => new AgentGate(),
            ("cloud_init" or "cloud-init", null) => new CloudInitGate(),
            ("guest", null) => new GuestGate(),
            ("healthy", null) => new HealthGate(),
            ("ssh", null) => new SshGate(),
            ("ssh", { } port) when TryPort(port, out var number) => new SshGate { Port = number },
            ("tcp", { } port) when TryPort(port, out var number) => new TcpGate { Port = number },
            ("http" or "https", { }) when ParseHttp(text) is { } probe => new HttpGate { Request = probe },
            _ => null,
        };
        if (gate is not null)
            return new(gate);
        return word is "ssh" or "tcp" or "http" or "https"
            ? new(null!, "has no port from 1 to 65535", $"write `{word}:{(word == "tcp" ? "5432" : word == "ssh" ? "2222" : "8080/health")}`")
            : new(null!, "is no gate", Diagnostics.Suggestions.DidYouMean(word, [.. s_words.Select(known => known.Split(':')[0]).Distinct()], $"write one of: {string.Join(", ", s_words)}"));
    }

    /// <summary><c>8080</c>, <c>8080/path</c>, <c>http:8080/path</c>, <c>https://:8443/path</c>.</summary>
    internal static HttpProbe? ParseHttp(string text) =>
        HttpForms().Match(text) is { Success: true } match && TryPort(match.Groups["port"].Value, out var port)
            ? new HttpProbe
            {
                Port = port,
                Tls = match.Groups["scheme"].Value == "https",
                Path = match.Groups["path"] is { Length: > 0 } path ? path.Value : "/",
            }
            : null;

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    [GeneratedRegex(@"^((?<scheme>https?):(//:)?)?(?<port>[0-9]{1,5})(?<path>/\S*)?\z")]
    private static partial Regex HttpForms();

    [GeneratedRegex(@"^(?<least>[1-5][0-9]{2})(-(?<most>[1-5][0-9]{2}))?\z")]
    private static partial Regex Statuses();
}
