using IncusCompose.Backups;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.Resources;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows how far a backup, a restore or a clone has come: one bar, and one under it for each resource at work.</summary>
internal sealed class CopyProgress(Pipeline pipeline, string activity) : IProgress<CopyEvent>
{
    private const int WholeBar = 0;

    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceId, int> _bars = [];

    /// <inheritdoc/>
    public void Report(CopyEvent value)
    {
        // Events come from different threads; the pipeline wants them one after the other.
        lock (_lock)
        {
            if (!_bars.TryGetValue(value.Id, out var bar))
                _bars[value.Id] = bar = _bars.Count + 1;
            pipeline.WriteProgress(new ProgressUpdate(WholeBar, activity, $"{value.Id}: {value.Text}"));
            pipeline.WriteProgress(new ProgressUpdate(bar, value.Id.ToString(), value.Text) { ParentId = WholeBar, Percent = value.Percent, Completed = value.Ended });
            if (value.Ended)
                pipeline.WriteVerbose($"{value.Id}: {value.Text}");
        }
    }

    /// <summary>Takes the bars away.</summary>
    public void Complete() => pipeline.WriteProgress(new ProgressUpdate(WholeBar, activity, "done") { Completed = true });
}
