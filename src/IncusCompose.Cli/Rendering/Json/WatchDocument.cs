using IncusCompose.Watching;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>One line of <c>watch --json</c>: an instance that is not as it was.</summary>
internal sealed record WatchDocument(
    DateTimeOffset Time, string Name, string Stack, string Status, string Health, IReadOnlyList<string> Addresses,
    double? CpuPercent, long? MemoryUsage, IReadOnlyList<string> Drift, int Restarts, string? Message)
{
    public static WatchDocument From(InstanceStatus instance) => new(
        instance.Time, instance.Name, instance.Stack, instance.Status, Words.Name(instance.Health), instance.Addresses,
        instance.CpuPercent, instance.MemoryUsage, instance.Drift, instance.Restarts, instance.Message.Length > 0 ? instance.Message : null);
}

/// <summary>One JSON object on a line for each instance that changed.</summary>
internal sealed class WatchJson(TextWriter writer) : IWatchDisplay
{
    public void Show(StackStatus status)
    {
        foreach (var instance in status.Changed)
            JsonLines.Write(writer, WatchDocument.From(instance), JsonDocuments.Lines.WatchDocument);
        writer.Flush();
    }

    public void Dispose()
    {
    }
}
