using IncusCompose.Applying;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>One line when work on a resource begins, one when it is waited for and one when it ends, and what hooks write where that was asked for: for logs and pipes.</summary>
internal sealed class PlainProgress(StyledWriter writer, bool verbose) : IApplyProgress
{
    private readonly Lock _lock = new();
    private bool _over;

    public void Report(ApplyEvent value)
    {
        lock (_lock)
        {
            if (_over)
                return;
            switch (value)
            {
                case { Kind: ApplyEventKind.Started }:
                    writer.Line($"    {value.Change.Id}  {Words.Doing(value.Change.Action)}", Style.Faint);
                    break;
                case { Kind: ApplyEventKind.Waiting }:
                case { Kind: ApplyEventKind.Output } when verbose:
                    writer.Line($"    {value.Change.Id}  {StyledWriter.Printable(value.Text)}", Style.Faint);
                    break;
                case { Kind: ApplyEventKind.Checkpoint or ApplyEventKind.Rollback }:
                    writer.Line($"    {value.Change.Id}  {Words.Name(value.Kind)}: {StyledWriter.Printable(value.Text)}", Style.Faint);
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
