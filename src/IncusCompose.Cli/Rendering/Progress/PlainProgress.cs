using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>One line when work on a resource begins and one when it ends: for logs and pipes.</summary>
internal sealed class PlainProgress(StyledWriter writer) : IApplyProgress
{
    private readonly Lock _lock = new();
    private bool _over;

    public void Report(ApplyEvent value)
    {
        if (value.Change.Action == ChangeAction.None)
            return;
        lock (_lock)
        {
            if (_over)
                return;
            switch (value)
            {
                case { Kind: ApplyEventKind.Started }:
                    writer.Line($"    {value.Change.Id}  {Words.Doing(value.Change.Action)}", Style.Faint);
                    break;
                case { Kind: ApplyEventKind.Ended, Result: { } result }:
                    ResultRenderer.WriteEnded(result, writer);
                    break;
                default:
                    return;
            }
            writer.Flush();
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
