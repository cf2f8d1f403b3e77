using IncusCompose.Applying;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Cli.Rendering.Progress;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>How a verb's results are shown: results on standard output, everything else on standard error.</summary>
internal abstract class Output
{
    /// <summary>Shows a plan that was asked for.</summary>
    public abstract void ShowPlan(StackPlan plan);

    /// <summary>Shows a plan that is about to be applied.</summary>
    public abstract void ShowPlanToApply(StackPlan plan);

    /// <summary>Shows progress from now on, until what is returned is disposed of.</summary>
    public abstract IApplyProgress BeginProgress(StackPlan plan);

    /// <summary>Shows what became of a plan.</summary>
    public abstract void ShowResult(ApplyResult result);

    /// <summary>Lists instances.</summary>
    public abstract void ShowInstances(IReadOnlyList<InstanceDocument> instances);

    /// <summary>Shows a warning or note.</summary>
    public abstract void ShowDiagnostic(Diagnostic diagnostic);

    /// <summary>Shows what went wrong.</summary>
    public abstract void ShowError(Exception error);
}
