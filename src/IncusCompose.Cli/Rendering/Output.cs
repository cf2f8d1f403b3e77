using IncusCompose.Applying;
using IncusCompose.Checkpoints;
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

    /// <summary>Shows which instances an operation that is about to be carried out leaves as they are.</summary>
    public abstract void ShowOperation(StackPlan plan);

    /// <summary>Shows progress from now on, until what is returned is disposed of.</summary>
    /// <param name="plan">What is being applied.</param>
    /// <param name="verbose">True to show what hooks write, too.</param>
    public abstract IApplyProgress BeginProgress(StackPlan plan, bool verbose);

    /// <summary>Shows what became of a plan.</summary>
    public abstract void ShowResult(ApplyResult result);

    /// <summary>Shows a watch from now on, until what is returned is disposed of.</summary>
    public abstract IWatchDisplay BeginWatch();

    /// <summary>Lists instances.</summary>
    public abstract void ShowInstances(IReadOnlyList<InstanceDocument> instances);

    /// <summary>Shows each step of a checkpoint and what hooks write, as lines for people; null where programs read.</summary>
    public virtual IProgress<CheckpointEvent>? CheckpointSteps => null;

    /// <summary>Shows a checkpoint that was taken.</summary>
    public abstract void ShowCheckpoint(CheckpointDocument checkpoint);

    /// <summary>Lists checkpoints as a tree.</summary>
    public abstract void ShowCheckpoints(IReadOnlyList<CheckpointDocument> checkpoints);

    /// <summary>Says which checkpoints were removed.</summary>
    public abstract void ShowRemoved(IReadOnlyList<CheckpointDocument> checkpoints);

    /// <summary>Shows what a restore will do.</summary>
    public abstract void ShowRestorePlan(RestorePlan plan);

    /// <summary>Shows what became of a restore.</summary>
    public abstract void ShowRestoreResult(RestoreResult result);

    /// <summary>Shows a warning or note.</summary>
    public abstract void ShowDiagnostic(Diagnostic diagnostic);

    /// <summary>Shows what went wrong.</summary>
    public abstract void ShowError(Exception error);
}
