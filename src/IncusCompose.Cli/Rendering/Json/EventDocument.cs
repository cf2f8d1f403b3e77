using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>
/// One line of <c>up --json</c> or <c>down --json</c>: <c>event</c> is <c>plan</c>, <c>started</c>, <c>progress</c>,
/// <c>waiting</c>, <c>output</c>, <c>checkpoint</c>, <c>rollback</c>, <c>ended</c> or, last, <c>result</c>; keys that do not belong to the event are missing.
/// </summary>
internal sealed record EventDocument(string Event)
{
    public PlanDocument? Plan { get; init; }

    public string? Resource { get; init; }

    public string? Action { get; init; }

    public string? Text { get; init; }

    public int? Percent { get; init; }

    public string? Outcome { get; init; }

    public bool? PendingRestart { get; init; }

    public string? Message { get; init; }

    public long? DurationMs { get; init; }

    public string? Stack { get; init; }

    public bool? Succeeded { get; init; }

    public IReadOnlyList<OutcomeDocument>? Resources { get; init; }

    public TransactionDocument? Transaction { get; init; }

    public static EventDocument From(StackPlan plan) => new("plan") { Plan = PlanDocument.From(plan) };

    public static EventDocument From(ApplyEvent happened)
    {
        var result = happened.Result is null ? null : OutcomeDocument.From(happened.Result);
        return new EventDocument(Words.Name(happened.Kind))
        {
            Resource = happened.Change.Id.ToString(),
            Action = Words.Name(happened.Change.Action),
            Text = happened.Text.Length == 0 ? null : happened.Text,
            Percent = happened.Percent,
            Outcome = result?.Outcome,
            PendingRestart = result?.PendingRestart,
            Message = result?.Message,
            DurationMs = result?.DurationMs,
        };
    }

    public static EventDocument From(ApplyResult result) => new("result")
    {
        Stack = result.Stack,
        Succeeded = result.Succeeded,
        DurationMs = (long)result.Duration.TotalMilliseconds,
        Resources = [.. result.Resources.Select(OutcomeDocument.From)],
        Transaction = result.Transaction is null ? null : TransactionDocument.From(result.Transaction),
    };
}

/// <summary>What became of what an apply had kept: <c>kept</c> (it stays as applied), <c>rolledback</c> or <c>rollbackfailed</c>.</summary>
internal sealed record TransactionDocument(
    string Outcome, bool Whole, string? Checkpoint, bool CheckpointLeft, string? Message, IReadOnlyList<RestoreStepDocument> Steps)
{
    public static TransactionDocument From(TransactionResult result) => new(
        Words.Name(result.Outcome),
        result.IsWhole,
        result.Checkpoint.Length == 0 ? null : result.Checkpoint,
        result.IsCheckpointLeft,
        result.Message.Length == 0 ? null : result.Message,
        [.. result.Steps.Select(RestoreStepDocument.From)]);
}

/// <summary>How the applying of one change ended.</summary>
internal sealed record OutcomeDocument(
    string Resource, string Action, string Outcome, bool PendingRestart, string? Message, long DurationMs)
{
    public static OutcomeDocument From(ResourceResult result) => new(
        result.Id.ToString(),
        Words.Name(result.Action),
        Words.Name(result.Outcome),
        result.PendingRestart,
        result.Message ?? result.Error?.Message,
        (long)result.Duration.TotalMilliseconds);
}
