using System.Globalization;
using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Published ports, in docker's short forms and a long form.</summary>
internal static class PortShapes
{
    private const string ShortForm = "ports such as `8080:80`, `127.0.0.1:8080:80/tcp` or `8000-8010:9000-9010`";

    /// <summary>One item of <c>ports</c> in a word.</summary>
    public static ScalarShape<PortMapping> Short { get; } = new(ShortForm, ParseShort) { ProblemId = "BadPort", Pattern = "^\\S*[0-9]:[0-9]+(-[0-9]+)?(/[A-Za-z]+)?$" };

    /// <summary>One item of <c>ports</c>.</summary>
    public static FormsShape<PortMapping> Port { get; } = new()
    {
        Scalar = Short,
        Mapping = LongForm().Then<Draft, PortMapping>(Complete),
    };

    /// <summary>First port and number of ports.</summary>
    private readonly record struct PortRange(int First, int Count);

    private sealed record Draft
    {
        public PortRange? Target { get; init; }

        public PortRange? Published { get; init; }

        public string HostAddress { get; init; } = "0.0.0.0";

        public string InstanceAddress { get; init; } = "127.0.0.1";

        public string Protocol { get; init; } = "tcp";
    }

    private static ObjectShape<Draft> LongForm()
    {
        var range = new ScalarShape<PortRange>("a port such as `80` or a range such as `8000-8010`", text =>
            ReadRange(text, out var value) is { } problem ? new(default, problem) : new(value))
        { ProblemId = "BadPort", Pattern = "^[0-9]+(-[0-9]+)?$" };
        var protocol = Scalars.Choice(("tcp", "tcp"), ("udp", "udp"));
        return new ObjectShape<Draft>(_ => new Draft())
            .Add("target", range, "The port or range of ports in the instance", (port, value) => port with { Target = value }, required: true)
            .Add("published", range, "The port or range of ports on the host", (port, value) => port with { Published = value }, required: true)
            .Add("host_ip", CommonShapes.AnyAddress, "The host's address to listen on; 0.0.0.0 by default", (port, value) => port with { HostAddress = value })
            .Add("protocol", protocol, "tcp (the default) or udp", (port, value) => port with { Protocol = value })
            .Add("instance_ip", CommonShapes.AnyAddress, "The address in the instance to connect to; 127.0.0.1 by default", (port, value) => port with { InstanceAddress = value })
            .Foreign(ForeignWords.OfPort);
    }

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out PortMapping port)
    {
        port = null!;
        if (draft.Target is not { } target || draft.Published is not { } published)
            return false;
        if (target.Count != published.Count)
        {
            context.Error("BadPort", node, site, $"`published` and `target` have different lengths: {published.Count} and {target.Count}", "give both ranges the same length");
            return false;
        }

        port = Make(draft.HostAddress, published, target, draft.Protocol) with { InstanceAddress = draft.InstanceAddress };
        return true;
    }

    private static PortMapping Make(string hostAddress, PortRange published, PortRange target, string protocol) => new()
    {
        HostAddress = hostAddress,
        HostPort = published.First,
        InstancePort = target.First,
        Count = target.Count,
        Protocol = protocol,
    };

    private static Parsed<PortMapping> ParseShort(string text)
    {
        var protocol = "tcp";
        var rest = text;
        if (text.LastIndexOf('/') is >= 0 and var slash)
        {
            (rest, protocol) = (text[..slash], text[(slash + 1)..].ToLowerInvariant());
            if (protocol is not ("tcp" or "udp"))
                return Problem("names a protocol that cannot be published", "write `tcp` or `udp` after the slash");
        }

        var hostAddress = "0.0.0.0";
        if (rest.StartsWith('['))
        {
            var end = rest.IndexOf("]:", StringComparison.Ordinal);
            if (end < 0 || !Addresses.TryParse(rest.AsSpan(1, end - 1), out var bracketed) || bracketed.AddressFamily != AddressFamily.InterNetworkV6)
                return Problem("has no IPv6 address between its brackets", "write `[::1]:8080:80`");
            (hostAddress, rest) = (rest[1..end], rest[(end + 2)..]);
        }

        var parts = rest.Split(':');
        if (parts.Length > 3)
            return Problem("has too many colons", "put an IPv6 address in brackets, as in `[::1]:8080:80`");
        if (parts.Length == 3)
        {
            if (hostAddress != "0.0.0.0")
                return Problem("has too many colons after the address", $"write {ShortForm}");
            if (!Addresses.TryParse(parts[0], out _))
                return Problem("begins with what is not an IP address", parts[0] == "localhost" ? $"write `127.0.0.1{text["localhost".Length..]}`" : $"write {ShortForm}");
            (hostAddress, parts) = (parts[0], parts[1..]);
        }

        if (parts.Length == 1)
        {
            return ReadRange(parts[0], out _) is { } bad
                ? Problem(bad)
                : Problem("names only one port, but Incus cannot choose the other", $"write the host's port before it, as in `{parts[0]}:{text}`");
        }

        if (parts[0].Length == 0)
            return Problem("leaves the host's port to be chosen, which Incus cannot do", $"write the port, as in `{text.Insert(text.LastIndexOf(':'), parts[1].Length > 0 ? parts[1] : "8080")}`");
        if (parts[1].Length == 0)
            return Problem("leaves out the port in the instance", $"write it after the colon, as in `{text}80`");
        if (ReadRange(parts[0], out var published) is { } badHost)
            return Problem($"does not work: `{parts[0]}` {badHost}", "");
        if (ReadRange(parts[1], out var target) is { } badTarget)
            return Problem($"does not work: `{parts[1]}` {badTarget}", "");
        return published.Count == target.Count
            ? new(Make(hostAddress, published, target, protocol))
            : Problem($"leads {published.Count} ports to {target.Count}", "give both ranges the same length");

        static Parsed<PortMapping> Problem(string problem, string? advice = null) => new(null!, problem, advice);
    }

    /// <summary>Reads <c>80</c> or <c>8000-8010</c>; returns what is wrong with it, or null.</summary>
    private static string? ReadRange(string text, out PortRange range)
    {
        range = default;
        var ends = text.Split('-');
        if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            return "is not a port or a range of ports";
        if (first < 1 || last > 65535)
            return "is not between 1 and 65535";
        if (last < first)
            return "runs backwards";
        range = new PortRange(first, last - first + 1);
        return null;
    }
}
