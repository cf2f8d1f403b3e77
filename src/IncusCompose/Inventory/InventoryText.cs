using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Inventory;

/// <summary>Writes inventories. Source: Ansible's documentation of the inventory plugins yaml, ini and script.</summary>
public static partial class InventoryText
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions s_line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Write(AnsibleInventory inventory, InventoryFormat format, IDocumentFormat documents) => format switch
    {
        InventoryFormat.Yaml => Yaml(inventory, documents),
        InventoryFormat.Ini => Ini(inventory),
        _ => Json(inventory),
    };

    /// <summary>The variables of one host, as an inventory script answers <c>--host NAME</c>; none for a host that is not there.</summary>
    /// <param name="inventory">The inventory.</param>
    /// <param name="host">The host's name.</param>
    public static string Host(AnsibleInventory inventory, string host)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        return (inventory.Hosts.TryGetValue(host, out var variables) ? ToJson(variables) : []).ToJsonString(s_json);
    }

    private static string Json(AnsibleInventory inventory)
    {
        var root = new JsonObject
        {
            ["_meta"] = new JsonObject { ["hostvars"] = new JsonObject(inventory.Hosts.Select(host => KeyValuePair.Create<string, JsonNode?>(host.Key, ToJson(host.Value)))) },
            ["all"] = new JsonObject { ["hosts"] = Names(inventory.Hosts.Keys), ["children"] = Names(inventory.Groups.Keys) },
        };
        foreach (var (group, hosts) in inventory.Groups)
            root[group] = new JsonObject { ["hosts"] = Names(hosts) };
        return root.ToJsonString(s_json);

        static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode?)name)]);
    }

    private static JsonObject ToJson(IReadOnlyDictionary<string, object> variables) =>
        new(variables.Select(variable => KeyValuePair.Create(variable.Key, ToJson(variable.Value))));

    private static JsonNode? ToJson(object value) => value switch
    {
        int number => JsonValue.Create(number),
        IReadOnlyDictionary<string, string> map => new JsonObject(map.Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Key, entry.Value))),
        _ => JsonValue.Create((string)value),
    };

    private static string Yaml(AnsibleInventory inventory, IDocumentFormat documents)
    {
        var root = Map(("all", Map(
            ("hosts", Map([.. inventory.Hosts.Select(host => (host.Key, (DocumentNode)Map([.. host.Value.Select(variable => (variable.Key, ToNode(variable.Value)))])))])),
            ("children", Map([.. inventory.Groups.Select(group => (group.Key, (DocumentNode)Map(("hosts", Map([.. group.Value.Select(host => (host, (DocumentNode)Map()))])))))])))));
        using var text = new StringWriter { NewLine = "\n" };
        documents.Write(root, text);
        return text.ToString();
    }

    private static DocumentNode ToNode(object value) => value switch
    {
        int number => new ScalarNode(SourceLocation.None, number.ToString(CultureInfo.InvariantCulture)),
        IReadOnlyDictionary<string, string> map => Map([.. map.Select(entry => (entry.Key, (DocumentNode)Quoted(entry.Value)))]),
        _ => Quoted((string)value),
    };

    /// <summary>Text that stays text, whatever it looks like.</summary>
    private static ScalarNode Quoted(string text) => new(SourceLocation.None, text, ScalarStyle.Quoted);

    private static MappingNode Map(params (string Key, DocumentNode Value)[] entries) =>
        new(SourceLocation.None, [.. entries.Select(entry => new MappingEntry(new ScalarNode(SourceLocation.None, entry.Key), entry.Value))]);

    internal static string Ini(AnsibleInventory inventory)
    {
        var text = new StringBuilder();
        foreach (var (host, variables) in inventory.Hosts)
        {
            text.Append(host);
            foreach (var (name, value) in variables)
                text.Append(' ').Append(name).Append('=').Append(Literal(value));
            text.Append('\n');
        }

        foreach (var (group, hosts) in inventory.Groups)
        {
            text.Append("\n[").Append(group).Append("]\n");
            foreach (var host in hosts)
                text.Append(host).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>
    /// A value as the plugin takes it: words as a shell splits them, of which each is read as a Python literal where it is one.
    /// </summary>
    private static string Literal(object value)
    {
        if (value is string word && Word().IsMatch(word) && word is not ("True" or "False" or "None"))
            return word;
        var literal = value switch
        {
            int number => number.ToString(CultureInfo.InvariantCulture),
            IReadOnlyDictionary<string, string> map => JsonSerializer.Serialize(map, s_line),
            _ => JsonSerializer.Serialize((string)value, s_line),
        };
        return value is int ? literal : $"'{literal.Replace("'", "\\u0027", StringComparison.Ordinal)}'";
    }

    // Text that neither a shell nor Python takes for anything else.
    [GeneratedRegex("^([A-Za-z/][A-Za-z0-9_./@:-]*|[0-9]+(\\.[0-9]+){3})\\z")]
    private static partial Regex Word();
}
