using IncusCompose.Applying;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows one instance being created: a bar of its own.</summary>
internal sealed class InstanceProgress : IProgress<ApplyEvent>
{
    private readonly Pipeline _pipeline;
    private readonly string _activity;
    private readonly int _bar;

    public InstanceProgress(Pipeline pipeline, string name, int bar)
    {
        _pipeline = pipeline;
        _activity = $"Creating instance {name}";
        _bar = bar;
    }

    /// <inheritdoc/>
    public void Report(ApplyEvent value)
    {
        if (value.Kind == ApplyEventKind.Ended)
            return;
        var text = value.Text.Length > 0 ? value.Text : $"{value.Change.Action.ToString().ToLowerInvariant()} {value.Change.Id}";
        _pipeline.WriteProgress(new ProgressUpdate(_bar, _activity, text) { Percent = value.Percent });
    }

    /// <summary>Takes the bar away.</summary>
    public void Complete() => _pipeline.WriteProgress(new ProgressUpdate(_bar, _activity, "done") { Completed = true });
}
