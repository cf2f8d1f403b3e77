using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Devices by name: options that are checked, and under <c>config</c> raw ones that are not.</summary>
internal static partial class DeviceShapes
{
    /// <summary>Where the raw options of a device stand.</summary>
    public const string RawWord = "config";

    /// <summary>One device.</summary>
    public static Shape<IReadOnlyDictionary<string, string>> Device { get; } = new DeviceShape();

    /// <summary>What is wrong with a value; null: nothing.</summary>
    public static (string Problem, string Advice)? Check(DeviceOption option, string value)
    {
        switch (option.Form)
        {
            case "bool":
                return Scalars.Boolean.Accepts(value) || value is "0" or "1" ? null : ("is neither true nor false", "write `true` or `false`");
            case "number":
                return Whole().IsMatch(value) ? null : ("is not a whole number", "write one such as `10`");
            case "octal":
                return Octal().IsMatch(value) ? null : ("is no permission", "write one such as `0660`");
            case "size":
                return CommonShapes.Size.Accepts(value) ? null : ("is not a size that Incus knows", ByteSize.Correct(value) is { } correct ? $"write `{correct}`" : $"write {CommonShapes.Size.Wanted}");
            case "rate":
                return DiskShapes.Rate.Accepts(value) ? null : ("is neither a size nor a number of operations", ByteSize.Correct(value) is { } right ? $"write `{right}`" : $"write {DiskShapes.Rate.Wanted}");
            case "mac":
                return CommonShapes.MacAddress.Accepts(value) ? null : ("is not a MAC address", $"write {CommonShapes.MacAddress.Wanted}");
            case "pci":
                return Pci().IsMatch(value) ? null : ("is no PCI address", "write one such as `0000:01:00.0`");
            case "hex4":
                return Hex4().IsMatch(value) ? null : ("is no number of a vendor or product", "write four hexadecimal digits such as `10de`");
            case "endpoint":
                return Endpoint().IsMatch(value) ? null : ("is no address to listen on or connect to", "write one such as `tcp:0.0.0.0:80` or `unix:/run/app.sock`");
            case "path":
                return value.StartsWith('/') ? null : ("is no absolute path", "write one such as `/srv/data`");
            case { } choice when choice.StartsWith("choice:", StringComparison.Ordinal):
                var words = choice["choice:".Length..].Split('|');
                return words.Contains(value) ? null : ("is not known here", Diagnostics.Suggestions.DidYouMean(value, words, $"write one of: {string.Join(", ", words)}"));
            default:
                return null;
        }
    }

    [GeneratedRegex("^-?[0-9]{1,19}\\z")]
    private static partial Regex Whole();

    [GeneratedRegex("^[0-7]{3,4}\\z")]
    private static partial Regex Octal();

    [GeneratedRegex("^([0-9A-Fa-f]{4}:)?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-9A-Fa-f]\\z")]
    private static partial Regex Pci();

    [GeneratedRegex("^[0-9A-Fa-f]{4}\\z")]
    private static partial Regex Hex4();

    [GeneratedRegex("^((tcp|udp):.+:[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*|unix:[/@].+)\\z")]
    private static partial Regex Endpoint();

    /// <summary>Incus's options, each a scalar, or a list of what Incus separates by commas.</summary>
    private sealed class DeviceShape : Shape<IReadOnlyDictionary<string, string>>
    {
        private readonly MapShape<string> _raw = CommonShapes.Config("io.threads: 4");
        private readonly ListShape<string> _list = new(CommonShapes.ConfigValue, "[a, b]");

        public override string Wanted => "a mapping such as `type: disk`";

        public override JsonObject Schema(SchemaParts parts)
        {
            var value = JsonSchemas.OfTypes("string", "number", "boolean", "array");
            value["items"] = parts.Of(CommonShapes.ConfigValue);
            return new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["type"] = parts.Of(CommonShapes.ConfigValue), [RawWord] = parts.Of(_raw).OrNull() },
                ["additionalProperties"] = value,
            };
        }

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> value)
        {
            value = Maps.Empty;
            if (node is not MappingNode mapping)
            {
                context.WrongKind(node, site, Wanted);
                return false;
            }

            var options = new Dictionary<string, string>(StringComparer.Ordinal);
            IReadOnlyDictionary<string, string> raw = Maps.Empty;
            foreach (var entry in mapping.Entries)
            {
                var key = entry.Key.Value;
                var keySite = site.At(key);
                context.Locate(keySite, entry.Place());
                if (key == RawWord && entry.Value is MappingNode)
                    _raw.TryBind(entry.Value, keySite, context, out raw);
                else if (entry.Value is SequenceNode)
                    options[key] = _list.TryBind(entry.Value, keySite, context, out var items) ? string.Join(',', items) : "";
                else if (CommonShapes.ConfigValue.TryBind(entry.Value, keySite, context, out var option))
                    options[key] = Normal(key, option);
            }

            foreach (var (key, option) in raw)
                options[key] = option;
            value = options.AsReadOnly();
            return true;
        }

        // As the server writes it, so that it is not taken for drift.
        private static string Normal(string key, string value) =>
            key is "pci" or "address" && Pci().IsMatch(value) ? DeviceOptions.FullPciAddress(value) : value;
    }
}
