using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Shapes that keys of several kinds share.</summary>
internal static partial class CommonShapes
{
    private const string Units = "| bytes|B|[kMGTPE]B|[KMGTPE]iB";

    /// <summary>A size in Incus's units.</summary>
    public static ScalarShape<string> Size { get; } = new("a size such as `10GiB` or `512MiB`", ParseSize) { ProblemId = "BadSize", Pattern = "^[0-9]{1,19}(" + Units + ")$" };

    /// <summary>A size, or a part of what the host has.</summary>
    public static ScalarShape<string> SizeOrPercentage { get; } = new(
        "a size such as `512MiB` or a percentage such as `20%`",
        text => Percentage().IsMatch(text) ? new(text) : ParseSize(text))
    { ProblemId = "BadSize", Pattern = "^(([0-9]{1,2}|100)%|[0-9]{1,19}(" + Units + "))$" };

    /// <summary>An IPv4 address without prefix length.</summary>
    public static ScalarShape<string> Ipv4Address { get; } = Address("an IPv4 address such as `10.20.0.10`", AddressFamily.InterNetwork);

    /// <summary>An IPv6 address without prefix length.</summary>
    public static ScalarShape<string> Ipv6Address { get; } = Address("an IPv6 address such as `fd42::10`", AddressFamily.InterNetworkV6);

    /// <summary>An IPv4 or IPv6 address.</summary>
    public static ScalarShape<string> AnyAddress { get; } = Address("an IP address such as `127.0.0.1` or `::1`", null);

    /// <summary>A MAC address with colons, in small letters as Incus keeps it.</summary>
    public static ScalarShape<string> MacAddress { get; } = new("a MAC address such as `10:66:6a:00:00:01`", text =>
        Mac().IsMatch(text)
            ? new(text.ToLowerInvariant())
            : new("", "is not a MAC address", MacWithDashes().IsMatch(text) ? $"write `{text.Replace('-', ':').ToLowerInvariant()}`" : null))
    { ProblemId = "BadMac", Pattern = "^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$" };

    /// <summary>A network as a router's address with prefix length, or Incus's words for "choose one" and "none".</summary>
    public static ScalarShape<string> NetworkAddress(AddressFamily family)
    {
        var example = family == AddressFamily.InterNetwork ? "10.20.0.1/24" : "fd42:1::1/64";
        return new ScalarShape<string>($"an address with prefix length such as `{example}`, `auto` or `none`", text =>
            text is "auto" or "none" || Cidr.TryParse(text, family, out _) ? new(text) : new("", "is not an address with prefix length"))
        { ProblemId = "BadCidr", Pattern = family == AddressFamily.InterNetwork ? "^(auto|none|[0-9.]+/[0-9]+)$" : "^(auto|none|[0-9A-Fa-f:.]+/[0-9]+)$" };
    }

    /// <summary>A configuration, device or environment value: whatever scalar, as text.</summary>
    public static Shape<string> ConfigValue { get; } = new ConfigValueShape();

    /// <summary>Raw configuration.</summary>
    public static MapShape<string> Config(string example) => new(ConfigValue, example);

    /// <summary>Devices by name.</summary>
    public static MapShape<IReadOnlyDictionary<string, string>> Devices { get; } = new(DeviceShapes.Device, "eth0: {type: nic, network: lan}");

    /// <summary>Variables: a mapping, or a list of <c>NAME=value</c>. A name without a value takes the environment's.</summary>
    public static FormsShape<IReadOnlyDictionary<string, string>> Environment { get; } = new()
    {
        Sequence = new AssignmentListShape("text such as `NAME=value`", "the instance"),
        Mapping = new AssignmentMapShape("NAME: value", "the instance"),
    };

    /// <summary>The same for the arguments of a build.</summary>
    public static FormsShape<IReadOnlyDictionary<string, string>> BuildArguments { get; } = new()
    {
        Sequence = new AssignmentListShape("text such as `NAME=value`", "the build"),
        Mapping = new AssignmentMapShape("NAME: value", "the build"),
    };

    /// <summary>Labels: a mapping, or a list of <c>name=value</c>. A name without a value has an empty one.</summary>
    public static FormsShape<IReadOnlyDictionary<string, string>> Labels { get; } = new()
    {
        Sequence = new AssignmentListShape("text such as `name=value`", null),
        Mapping = new AssignmentMapShape("name: value", null),
    };

    private static Parsed<string> ParseSize(string text)
    {
        if (ByteSize.TryParse(text, out _))
            return new(text);
        return new("", "is not a size that Incus knows", ByteSize.Correct(text) is { } correct ? $"write `{correct}`" : null);
    }

    private static ScalarShape<string> Address(string wanted, AddressFamily? family) => new(wanted, text =>
    {
        if (Addresses.TryParse(text, out var address) && (family is null || address.AddressFamily == family))
            return new(text);
        var withoutPrefix = text.Split('/')[0];
        return text.Contains('/', StringComparison.Ordinal) && Addresses.TryParse(withoutPrefix, out _)
            ? new("", "has a prefix length, which belongs to the network", $"write `{withoutPrefix}`")
            : new("", "is not " + wanted[..wanted.IndexOf(" such", StringComparison.Ordinal)]);
    })
    { ProblemId = "BadAddress", Pattern = family switch { AddressFamily.InterNetwork => "^[0-9]+(\\.[0-9]+){3}$", AddressFamily.InterNetworkV6 => "^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%.*)?$", _ => "^[0-9A-Fa-f:.]+(%.*)?$" } };

