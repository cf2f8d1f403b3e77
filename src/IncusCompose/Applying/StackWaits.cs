using System.Collections.Concurrent;
using System.Diagnostics;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Applying;

/// <summary>
/// What is waited for while a plan is applied, beyond that changes are made: that instances are ready, healthy or done,
/// for those that depend on it and where the whole apply is to wait. Each is waited for once, however many depend on it.
/// </summary>
internal sealed class StackWaits
{
    private readonly ApplyContext _context;
    private readonly Func<ResourceChange, Action<string>> _tell;
    private readonly Func<ResourceChange, ApplyContext> _contextOf;
    private readonly Dictionary<ResourceId, HashSet<DependencyCondition>> _wanted = [];
    private readonly Dictionary<(ResourceId, DependencyCondition), Task<ResourceResult>> _waits = [];
    private readonly HashSet<ResourceId> _withSteps = [];
    private readonly Dictionary<ResourceId, Task<ResourceResult>> _steps = [];
    private readonly ConcurrentDictionary<(ResourceId, string), bool> _told = [];
    private readonly SemaphoreSlim _slots;

    /// <param name="context">The plan and how it is applied.</param>
    /// <param name="tell">Where to say what is being waited for of a change.</param>
    /// <param name="contextOf">The context of a change.</param>
    /// <param name="slots">The places among those at work: waiting takes none, a step does.</param>
    public StackWaits(ApplyContext context, Func<ResourceChange, Action<string>> tell, Func<ResourceChange, ApplyContext> contextOf, SemaphoreSlim slots)
    {
        _slots = slots;
        _context = context;
        _tell = tell;
        _contextOf = contextOf;
        _withSteps = [.. context.Plan.Resources.Where(change => change.Action != ChangeAction.None && change.Properties.Any(property => property.IsStep)).Select(change => change.Id)];
        foreach (var change in context.Plan.Resources.Where(ComesUp))
        {
            foreach (var condition in change.Conditions.Where(condition => condition.Condition != DependencyCondition.Started))
                Wanted(InstanceKind.IdOf(condition.Instance)).Add(condition.Condition);
            // What is to be rolled back where it does not become ready is waited for, the last one too.
            if (ChangeHooks.HasPostReady(change) || change.Desired is DesiredInstance { Update.OnFailure: UpdateFailure.Rollback })
                Wanted(change.Id).Add(DependencyCondition.Ready);
        }

        if (!context.Options.Wait)
            return;
        foreach (var change in context.Plan.Resources.Where(change => change is { Kind: InstanceKind.KindName, Action: not ChangeAction.Delete, Desired: not null }))
            Wanted(change.Id).Add(change.RunsToCompletion ? DependencyCondition.Completed : DependencyCondition.Ready);
    }

    /// <summary>A dependency of a change, once what the change waits for holds; how it ended, and why it does not hold.</summary>
    public async Task<ResourceResult> HoldsAsync(ResourceChange change, ResourceId dependency, Task<ResourceResult> running, CancellationToken cancellationToken)
    {
        var condition = change.Conditions.FirstOrDefault(condition => InstanceKind.IdOf(condition.Instance) == dependency);
        var holds = condition is not null && ComesUp(change) ? WaitAsync(dependency, condition.Condition, running, cancellationToken) : running;
        var result = await holds.ConfigureAwait(false);
        // What is not required may fail.
        return condition is { Required: false } && result.Outcome is ChangeOutcome.Failed or ChangeOutcome.Skipped
            ? result with { Outcome = ChangeOutcome.Unchanged }
            : result;
    }

    /// <summary>True for a resource of which more is waited for than that its change is made.</summary>
    public bool AreWanted(ResourceId id) => _wanted.ContainsKey(id) || _withSteps.Contains(id);

    /// <summary>How a change ended, once everything holds that is waited for of it.</summary>
    public async Task<ResourceResult> AllHoldAsync(ResourceChange change, Task<ResourceResult> running, CancellationToken cancellationToken)
    {
        var steps = StepsAsync(change.Id, running, cancellationToken);
        var waits = _wanted.GetValueOrDefault(change.Id, []).Select(condition => WaitAsync(change.Id, condition, running, cancellationToken));
        var results = await Task.WhenAll([.. waits, steps]).ConfigureAwait(false);
        return Array.Find(results, result => result.Outcome is not (ChangeOutcome.Done or ChangeOutcome.Unchanged)) ?? results[0];
    }

    private HashSet<DependencyCondition> Wanted(ResourceId id)
    {
        if (!_wanted.TryGetValue(id, out var conditions))
            _wanted[id] = conditions = [];
        return conditions;
    }

    /// <summary>True for an instance that is about to start: what goes on running need not wait.</summary>
    private static bool ComesUp(ResourceChange change) =>
        change.Starts || change.Restarts || change.Action is ChangeAction.Create or ChangeAction.Start or ChangeAction.Restart or ChangeAction.Rebuild or ChangeAction.Replace;

    // Called while the tasks are set up, which is one after the other.
    private Task<ResourceResult> WaitAsync(ResourceId id, DependencyCondition condition, Task<ResourceResult> running, CancellationToken cancellationToken)
    {
        if (condition == DependencyCondition.Started)
            return running;
        if (!_waits.TryGetValue((id, condition), out var wait))
            _waits[(id, condition)] = wait = WaitOnceAsync(id, condition, condition == DependencyCondition.Completed ? running : StepsAsync(id, running, cancellationToken), cancellationToken);
        return wait;
    }

