using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>
/// The shapes of <c>--json</c>, documented in docs/cli.md. They are the program's own and stay stable
/// while the engine's types move on: keys are only ever added.
/// </summary>
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(EventDocument))]
[JsonSerializable(typeof(WatchDocument))]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(CopyDocument))]
[JsonSerializable(typeof(PublishDocument))]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(FileCopyDocument))]
[JsonSerializable(typeof(IReadOnlyList<AccessDocument>))]
[JsonSerializable(typeof(IReadOnlyList<ImageDocument>))]
[JsonSerializable(typeof(IReadOnlyList<PortDocument>))]
[JsonSerializable(typeof(IReadOnlyList<ProcessDocument>))]
[JsonSerializable(typeof(IReadOnlyList<StackDocument>))]
[JsonSerializable(typeof(IReadOnlyList<VolumeDocument>))]
[JsonSerializable(typeof(StackEventDocument))]
[JsonSerializable(typeof(LogDocument))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(GraphDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(IReadOnlyList<InstanceDocument>))]
[JsonSerializable(typeof(CheckpointDocument))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointDocument>))]
[JsonSerializable(typeof(RestoreDocument))]
internal sealed partial class JsonDocuments : JsonSerializerContext
{
    /// <summary>One object on a line.</summary>
    public static JsonDocuments Lines { get; } = new(Settings(indented: false));

    /// <summary>One object on several lines, indented.</summary>
    public static JsonDocuments Indented { get; } = new(Settings(indented: true));

    private static JsonSerializerOptions Settings(bool indented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // The output goes to programs and terminals, never into a web page: what needs no escape gets none.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = indented,
    };
}

/// <summary>Writes a JSON value and ends the line.</summary>
internal static class JsonLines
{
    public static void Write<T>(TextWriter writer, T value, JsonTypeInfo<T> type)
    {
        writer.Write(JsonSerializer.Serialize(value, type));
        writer.Write('\n');
        writer.Flush();
    }
}
