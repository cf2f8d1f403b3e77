using IncusCompose.Applying;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>What restoring does with one resource.</summary>
public enum RestoreAction
{
    /// <summary>Nothing; it is as it was.</summary>
    None,

    /// <summary>Write the definition of a network, a profile or the like back (where an apply takes back its own work, of a project, a pool or a running instance too).</summary>
    Update,

    /// <summary>Make a network, a profile or the like again that is gone.</summary>
    Create,

    /// <summary>Go back to the snapshot: content, and of an instance its configuration and devices.</summary>
    RollBack,

    /// <summary>Give one that was made anew since the content and definition of the kept copy.</summary>
    Refill,

    /// <summary>Make an instance or volume that is gone again, from the kept copy.</summary>
    Recreate,

    /// <summary>Stop an instance that is not in the checkpoint but uses a volume of it, and start it again.</summary>
    Pause,

    /// <summary>Delete what the stack made since.</summary>
    Delete,
}

/// <summary>One resource of a restore and what is to be done with it.</summary>
public sealed record RestoreStep
{
    /// <summary>The resource.</summary>
    public required ResourceId Id { get; init; }

    /// <summary>What is to be done.</summary>
    public required RestoreAction Action { get; init; }

    /// <summary>An instance's status afterwards, as it was when the checkpoint was taken; empty for other kinds.</summary>
    public string Status { get; init; } = "";

    /// <summary>What stands in the way, with what to do; null where nothing does.</summary>
    public string? Refused { get; init; }

    /// <summary>The resource and what is done with it: <c>instance/web: roll back, then start</c>.</summary>
    public override string ToString() => $"{Id}: {Verb}{(Starts ? ", then start" : "")}{(Status == "Frozen" ? " and freeze" : "")}";

    /// <summary>True for an instance that runs (or is frozen) afterwards.</summary>
    internal bool Starts => Action is not RestoreAction.Delete && Status is "Running" or "Ready" or "Frozen";

    internal LiveResource? Live { get; init; }

    internal string Verb => Action switch
    {
        RestoreAction.None => "unchanged",
        RestoreAction.Update => "put the definition back",
        RestoreAction.Create => "create again",
        RestoreAction.RollBack => "roll back",
        RestoreAction.Refill => "fill from the kept copy",
        RestoreAction.Recreate => "create again from the kept copy",
        RestoreAction.Pause => "stop meanwhile",
        _ => "delete",
    };
}

/// <summary>All that restoring a checkpoint would do. Nothing of it is done yet.</summary>
public sealed record RestorePlan
{
    /// <summary>The checkpoint.</summary>
    public required StackCheckpoint Checkpoint { get; init; }

    /// <summary>True where only some instances are restored.</summary>
    public bool IsPart { get; init; }

    /// <summary>What is done, with what stays as it is; networks first, instances last.</summary>
    public IReadOnlyList<RestoreStep> Steps { get; init; } = [];

    /// <summary>What the stack made since, and what stays.</summary>
    public IReadOnlyList<ResourceId> Added { get; init; } = [];

    /// <summary>Volumes that stay as they are, though an instance to be restored uses them: others do as well.</summary>
    public IReadOnlyList<ResourceId> Shared { get; init; } = [];

    /// <summary>True where something cannot be restored; then nothing is.</summary>
    public bool IsRefused => Steps.Any(step => step.Refused is not null);
}

/// <summary>What a restore may do.</summary>
public sealed record RestoreOptions
{
    /// <summary>Restore these instances (a definition stands for its replicas), with the volumes that only they use, and nothing else; empty: the whole stack.</summary>
    public IReadOnlyCollection<string> Instances { get; init; } = [];

    /// <summary>Delete what the stack made since (volumes only with <see cref="RemoveVolumes"/>).</summary>
    public bool Prune { get; init; }

    /// <summary>Let pruning delete volumes, with their data.</summary>
    public bool RemoveVolumes { get; init; }

    /// <summary>Most resources at work at one time; at least 1.</summary>
    public int ThrottleLimit { get; init; } = CheckpointOptions.DefaultThrottleLimit;

    /// <summary>Touch nothing but these: what an apply had begun; null: whatever there is.</summary>
    internal IReadOnlySet<ResourceId>? Only { get; init; }

    /// <summary>True where an apply takes back what it did itself.</summary>
    internal bool IsRollback => Only is not null;
}

/// <summary>What became of one resource.</summary>
public sealed record RestoreStepResult
{
    /// <summary>The step as planned.</summary>
    public required RestoreStep Step { get; init; }

    /// <summary>The resource.</summary>
    public ResourceId Id => Step.Id;

    /// <summary>What was to be done.</summary>
    public RestoreAction Action => Step.Action;

    /// <summary>How it ended.</summary>
    public required ChangeOutcome Outcome { get; init; }

    /// <summary>Why it failed or was skipped; null where it was not.</summary>
    public string? Message { get; init; }

    /// <summary>The error behind <see cref="ChangeOutcome.Failed"/>.</summary>
    public Exception? Error { get; init; }
}

/// <summary>What became of a restore.</summary>
public sealed record RestoreResult
{
    /// <summary>The plan that was carried out.</summary>
    public required RestorePlan Plan { get; init; }

    /// <summary>One result for each step, in the plan's order.</summary>
    public required IReadOnlyList<RestoreStepResult> Steps { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>True where everything is as it was.</summary>
    public bool Succeeded => Steps.All(step => step.Outcome is ChangeOutcome.Done or ChangeOutcome.Unchanged);
}
