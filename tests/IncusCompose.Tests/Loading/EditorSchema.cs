using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// The schema as an editor uses it: on the text as it stands in the file. It reads the few words of JSON Schema that ours is
/// made of, and refuses others; that a real validator finds the same, an integration test shows.
/// </summary>
internal static class EditorSchema
{
    private static readonly Lazy<JsonObject> s_schema = new(StackSchema.Make);

    public static string File { get; } = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../schema/stack.schema.json"));

    /// <summary>Parses text as the loader does; null where it is no document.</summary>
    public static DocumentNode? Parse(string yaml)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(yaml));
        var read = new YamlDocumentFormat().Read("stack.yaml", stream, DocumentLimits.Default);
        return read.Diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error) ? null : read.Root;
    }

    /// <summary>What the schema finds wrong with a document; nothing where it accepts it.</summary>
    /// <param name="document">The document.</param>
    /// <param name="without">Nodes that are taken out of it first: by an unknown value of their place where that is text (true), or with their key.</param>
    public static IReadOnlyList<string> Problems(DocumentNode document, IReadOnlyDictionary<DocumentNode, bool>? without = null) =>
        [.. Problems(s_schema.Value, ToJson(document, without ?? new Dictionary<DocumentNode, bool>()), "")];

    private static IEnumerable<string> Problems(JsonNode? schema, JsonNode? value, string path)
    {
        if (schema is not JsonObject rules)
            return schema!.GetValue<bool>() ? [] : [$"{path}: may not be there"];
        return rules.SelectMany(rule => Problems(rule.Key, rule.Value!, rules, value, path));
    }

    private static IEnumerable<string> Problems(string word, JsonNode rule, JsonObject rules, JsonNode? value, string path)
    {
        switch (word)
        {
            case "$schema" or "title" or "description" or "definitions" or "properties" or "patternProperties" or "additionalProperties":
                return word == "additionalProperties" && value is JsonObject map ? map.SelectMany(entry => OfKey(entry.Key, entry.Value, rules, $"{path}/{entry.Key}")) : [];
            case "$ref":
                return Problems(s_schema.Value["definitions"]![rule.GetValue<string>().Split('/')[^1]], value, path);
            case "type":
                var types = rule is JsonArray several ? several.Select(type => type!.GetValue<string>()).ToArray() : [rule.GetValue<string>()];
                return types.Contains(TypeOf(value)) || (TypeOf(value) == "integer" && types.Contains("number")) ? [] : [$"{path}: is {TypeOf(value)}, not {string.Join(" or ", types)}"];
            case "enum":
                return rule.AsArray().Any(one => JsonNode.DeepEquals(one, value)) ? [] : [$"{path}: is none of {rule.ToJsonString()}"];
            case "pattern":
                return TypeOf(value) != "string" || Regex.IsMatch(value!.GetValue<string>(), rule.GetValue<string>(), RegexOptions.ECMAScript) ? [] : [$"{path}: is not like {rule}"];
            case "minimum":
                return value is null || value.GetValueKind() != JsonValueKind.Number || Number(value) >= rule.GetValue<int>() ? [] : [$"{path}: is less than {rule}"];
            case "maximum":
                return value is null || value.GetValueKind() != JsonValueKind.Number || Number(value) <= rule.GetValue<int>() ? [] : [$"{path}: is more than {rule}"];
            case "items":
                return value is JsonArray list ? list.SelectMany((item, index) => Problems(rule, item, $"{path}/{index}")) : [];
            case "required":
                return value is JsonObject keys ? rule.AsArray().Select(key => key!.GetValue<string>()).Where(key => !keys.ContainsKey(key)).Select(key => $"{path}: lacks {key}") : [];
            case "anyOf":
                var forms = rule.AsArray().Select(form => Problems(form, value, path).ToList()).ToList();
                return forms.Any(form => form.Count == 0) ? [] : forms.SelectMany(form => form);
            default:
                throw new NotSupportedException($"This does not know the word {word} of JSON Schema.");
        }
    }

    private static IEnumerable<string> OfKey(string key, JsonNode? value, JsonObject rules, string path)
    {
        if (rules["properties"]?[key] is { } rule)
            return Problems(rule, value, path);
        foreach (var (pattern, other) in rules["patternProperties"]?.AsObject() ?? [])
        {
            if (Regex.IsMatch(key, pattern))
                return Problems(other, value, path);
        }

        return Problems(rules["additionalProperties"], value, path);
    }

    private static decimal Number(JsonNode value) => decimal.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
        JsonValueKind.Array => "array",
        _ => "object",
    };

    private static bool Stays(DocumentNode node, IReadOnlyDictionary<DocumentNode, bool> without) =>
        !without.TryGetValue(node, out var unknown) || (unknown && node is ScalarNode);

    private static JsonNode? ToJson(DocumentNode node, IReadOnlyDictionary<DocumentNode, bool> without) => node switch
    {
        ScalarNode when without.ContainsKey(node) => "${UNKNOWN}",
        MappingNode mapping => new JsonObject(mapping.Entries.Where(entry => Stays(entry.Value, without)).Select(entry => KeyValuePair.Create(entry.Key.Value, ToJson(entry.Value, without)))),
        SequenceNode sequence => new JsonArray([.. sequence.Items.Where(item => Stays(item, without)).Select(item => ToJson(item, without))]),
        _ => PlainValues.TryRead(node, out var value) ? value : null,
    };
}
