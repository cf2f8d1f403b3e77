using IncusCompose.Applying;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>Shows nothing.</summary>
internal sealed class QuietProgress : IApplyProgress
{
    public void Report(ApplyEvent value)
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
