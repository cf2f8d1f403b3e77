using System.Diagnostics;
using Incus.Client;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Applying;

/// <summary>
/// Carries a plan out. Every change waits for those that it depends on and for nothing else; how many are at work at one
/// time is bounded. It decides nothing: what is done, and in which order, is the plan's.
/// </summary>
#pragma warning disable CA1001 // The semaphore holds nothing of the system's, and work left to the server may still give its slot back.
internal sealed class StackApplier
#pragma warning restore CA1001
{
    // Once the user has cancelled, this is how long running work may take to end by itself before it is left to the server.
    private static readonly TimeSpan CancelGrace = TimeSpan.FromSeconds(1.5);

    private const int MostRounds = 8;

    // Doubled each round: twelve seconds in all.
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LongestConflictPause = TimeSpan.FromMilliseconds(200);

    private readonly ApplyContext _context;
    private readonly IProgress<ApplyEvent>? _progress;
    private readonly SemaphoreSlim _slots;
    private volatile bool _ended;
    private volatile ResourceResult? _failed;

    public StackApplier(ApplyContext context, IProgress<ApplyEvent>? progress)
    {
        _context = context;
        _progress = progress;
        _slots = new SemaphoreSlim(Math.Max(1, context.Options.ThrottleLimit));
    }

    public async Task<ApplyResult> ApplyAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waits = new StackWaits(_context, change => text => Tell(new ApplyEvent(ApplyEventKind.Waiting, change) { Text = $"waiting for {text}" }), ContextOf, _slots);
        var running = new Dictionary<ResourceId, Task<ResourceResult>>();
        var ending = new Dictionary<ResourceId, Task<ResourceResult>>();
        foreach (var change in _context.Plan.Resources)
        {
            // Dependencies come first in a plan, so their tasks are there already.
            var dependencies = change.DependsOn.Where(running.ContainsKey)
                .Select(id => waits.HoldsAsync(change, id, running[id], waiting.Token)).ToArray();
            var run = RunAsync(change, dependencies, cancellationToken);
            var needs = change.DependsOn.Where(running.ContainsKey).Select(id => ending[id]).Zip(dependencies).ToArray();
            // Where nothing more is waited for, the end is told before anything begins that depends on it.
            running[change.Id] = waits.AreWanted(change.Id) ? run : EndAsync(change, run, needs, waiting);
            ending[change.Id] = waits.AreWanted(change.Id) ? EndAsync(change, waits.AllHoldAsync(change, run, waiting.Token), needs, waiting) : running[change.Id];
        }

        await EndedOrGivenUpAsync(Task.WhenAll(ending.Values), _context.Options.WaitForEnd ? CancellationToken.None : cancellationToken).ConfigureAwait(false);
        // What would leave something broken is gone through with, whatever the user wants.
        await _context.Commitments.EndAsync().ConfigureAwait(false);
        await _context.Stops.EndAsync().ConfigureAwait(false);
        _ended = true;
        var results = _context.Plan.Resources.Select(change => Outcome(change, ending[change.Id])).ToList();
        return new ApplyResult { Plan = _context.Plan, Resources = results, Duration = clock.Elapsed };
    }

    private async Task<ResourceResult> EndAsync(
        ResourceChange change, Task<ResourceResult> ending, (Task<ResourceResult> End, Task<ResourceResult> Needed)[] needs, CancellationTokenSource waiting)
    {
        var result = await ending.ConfigureAwait(false);
        if (_context.Stops.Include(change.Id))
            await _context.Commitments.SeeThroughAsync(() => _context.Stops.EndAsync(change.Id, result.Outcome == ChangeOutcome.Done)).ConfigureAwait(false);
        // What was not begun since another failed is told after that one.
        foreach (var (end, needed) in result.Outcome == ChangeOutcome.Skipped ? needs : [])
        {
            if ((await needed.ConfigureAwait(false)).Outcome is ChangeOutcome.Failed or ChangeOutcome.Skipped)
                await end.ConfigureAwait(false);
        }

        if (result.Outcome == ChangeOutcome.Failed && _context.Options.StopAtFailure && !_ended && Interlocked.CompareExchange(ref _failed, result, null) is null)
            await waiting.CancelAsync().ConfigureAwait(false);
        if (change.Action != ChangeAction.None || result.Outcome == ChangeOutcome.Failed)
            Tell(new ApplyEvent(ApplyEventKind.Ended, change) { Result = result });
        return result;
    }

    private async Task<ResourceResult> RunAsync(ResourceChange change, Task<ResourceResult>[] dependencies, CancellationToken cancellationToken)
    {
        var needed = await Task.WhenAll(dependencies).ConfigureAwait(false);
        if (needed.FirstOrDefault(result => result.Outcome is ChangeOutcome.Failed or ChangeOutcome.Skipped) is { } failed
            && change.Action != ChangeAction.None)
        {
            return Ended(change, ChangeOutcome.Skipped, $"not begun, since {failed.Id} {WhyNot(failed)}");
        }

        if (_failed is { } other && change.Action != ChangeAction.None)
            return Ended(change, ChangeOutcome.Skipped, $"not begun, since {other.Id} {WhyNot(other)}");
        // A cancelled dependency means that everything is being cancelled.
        if (cancellationToken.IsCancellationRequested || needed.Any(result => result.Outcome == ChangeOutcome.Cancelled))
            return change.Action == ChangeAction.None ? Ended(change, ChangeOutcome.Unchanged) : Ended(change, ChangeOutcome.Cancelled, "not begun");
        // What stays as it is still stands between those that depend on it and those it depends on.
        if (change.Action == ChangeAction.None)
        {
            var broken = needed.FirstOrDefault(result => result.Outcome is ChangeOutcome.Failed or ChangeOutcome.Skipped);
            return broken is null
                ? Ended(change, ChangeOutcome.Unchanged, change.Reason.Length > 0 ? change.Reason : null)
                : Ended(change, ChangeOutcome.Skipped, $"unchanged, but {broken.Id} {WhyNot(broken)}");
        }

        try
        {
            await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Ended(change, ChangeOutcome.Cancelled, "not begun");
        }

        var clock = Stopwatch.StartNew();
        try
        {
            // What is cancelled gives its slot on, perhaps before the next in line hears of the cancellation.
            if (cancellationToken.IsCancellationRequested)
                return Ended(change, ChangeOutcome.Cancelled, "not begun");
            if (_failed is { } first)
                return Ended(change, ChangeOutcome.Skipped, $"not begun, since {first.Id} {WhyNot(first)}");
            Tell(new ApplyEvent(ApplyEventKind.Started, change));
            await CarryOutAsync(change, cancellationToken).ConfigureAwait(false);
            return Ended(change, ChangeOutcome.Done, null, null, clock.Elapsed);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Ended(change, ChangeOutcome.Cancelled, "not finished", null, clock.Elapsed);
        }
        catch (TurnLostException lost)
        {
            return Ended(change, ChangeOutcome.Skipped, lost.Message, null, clock.Elapsed);
        }
#pragma warning disable CA1031 // Whatever goes wrong with one resource is that resource's result; the others go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var reason = await ResourceKinds.Of(change.Id).ReasonAsync(_context.Client, change.Id, error).ConfigureAwait(false);
            var message = reason is null ? error.Message : $"{error.Message.TrimEnd()}: {reason}";
            return Ended(change, ChangeOutcome.Failed, ServerAdvice.Complete(message), error, clock.Elapsed) with { Reason = reason, IsNotReady = error is NotReadyException };
        }
        finally
        {
            _slots.Release();
        }
    }

    private static string WhyNot(ResourceResult needed) => needed switch
    {
        { Error: NotReadyException late } => $"is not ready (waited for {late.Wanted})",
        { Error: ProvisionFailedException { Step.Length: > 0 } failed } => $"failed at its step {failed.Step}",
        { Outcome: ChangeOutcome.Failed } => "failed",
        _ => "was skipped",
    };

    /// <summary>
    /// Makes the change; where the server moved on in between (somebody else made the same resource, the daemon was
    /// restarted), looks at the one resource again and goes on from there.
    /// </summary>
    private async Task CarryOutAsync(ResourceChange change, CancellationToken cancellationToken)
    {
        var context = ContextOf(change);
        context = context with { Hooks = new ChangeHooks(context.HookRunner(), change) };
        var kind = ResourceKinds.Of(change.Id);
        for (var round = 1; ; round++)
        {
            // What looks abandoned or stopped may be what somebody is making or restarting right now.
            var moved = change.Live is not null && (change.Action == ChangeAction.Replace || change.Starts)
                && await kind.SettleAsync(context, change, cancellationToken).ConfigureAwait(false);
            // And before anything is deleted it is looked at once more: what had the stack's mark may have been made anew by
            // somebody else.
            if (moved || change is { Action: ChangeAction.Replace or ChangeAction.Delete, Live: not null })
            {
                var now = await kind.FindAgainAsync(context, change, cancellationToken).ConfigureAwait(false);
                if (IsForeign(kind, change, now))
                    throw new PlanOutdatedException([change.Id]);
                if (PlanAgain(kind, change, now) is not { } settled)
                    return;
                change = settled;
            }

            try
            {
                await kind.ApplyAsync(context, change, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (round < MostRounds && !context.Options.Exact && error is not IncusUnreachableException)
            {
                if (!await kind.SettleAsync(context, change, cancellationToken).ConfigureAwait(false))
                {
                    if (!IsOutrun(error))
                        throw;
                    // An instance that ends by itself is locked meanwhile, without an operation that could be waited for.
                    // Others who were faster are done soon, and what is refused for good is to be said soon.
                    var pause = BusyPause * (1 << round);
                    await Task.Delay(IsBusy(error.ServerMessage ?? "") || pause < LongestConflictPause ? pause : LongestConflictPause, cancellationToken).ConfigureAwait(false);
                }

                var now = await kind.FindAgainAsync(context, change, cancellationToken).ConfigureAwait(false);
                if (IsForeign(kind, change, now))
                    throw new PlanOutdatedException([change.Id]);
                if (PlanAgain(kind, change, now) is not { } again)
                    return;
                change = again;
            }
        }
    }

    /// <summary>The context of one change: what is told goes out under its name.</summary>
    private ApplyContext ContextOf(ResourceChange change) => _context with
    {
        Progress = _progress is null ? null : new Relay<OperationProgress>(step => Tell(new ApplyEvent(ApplyEventKind.Progress, change) { Text = step.Text, Percent = step.Percent })),
        Say = text => Tell(new ApplyEvent(ApplyEventKind.Progress, change) { Text = text }),
        Output = line => Tell(new ApplyEvent(ApplyEventKind.Output, change) { Text = line }),
        OwnStopTimeout = InstancePower.StopTimeoutOf(change),
    };

    /// <summary>True for what exists and is not the stack's own. What the plan changes though it had no mark came with the stack's project.</summary>
    private bool IsForeign(ResourceKind kind, ResourceChange change, LiveResource? now) =>
        now is not null && !kind.IsShared
        && (kind.IsAnother(change, now)
            || (now.Mark?.BelongsTo(_context.Plan.Stack, _context.Plan.Project) != true
                && !(now.Mark is null && (_context.Plan.Planner.Options.KeepExisting || change is { Action: ChangeAction.Update or ChangeAction.Adopt, Live.Mark: null }))));

    /// <summary>What is to be done with a resource as it is now; null where nothing is left to do.</summary>
    /// <exception cref="PlanOutdatedException">Only something that was not allowed would do, or it is gone that was to go on.</exception>
    private ResourceChange? PlanAgain(ResourceKind kind, ResourceChange change, LiveResource? now)
    {
        if (change.Desired is null)
        {
            return now is not null ? change with { Live = now }
                : change.Action is ChangeAction.Delete or ChangeAction.Stop or ChangeAction.Kill ? null
                : throw new PlanOutdatedException([change.Id]);
        }

        if (change.Action == ChangeAction.Adopt)
            return now is null ? throw new PlanOutdatedException([change.Id]) : change with { Live = now };
        var again = _context.Plan.Planner.Plan(kind, change.Desired, now);
        if (again.Refused is not null)
            throw new PlanOutdatedException([change.Id]);
        return again.Action == ChangeAction.None ? null : again;
    }

    /// <summary>True where the server was ahead: it was at work on the same thing, for somebody else or since before it was killed.</summary>
    private static bool IsOutrun(IncusException error) =>
        error is IncusConflictException or IncusPreconditionFailedException or OperationLostException || IsBusy(error.ServerMessage ?? "");

    // 'Failed creating instance record: Instance is busy running a "create" operation', 'Failed to create instance stop
    // operation: Instance is busy running a "start" operation', or "… has now succeeded"; 'The instance is already running';
    // and of a profile's instances, one that was deleted meanwhile.
    internal static bool IsBusy(string message) =>
        message.Contains("Instance is busy running a ", StringComparison.Ordinal)
        || (message.Contains("Failed to create instance ", StringComparison.Ordinal) && message.Contains(" operation: ", StringComparison.Ordinal))
        || message.Contains(" is already running", StringComparison.Ordinal)
        || message.Contains("Instance not found", StringComparison.Ordinal);

    /// <summary>Waits for all work; once the user has cancelled, no longer than the grace.</summary>
    private static async Task EndedOrGivenUpAsync(Task all, CancellationToken cancellationToken)
    {
        try
        {
            await all.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAny(all, Task.Delay(CancelGrace, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    /// <summary>The result of a change, or that it was given up: a cancelled user does not wait for a stuck server.</summary>
    private static ResourceResult Outcome(ResourceChange change, Task<ResourceResult> task) =>
        task.IsCompletedSuccessfully
            ? task.Result
            : new ResourceResult { Change = change, Outcome = ChangeOutcome.Cancelled, Message = "left to the server, which was still at it" };

    private static ResourceResult Ended(ResourceChange change, ChangeOutcome outcome, string? message = null, Exception? error = null, TimeSpan duration = default) =>
        new() { Change = change, Outcome = outcome, Message = message, Error = error, Duration = duration };

    private void Tell(ApplyEvent occurrence)
    {
        if (!_ended)
            _progress?.Report(occurrence);
    }
}
