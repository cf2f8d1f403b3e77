using IncusCompose.Checkpoints;

namespace IncusCompose.Transactions;

/// <summary>How an apply ended that had kept what was before it.</summary>
public enum TransactionOutcome
{
    /// <summary>What was applied stays.</summary>
    Kept,

    /// <summary>Everything (or the groups that say so) is as it was before.</summary>
    RolledBack,

    /// <summary>Not everything could be put back; the checkpoint is still there.</summary>
    RollbackFailed,
}

/// <summary>What became of the checkpoint that an apply took before it began.</summary>
public sealed record TransactionResult
{
    /// <summary>The checkpoint's name; empty where there was nothing to keep, since the whole project is new.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>How it ended.</summary>
    public required TransactionOutcome Outcome { get; init; }

    /// <summary>True where the whole apply is put back together; false where only groups are whose file says so.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>What was done with each resource that was put back or removed; empty where nothing was.</summary>
    public IReadOnlyList<RestoreStepResult> Steps { get; init; } = [];

    /// <summary>True where the checkpoint is still on the server, since it is needed or could not be removed.</summary>
    public bool IsCheckpointLeft { get; init; }

    /// <summary>What was done, or what is left and how to go on; empty where nothing is to be said.</summary>
    public string Message { get; init; } = "";
}
