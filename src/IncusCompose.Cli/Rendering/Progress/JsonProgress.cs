using IncusCompose.Applying;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>One JSON object on a line for each event.</summary>
internal sealed class JsonProgress(TextWriter writer) : IApplyProgress
{
    private readonly Lock _lock = new();
    private bool _over;

    public void Report(ApplyEvent value)
    {
        lock (_lock)
        {
            if (_over)
                return;
            JsonLines.Write(writer, EventDocument.From(value), JsonDocuments.Lines.EventDocument);
        }
    }

    public ValueTask DisposeAsync()
    {
        // Work that was left to the server may still report; the stream is somebody else's by then.
        lock (_lock)
            _over = true;
        return ValueTask.CompletedTask;
    }
}