    [GeneratedRegex("^([0-9]{1,2}|100)%\\z")]
    private static partial Regex Percentage();

    [GeneratedRegex("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}\\z")]
    private static partial Regex Mac();

    [GeneratedRegex("^([0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}\\z")]
    private static partial Regex MacWithDashes();

    /// <summary>Text as written, but without quotes in Incus's spelling of true and false.</summary>
    private sealed class ConfigValueShape : Shape<string>
    {
        public override string Wanted => "text, a number, `true` or `false`";

        public override JsonObject Schema(SchemaParts parts) => JsonSchemas.OfTypes("string", "number", "boolean");

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out string value)
        {
            value = "";
            if (node is not ScalarNode { IsNull: false } scalar)
            {
                context.WrongKind(node, site, node is ScalarNode ? $"{Wanted}, or `\"\"` for an empty one" : Wanted);
                return false;
            }

            value = (scalar.Style, scalar.Value) switch
            {
                (ScalarStyle.Plain, "True" or "TRUE") => "true",
                (ScalarStyle.Plain, "False" or "FALSE") => "false",
                _ => scalar.Value,
            };
            return true;
        }
    }

    /// <summary><c>NAME=value</c> items.</summary>
    /// <param name="item">What to write.</param>
    /// <param name="receiver">Who gets the environment's value for a name without one; null: it is empty.</param>
    private sealed class AssignmentListShape(string item, string? receiver) : Shape<IReadOnlyDictionary<string, string>>
    {
        private readonly ScalarShape<string> _item = Scalars.Word(item);

        public override string Wanted => $"a list of {item}";

        public override JsonObject Schema(SchemaParts parts) => new() { ["type"] = "array", ["items"] = parts.Of(_item) };

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> value)
        {
            var assignments = new Dictionary<string, string>(StringComparer.Ordinal);
            value = assignments.AsReadOnly();
            if (node is not SequenceNode sequence)
            {
                context.WrongKind(node, site, Wanted);
                return false;
            }

            for (var i = 0; i < sequence.Items.Count; i++)
            {
                var itemNode = sequence.Items[i];
                if (!_item.TryBind(itemNode, site.At(i), context, out var text))
                    continue;
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0 && itemNode is ScalarNode { Template: not null } secret)
                {
                    context.Error("SecretName", itemNode, site.At(i), $"{BindingContext.Excerpt(secret, site)} stands for a secret, which is no name",
                        "write the name, and the variable after an equals sign");
                    continue;
                }

                var name = equals < 0 ? text : text[..equals];
                var nameSite = site.At(name);
                context.Locate(nameSite, itemNode.Location);
                var assigned = equals < 0 ? Valueless(name, receiver, itemNode, nameSite, context) : text[(equals + 1)..];
                if (assigned is null)
                    continue;
                if (!assignments.TryAdd(name, assigned))
                    context.Error("DuplicateKey", itemNode, nameSite, $"`{name}` is set twice in this list", "remove one of the two");
            }

            return true;
        }
    }

    /// <summary><c>NAME: value</c> entries.</summary>
    /// <param name="example">What to write.</param>
    /// <param name="receiver">As of a list.</param>
    private sealed class AssignmentMapShape(string example, string? receiver) : Shape<IReadOnlyDictionary<string, string>>
    {
        public override string Wanted => $"a mapping such as `{example}`";

        public override JsonObject Schema(SchemaParts parts) => new() { ["type"] = "object", ["additionalProperties"] = parts.Of(ConfigValue).OrNull() };

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> value)
        {
            var assignments = new Dictionary<string, string>(StringComparer.Ordinal);
            value = assignments.AsReadOnly();
            if (node is not MappingNode mapping)
            {
                context.WrongKind(node, site, Wanted);
                return false;
            }

            foreach (var entry in mapping.Entries)
            {
                var name = entry.Key.Value;
                var nameSite = site.At(name);
                context.Locate(nameSite, entry.Place());
                if (entry.Value is ScalarNode { IsNull: true })
                {
                    if (Valueless(name, receiver, entry.Key, nameSite, context) is { } taken)
                        assignments[name] = taken;
                }
                else if (ConfigValue.TryBind(entry.Value, nameSite, context, out var assigned))
                {
                    assignments[name] = assigned;
                }
            }

            return true;
        }
    }

    private static string? Valueless(string name, string? receiver, DocumentNode node, Site site, BindingContext context)
    {
        if (receiver is null)
            return "";
        var outer = context.Enter(node);
        var value = context.Variables(name);
        context.Leave(outer);
        if (value is null)
        {
            context.Warning("UnsetVariable", node, site, $"the variable {name} is not set here, so {receiver} does not get it",
                $"set it, or write `{name}=` for an empty one");
        }

        return value;
    }
}
