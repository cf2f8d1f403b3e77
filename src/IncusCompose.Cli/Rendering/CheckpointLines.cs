using IncusCompose.Checkpoints;

namespace IncusCompose.Cli.Rendering;

/// <summary>The steps of a checkpoint as they come, a line each.</summary>
internal sealed class CheckpointLines(Terminal terminal) : IProgress<CheckpointEvent>
{
    private readonly Lock _lock = new();

    public void Report(CheckpointEvent value)
    {
        lock (_lock)
            terminal.Error.Line($"{value.Id}: {StyledWriter.Printable(value.Text)}").Flush();
    }
}
