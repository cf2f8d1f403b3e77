using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Documents;

/// <summary>Free values of a file as JSON and back: unquoted scalars are what YAML 1.1 takes them for, as in Ansible's own files.</summary>
internal static partial class PlainValues
{
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value of a node; false where a part of it could not be used, which has been reported.</summary>
    public static bool TryRead(DocumentNode node, out JsonNode? value)
    {
        value = null;
        switch (node)
        {
            case ScalarNode { IsNull: true }:
                return true;
            case ScalarNode scalar:
                value = Scalar(scalar);
                return true;
            case SequenceNode sequence:
                var list = new JsonArray();
                value = list;
                foreach (var item in sequence.Items)
                {
                    if (!TryRead(item, out var read))
                        return false;
                    list.Add(read);
                }

                return true;
            case MappingNode mapping:
                var map = new JsonObject();
                value = map;
                foreach (var entry in mapping.Entries)
                {
                    if (!TryRead(entry.Value, out var read))
                        return false;
                    map[entry.Key.Value] = read;
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>A value as a node that reads back as the same value.</summary>
    /// <param name="key">The key that it stands under.</param>
    /// <param name="value">The value.</param>
    /// <param name="text">Makes the node of a text, from its key.</param>
    public static DocumentNode Write(string key, JsonNode? value, Func<string, string, ScalarNode> text) => value switch
    {
        null => new ScalarNode(SourceLocation.None, "null"),
        JsonObject map => new MappingNode(SourceLocation.None, [.. map.Select(entry => new MappingEntry(new ScalarNode(SourceLocation.None, entry.Key, ScalarStyle.Quoted), Write(entry.Key, entry.Value, text)))]),
        JsonArray list => new SequenceNode(SourceLocation.None, [.. list.Select(item => Write(key, item, text))]),
        JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String => text(key, scalar.GetValue<string>()),
        _ => new ScalarNode(SourceLocation.None, value.ToJsonString()),
    };

    /// <summary>Every text in a value, with the keys that lead to it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> TextsIn(string path, JsonNode? value) => value switch
    {
        JsonObject map => map.SelectMany(entry => TextsIn(path.Length == 0 ? entry.Key : $"{path}.{entry.Key}", entry.Value)),
        JsonArray list => list.SelectMany(item => TextsIn(path, item)),
        JsonValue scalar => [new(path, scalar.ToString())],
        _ => [],
    };

    private static JsonNode Scalar(ScalarNode scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
            return scalar.Value;
        if (scalar.Value is "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON")
            return true;
        if (scalar.Value is "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF")
            return false;
        if (Whole().IsMatch(scalar.Value) && long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return whole;
        // A JSON number keeps the digits as they are written.
        return Fraction().IsMatch(scalar.Value) ? JsonNode.Parse(scalar.Value)! : scalar.Value;
    }

    // With a zero before it, it is a mode or a code, which stays text.
    [GeneratedRegex("^-?(0|[1-9][0-9]*)\\z")]
    private static partial Regex Whole();

    [GeneratedRegex("^-?(0|[1-9][0-9]*)\\.[0-9]+\\z")]
    private static partial Regex Fraction();
}
