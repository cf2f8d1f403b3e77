namespace IncusCompose.Checkpoints;

/// <summary>Which checkpoints may go: those that no rule keeps.</summary>
public sealed record CheckpointRetention
{
    /// <summary>Keep the newest so many complete ones of each stack; null: number keeps none.</summary>
    public int? KeepLast { get; init; }

    /// <summary>Keep those that are not older than this; null: age keeps none.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>
    /// The checkpoints to remove, the oldest first. Never among them are the live one and those that an apply took for itself,
    /// which may be at work; one that is incomplete is only where its age is told, since it may be in the making.
    /// </summary>
    /// <param name="checkpoints">Those that there are.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<StackCheckpoint> Select(IEnumerable<StackCheckpoint> checkpoints, DateTimeOffset now) =>
        KeepLast is null && OlderThan is null
            ? []
            :
            [
                .. checkpoints
                    .GroupBy(checkpoint => (checkpoint.Project, checkpoint.Stack))
                    .SelectMany(stack => stack.Where(IsWhole).OrderByDescending(checkpoint => checkpoint.CreatedAt).Skip(KeepLast ?? 0)
                        .Concat(stack.Where(checkpoint => OlderThan is not null && checkpoint is { IsOfApply: false, IsComplete: false })))
                    .Where(checkpoint => !checkpoint.IsLive && (OlderThan is null || now - checkpoint.CreatedAt > OlderThan))
                    .OrderBy(checkpoint => checkpoint.CreatedAt),
            ];

    private static bool IsWhole(StackCheckpoint checkpoint) => checkpoint is { IsOfApply: false, IsComplete: true };
}
