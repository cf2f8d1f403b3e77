using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows what is being done to the resources of a checkpoint.</summary>
internal sealed class CheckpointProgress(Pipeline pipeline, string activity) : IProgress<CheckpointEvent>, IDisposable
{
    /// <inheritdoc/>
    public void Report(CheckpointEvent value)
    {
        pipeline.WriteVerbose($"{value.Id}: {value.Text}");
        pipeline.WriteProgress(new ProgressUpdate(0, activity, $"{value.Id}: {value.Text}"));
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose() => pipeline.WriteProgress(new ProgressUpdate(0, activity, "done") { Completed = true });
}
