using System.Text.Json.Nodes;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading;

/// <summary>The stack file as JSON Schema (draft 7, which editors know), for them: made from what the loader itself declares.</summary>
public static class StackSchema
{
    /// <summary>Makes the schema: types, words, patterns and descriptions of every key. What one part says of another, the loader alone knows.</summary>
    public static JsonObject Make()
    {
        var parts = new SchemaParts(StackKeys.Stack);
        var schema = StackKeys.Stack.Schema(parts);
        schema["type"] = "object";
        var result = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "IncusCompose stack file",
        };
        var definitions = new JsonObject { [JsonSchemas.VariableName] = JsonSchemas.VariableDefinition };
        foreach (var (name, definition) in parts.Definitions)
            definitions[name] = definition;
        result["definitions"] = definitions;
        foreach (var (name, value) in schema)
            result[name] = value!.DeepClone();
        return result;
    }
}
