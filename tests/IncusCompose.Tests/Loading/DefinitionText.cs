using System.Text.Json;
using System.Text.Json.Nodes;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Loading;

/// <summary>Definitions as comparable text: every property of every record, found by reflection so that none is forgotten.</summary>
internal static class Definitions
{
    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true };

    public static string Show(StackDefinition stack) =>
        Sorted(JsonSerializer.SerializeToNode(stack with { Source = SourceMap.Empty, Files = [], Folder = null }, s_options))!.ToJsonString(s_options);

    // The order of keys means nothing.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
