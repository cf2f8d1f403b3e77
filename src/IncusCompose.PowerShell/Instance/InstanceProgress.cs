using IncusCompose.Applying;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows instances being created.</summary>
internal sealed class InstanceProgress : IProgress<ApplyEvent>
{
    private const string Activity = "Creating instances";

    private readonly Pipeline _pipeline;
    private readonly int _count;
    private int _ended;

    public InstanceProgress(Pipeline pipeline, int count)
    {
        _pipeline = pipeline;
        _count = count;
    }

    /// <inheritdoc/>
    public void Report(ApplyEvent value)
    {
        if (value is { Kind: ApplyEventKind.Ended, Change.Kind: "instance" })
            Interlocked.Increment(ref _ended);
        var text = value.Text.Length > 0 ? $"{value.Change.Id}: {value.Text}" : value.Change.Id.ToString();
        _pipeline.WriteProgress(new ProgressUpdate(0, Activity, $"{_ended} of {_count}, {text}")
        {
            Percent = _count == 1 ? value.Percent : Math.Min(100, _ended * 100 / _count),
        });
    }

    /// <summary>Takes the bar away.</summary>
    public void Complete() => _pipeline.WriteProgress(new ProgressUpdate(0, Activity, "done") { Completed = true });
}
