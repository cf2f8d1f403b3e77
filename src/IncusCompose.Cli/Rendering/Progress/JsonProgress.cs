using IncusCompose.Applying;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Resources;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>One JSON object on a line for each event.</summary>
internal sealed class JsonProgress(TextWriter writer) : IApplyProgress
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceId, int> _tenths = [];
    private bool _over;

    public void Report(ApplyEvent value)
    {
        lock (_lock)
        {
            if (_over || IsRepetition(value))
                return;
            JsonLines.Write(writer, EventDocument.From(value), JsonDocuments.Lines.EventDocument);
        }
    }

    /// <summary>Of the hundred steps of a percentage, every tenth is enough for a program.</summary>
    private bool IsRepetition(ApplyEvent value)
    {
        if (value is not { Kind: ApplyEventKind.Progress, Percent: { } percent })
            return false;
        var tenth = percent / 10;
        var repeated = _tenths.TryGetValue(value.Change.Id, out var last) && last == tenth;
        _tenths[value.Change.Id] = tenth;
        return repeated;
    }

    public ValueTask DisposeAsync()
    {
        // Work that was left to the server may still report; the stream is somebody else's by then.
        lock (_lock)
            _over = true;
        return ValueTask.CompletedTask;
    }
}
