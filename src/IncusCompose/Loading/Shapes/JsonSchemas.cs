using System.Text.Json.Nodes;

namespace IncusCompose.Loading.Shapes;

/// <summary>Pieces of JSON Schema that shapes are described with.</summary>
internal static class JsonSchemas
{
    /// <summary>Where the schema of text that a variable stands in is defined.</summary>
    public const string VariableName = "variable";

    /// <summary>Keys that may stand everywhere: the user's own, and YAML's merge key.</summary>
    public const string FreeKeys = "^(x-.*|<<)$";

    /// <summary>Text with a variable in it, or nothing at all: what it will be, no editor knows.</summary>
    public static JsonObject Variable => Reference(VariableName);

    /// <summary>Whatever is defined under a name.</summary>
    public static JsonObject Reference(string name) => new() { ["$ref"] = $"#/definitions/{name}" };

    /// <summary>The definition that <see cref="Variable"/> refers to.</summary>
    public static JsonObject VariableDefinition => new() { ["type"] = "string", ["pattern"] = "^$|\\$" };

    /// <summary>Any value of these types.</summary>
    public static JsonObject OfTypes(params string[] types) => new() { ["type"] = new JsonArray([.. types.Select(type => (JsonNode)type)]) };

    /// <summary>The same, or no value.</summary>
    public static JsonObject OrNull(this JsonObject schema)
    {
        switch (schema["type"])
        {
            case JsonArray types:
                if (!types.Any(type => type!.GetValue<string>() == "null"))
                    types.Add("null");
                return schema;
            case JsonValue type:
                schema["type"] = new JsonArray(type.GetValue<string>(), "null");
                return schema;
        }

        return new JsonObject { ["anyOf"] = new JsonArray([.. Alternatives(schema), new JsonObject { ["type"] = "null" }]) };
    }

    /// <summary>The same with room for a description: editors read nothing beside a reference.</summary>
    public static JsonObject Describable(this JsonObject schema) => schema.ContainsKey("$ref") ? new JsonObject { ["anyOf"] = new JsonArray(schema) } : schema;

    /// <summary>The forms that a schema offers, ready to stand in another one's.</summary>
    public static IEnumerable<JsonNode> Alternatives(JsonObject schema) =>
        schema is { Count: 1 } && schema["anyOf"] is JsonArray forms ? forms.Select(form => form!.DeepClone()) : [schema];
}