    /// <summary>A change once the steps that follow it have ended; the change itself where none do.</summary>
    private Task<ResourceResult> StepsAsync(ResourceId id, Task<ResourceResult> running, CancellationToken cancellationToken)
    {
        if (!_withSteps.Contains(id))
            return running;
        if (!_steps.TryGetValue(id, out var steps))
        {
            var change = _context.Plan.Resources.First(change => change.Id == id);
            // Dependencies come first in a plan, so their tasks are there already.
            var before = change.DependsOn.Where(_steps.ContainsKey)
                .Where(other => change.Conditions.FirstOrDefault(condition => InstanceKind.IdOf(condition.Instance) == other)?.Required != false)
                .Select(other => _steps[other]).ToArray();
            _steps[id] = steps = StepsOnceAsync(change, running, before, cancellationToken);
        }

        return steps;
    }

    private async Task<ResourceResult> StepsOnceAsync(ResourceChange change, Task<ResourceResult> running, Task<ResourceResult>[] before, CancellationToken cancellationToken)
    {
        var result = await running.ConfigureAwait(false);
        if (result.Outcome is not (ChangeOutcome.Done or ChangeOutcome.Unchanged))
            return result;
        var tell = _tell(result.Change);
        var clock = Stopwatch.StartNew();
        try
        {
            // What an instance is made of may need what those are made of that it depends on.
            var needed = await Task.WhenAll(before).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (Array.Find(needed, other => other.Outcome is not (ChangeOutcome.Done or ChangeOutcome.Unchanged)) is { } failed)
                throw new ProvisionFailedException($"its steps were not begun, since those of {failed.Id} were not done") { Instance = change.Name };
            await new InstanceWaiter(_context.Client, change.Name) { MustRun = true, Progress = new Relay<string>(tell) }
                .WaitForGatesAsync(_context.Options.WaitTimeout, cancellationToken).ConfigureAwait(false);
            await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await RunnerOf(change, tell).RunAsync(InstanceKind.StepsOf(change), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }

            return result with { Duration = result.Duration + clock.Elapsed };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return result with { Outcome = ChangeOutcome.Cancelled, Message = "changed, but its steps were not all done", Duration = result.Duration + clock.Elapsed };
        }
        catch (Exception error) when (error is ProvisionFailedException or NotReadyException or IncusException)
        {
            return result with { Outcome = ChangeOutcome.Failed, IsNotReady = error is NotReadyException, Message = error.Message, Error = error, Duration = result.Duration + clock.Elapsed };
        }
    }

    private ProvisionRunner RunnerOf(ResourceChange change, Action<string> tell) => new(_context.Client, _context.Plan.Stack, change.Name)
    {
        AllowHost = _context.Plan.AllowHostHooks,
        HostFolder = _context.Plan.HostFolder,
        Dependencies = [.. DependenciesOf(change.Id)],
        Output = _contextOf(change).Output,
        Tell = tell,
    };

    /// <summary>The instances that one depends on, by way of others too.</summary>
    private HashSet<string> DependenciesOf(ResourceId id)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Add(id);
        return found;

        void Add(ResourceId one)
        {
            foreach (var other in _context.Plan.Resources.First(change => change.Id == one).DependsOn.Where(other => other.Kind == InstanceKind.KindName))
            {
                if (found.Add(other.Name))
                    Add(other);
            }
        }
    }

    /// <summary>Says what is waited for, where several wait for the same of one once.</summary>
    private void TellOnce(ResourceChange change, string text)
    {
        if (_told.TryAdd((change.Id, text), true))
            _tell(change)(text);
    }

    private async Task<ResourceResult> WaitOnceAsync(ResourceId id, DependencyCondition condition, Task<ResourceResult> running, CancellationToken cancellationToken)
    {
        var result = await running.ConfigureAwait(false);
        if (result.Outcome is not (ChangeOutcome.Done or ChangeOutcome.Unchanged))
            return result;
        var clock = Stopwatch.StartNew();
        var waiter = new InstanceWaiter(_context.Client, id.Name)
        {
            MustRun = condition != DependencyCondition.Completed,
            Progress = new Relay<string>(text => TellOnce(result.Change, text)),
        };
        try
        {
            var timeout = _context.Options.WaitTimeout;
            await (condition switch
            {
                DependencyCondition.Healthy => waiter.WaitForAsync(new HealthGate(), timeout, cancellationToken),
                DependencyCondition.Completed => waiter.WaitForCompletionAsync(timeout, cancellationToken),
                _ => waiter.WaitForReadyAsync(timeout, cancellationToken),
            }).ConfigureAwait(false);
            if (condition == DependencyCondition.Ready && ChangeHooks.HasPostReady(result.Change))
                await new ChangeHooks(_contextOf(result.Change).HookRunner(), result.Change).RunAsync(HookPoint.PostReady, cancellationToken).ConfigureAwait(false);
            return result with { Duration = result.Duration + clock.Elapsed };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return result with { Outcome = ChangeOutcome.Cancelled, Message = "changed, but not waited for to its end", Duration = result.Duration + clock.Elapsed };
        }
        catch (Exception error) when (error is NotReadyException or HookFailedException or IncusException)
        {
            return result with { Outcome = ChangeOutcome.Failed, IsNotReady = true, Message = error.Message, Error = error, Duration = result.Duration + clock.Elapsed };
        }
    }
}
