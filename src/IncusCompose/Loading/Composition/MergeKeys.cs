using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Composition;

/// <summary>What tells the items of a list from one another, so that a file above can change one of them.</summary>
internal static class MergeKeys
{
    /// <summary>The text itself.</summary>
    public static string? Text(DocumentNode item) => (item as ScalarNode)?.Value;

    /// <summary>The name in <c>NAME=value</c>.</summary>
    public static string? Name(DocumentNode item) => item is ScalarNode scalar ? Before(scalar.Value, '=') : null;

    /// <summary>The part before a colon.</summary>
    public static string? BeforeColon(DocumentNode item) => item is ScalarNode scalar ? Before(scalar.Value, ':') : Of(item, "target");

    /// <summary>The name of a network.</summary>
    public static string? Network(DocumentNode item) => Text(item) ?? Of(item, "network");

    /// <summary>A file's path.</summary>
    public static string? Path(DocumentNode item) => Text(item) ?? Of(item, "path");

    /// <summary>Where it is put.</summary>
    public static string? Target(DocumentNode item) => Of(item, "target");

    /// <summary>The path in the instance that something is mounted at.</summary>
    public static string? MountTarget(DocumentNode item)
    {
        var target = item is not ScalarNode scalar ? Of(item, "target") : scalar.Value.Split(':') switch
        {
            [_, var named, ..] => named,
            // What compose gives a volume of its own is the path alone.
            [['/', ..] only] => only,
            _ => null,
        };
        return target is [.. { Length: > 0 } path, '/'] ? path : target;
    }

    /// <summary>The path in the instance that a device of the host stands at.</summary>
    public static string? DeviceTarget(DocumentNode item) =>
        item is ScalarNode scalar ? scalar.Value.Split(':') is [_, var target, ..] ? target : scalar.Value : Of(item, "target");

    /// <summary>The file that a secret is delivered as.</summary>
    public static string? SecretTarget(DocumentNode item) => Delivered(item, "/run/secrets/");

    /// <summary>The file that a config is delivered as.</summary>
    public static string? ConfigTarget(DocumentNode item) => Delivered(item, "/");

    /// <summary>Address, both ports and protocol: whatever form they are written in.</summary>
    public static string? Port(DocumentNode item)
    {
        if (item is ScalarNode scalar)
        {
            return PortShapes.Short.Accepts(scalar.Value) && PortShapes.Short.Read(scalar.Value, "") is var port
                ? PortKey(port.HostAddress, Range(port.HostPort, port.Count), Range(port.InstancePort, port.Count), port.Protocol)
                : null;
        }

        return Of(item, "target") is { } target && Of(item, "published") is { } published
            ? PortKey(Of(item, "host_ip") ?? "0.0.0.0", published, target, Of(item, "protocol") ?? "tcp")
            : null;
    }

    private static string PortKey(string address, string published, string target, string protocol) => $"{address} {published} {target} {protocol}";

    private static string Range(int first, int count) =>
        count == 1 ? first.ToString(System.Globalization.CultureInfo.InvariantCulture) : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{first}-{first + count - 1}");

    private static string? Delivered(DocumentNode item, string folder)
    {
        if (item is ScalarNode scalar)
            return folder + scalar.Value;
        var name = Of(item, "target") ?? Of(item, "source");
        return name is null || name.StartsWith('/') ? name : folder + name;
    }

    private static string? Of(DocumentNode item, string key) => item is MappingNode mapping && mapping.Find(key) is ScalarNode { IsNull: false } value ? value.Value : null;

    private static string Before(string text, char separator) => text.IndexOf(separator) is >= 0 and var end ? text[..end] : text;
}
