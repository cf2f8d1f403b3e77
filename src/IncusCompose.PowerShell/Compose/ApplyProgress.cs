using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.Resources;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows a plan being applied: a bar for the whole, one under it for each change at work; writes results as they come.</summary>
internal sealed class ApplyProgress : IProgress<ApplyEvent>
{
    private const int WholeBar = 0;

    private readonly Lock _lock = new();
    private readonly Pipeline _pipeline;
    private readonly string _activity;
    private readonly int _count;
    private readonly bool _holdsBack;
    private readonly Dictionary<ResourceId, int> _bars = [];
    private readonly HashSet<ResourceId> _written = [];

    /// <summary>Makes a progress.</summary>
    /// <param name="pipeline">Where to show and write it.</param>
    /// <param name="plan">What is applied.</param>
    /// <param name="holdsBack">True to write no results: they may be taken back yet.</param>
    public ApplyProgress(Pipeline pipeline, StackPlan plan, bool holdsBack)
    {
        _holdsBack = holdsBack;
        _pipeline = pipeline;
        _count = plan.Changes.Count;
        _activity = plan.Stack.Length > 0 ? $"Stack {plan.Stack}" : "Instance";
        foreach (var change in plan.Changes)
            _bars.Add(change.Id, _bars.Count + 1);
    }

    /// <summary>Whether a resource's result has been written.</summary>
    public bool HasWritten(ResourceId id)
    {
        // Work that a stop left to the server may still report.
        lock (_lock)
            return !_holdsBack && _written.Contains(id);
    }

    /// <inheritdoc/>
    public void Report(ApplyEvent value)
    {
        // Events of different changes come from different threads; the pipeline wants them one after the other.
        lock (_lock)
        {
            if (value.Kind == ApplyEventKind.Output)
            {
                _pipeline.WriteVerbose($"{value.Change.Id}: {value.Text}");
                return;
            }

            if (value.Kind is ApplyEventKind.Checkpoint or ApplyEventKind.Rollback)
                _pipeline.WriteVerbose($"{value.Change.Id}: {value.Kind.ToString().ToLowerInvariant()}: {value.Text}");

            var isNew = value.Result is { } ended && _written.Add(ended.Id);
            _pipeline.WriteProgress(new ProgressUpdate(WholeBar, _activity, $"{_written.Count} of {_count} changes")
            {
                Percent = _count == 0 ? null : Math.Min(100, _written.Count * 100 / _count),
            });
            _pipeline.WriteProgress(new ProgressUpdate(_bars.GetValueOrDefault(value.Change.Id, _bars.Count + 1), value.Change.Id.ToString(), StatusOf(value))
            {
                ParentId = WholeBar,
                Percent = value.Percent,
                Completed = value.Kind == ApplyEventKind.Ended,
            });
            if (isNew && !_holdsBack)
                _pipeline.WriteObject(value.Result!);
        }
    }

    /// <summary>Takes the bars away.</summary>
    public void Complete() => _pipeline.WriteProgress(new ProgressUpdate(WholeBar, _activity, "done") { Completed = true });

    private static string StatusOf(ApplyEvent value) =>
        value.Text.Length > 0 ? value.Text : value.Change.Action.ToString().ToLowerInvariant();
}
