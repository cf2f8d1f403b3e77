using IncusCompose.Planning;
using IncusCompose.Resources;

namespace IncusCompose.Applying;

/// <summary>How the applying of one change ended.</summary>
public enum ChangeOutcome
{
    /// <summary>The resource was already as it should be.</summary>
    Unchanged,

    /// <summary>The change was made.</summary>
    Done,

    /// <summary>The change failed; see the error.</summary>
    Failed,

    /// <summary>Not begun, because something that it depends on failed.</summary>
    Skipped,

    /// <summary>Not begun or not finished, because the user cancelled.</summary>
    Cancelled,
}

/// <summary>What became of one resource.</summary>
public sealed record ResourceResult
{
    /// <summary>The change as planned.</summary>
    public required ResourceChange Change { get; init; }

    /// <summary>The resource.</summary>
    public ResourceId Id => Change.Id;

    /// <summary>The resource's kind.</summary>
    public string Kind => Change.Kind;

    /// <summary>The resource's name.</summary>
    public string Name => Change.Name;

    /// <summary>What was to be done.</summary>
    public ChangeAction Action => Change.Action;

    /// <summary>How it ended.</summary>
    public required ChangeOutcome Outcome { get; init; }

    /// <summary>True where a change was applied that takes effect only at the next restart.</summary>
    public bool PendingRestart => Outcome is ChangeOutcome.Done or ChangeOutcome.Unchanged && Change.PendingRestart;

    /// <summary>Why it failed or was skipped; null where it was not.</summary>
    public string? Message { get; init; }

    /// <summary>The error behind <see cref="ChangeOutcome.Failed"/>.</summary>
    public Exception? Error { get; init; }

    /// <summary>How long it took, queueing not counted.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>What became of a whole plan.</summary>
public sealed record ApplyResult
{
    /// <summary>The plan that was applied.</summary>
    public required StackPlan Plan { get; init; }

    /// <summary>The stack's name.</summary>
    public string Stack => Plan.Stack;

    /// <summary>One result for each resource of the plan, in plan order.</summary>
    public required IReadOnlyList<ResourceResult> Resources { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>True where every change was made.</summary>
    public bool Succeeded => Resources.All(r => r.Outcome is ChangeOutcome.Done or ChangeOutcome.Unchanged);
}

/// <summary>How a plan is applied.</summary>
public sealed record ApplyOptions
{
    /// <summary>
    /// The usual <see cref="ThrottleLimit"/>. The server has its own order for work that costs it something; what it is
    /// asked for at one time should not be fewer than the instances that are waiting to shut down, which costs nothing.
    /// </summary>
    public const int DefaultThrottleLimit = 32;

    /// <summary>Most changes at work at one time; at least 1.</summary>
    public int ThrottleLimit { get; init; } = DefaultThrottleLimit;

    /// <summary>How long an instance may take to stop by itself before it is stopped by force.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// True to stop where a resource is no longer as it was when the plan was made (a plan that a person looked at);
    /// false to read that resource again and plan it anew.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>False to leave created instances stopped.</summary>
    internal bool Start { get; init; } = true;
}

/// <summary>What happens while a plan is applied.</summary>
public enum ApplyEventKind
{
    /// <summary>Work on a change began.</summary>
    Started,

    /// <summary>Work on a change went on; see <see cref="ApplyEvent.Text"/> and <see cref="ApplyEvent.Percent"/>.</summary>
    Progress,

    /// <summary>A change ended; see <see cref="ApplyEvent.Result"/>.</summary>
    Ended,
}

/// <summary>One thing that happened while a plan was applied. Events of one change come in order.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Change">The change that it happened to.</param>
public sealed record ApplyEvent(ApplyEventKind Kind, ResourceChange Change)
{
    /// <summary>What is going on, such as <c>unpacking</c> or <c>waiting for instance/db</c>.</summary>
    public string Text { get; init; } = "";

    /// <summary>0 to 100 where the server says; else null.</summary>
    public int? Percent { get; init; }

    /// <summary>How the change ended; only with <see cref="ApplyEventKind.Ended"/>.</summary>
    public ResourceResult? Result { get; init; }
}
