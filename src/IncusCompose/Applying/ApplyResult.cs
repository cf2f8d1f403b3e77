using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Resources;
using IncusCompose.Transactions;

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

    /// <summary>The change was made and taken back again, because another one failed.</summary>
    RolledBack,
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

    /// <summary>True where the change was made (or none was needed), but what was waited for afterwards did not come.</summary>
    public bool IsNotReady { get; init; }

    /// <summary>True where the change was made, but a hook failed that runs after it.</summary>
    public bool IsHookFailedAfterwards => Outcome == ChangeOutcome.Failed && Error is HookFailedException { IsAfterChange: true };

    /// <summary>True where the change was made, but a step that follows it failed or was not begun.</summary>
    public bool IsStepFailed => Outcome == ChangeOutcome.Failed && Error is ProvisionFailedException;

    /// <summary>Why it failed, was skipped or was left as it is; null where there is nothing to say.</summary>
    public string? Message { get; init; }

    /// <summary>What the server keeps of a failure beside the error itself, such as what was logged when a container did not start; null where that is nothing.</summary>
    public string? Reason { get; init; }

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

    /// <summary>What became of the checkpoint that the apply took before it began; null where it took none.</summary>
    public TransactionResult? Transaction { get; init; }

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

    /// <summary>How long an instance may take to stop by itself before it is stopped by force, where nobody says.</summary>
    public static TimeSpan DefaultStopTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an instance may take to stop by itself before it is stopped by force; null: as long as it says itself
    /// (<c>boot.host_shutdown_timeout</c>), else <see cref="DefaultStopTimeout"/>, which is Incus's own, too.
    /// </summary>
    public TimeSpan? StopTimeout { get; init; }

    /// <summary>
    /// True to stop where a resource is no longer as it was when the plan was made (a plan that a person looked at);
    /// false to read that resource again and plan it anew.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>
    /// True to wait until every instance of the stack is ready: its gates are open and its health check succeeds. One that
    /// does not become ready has failed.
    /// </summary>
    public bool Wait { get; init; }

    /// <summary>How long to wait for each instance; null: as long as its gates and its health check say.</summary>
    public TimeSpan? WaitTimeout { get; init; }

    /// <summary>
    /// True to take a checkpoint of all that the plan changes first, to wait for readiness, and where anything fails to put
    /// all of it back as it was. Files can say the same (<c>update.checkpoint</c>).
    /// </summary>
    public bool Checkpoint { get; init; }

    /// <summary>True to begin nothing more once anything has failed.</summary>
    internal bool StopAtFailure { get; init; }

    /// <summary>
    /// True to wait, once it is cancelled, for the end of what is at work, and for the server's answer to what it was asked for:
    /// something else follows that is not to be overtaken.
    /// </summary>
    internal bool WaitForEnd { get; init; }

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

    /// <summary>The change is made, or there was none to make; what is waited for now is in <see cref="ApplyEvent.Text"/>.</summary>
    Waiting,

    /// <summary>A hook or a step wrote a line; see <see cref="ApplyEvent.Text"/>.</summary>
    Output,

    /// <summary>Something is kept before the changes, for the case that one fails; see <see cref="ApplyEvent.Text"/>.</summary>
    Checkpoint,

    /// <summary>Something is put back as it was; see <see cref="ApplyEvent.Text"/>.</summary>
    Rollback,

    /// <summary>A change ended; see <see cref="ApplyEvent.Result"/>. Of what stays as it is only a failure is told.</summary>
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
