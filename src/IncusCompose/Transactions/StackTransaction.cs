using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Persistence;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Transactions;

/// <summary>
/// An apply that keeps what it changes: a checkpoint first, then the plan, and where that fails all that had begun is put
/// back and what is new is removed. The checkpoint is on the server until then: of an apply that was killed it stays, can
/// be seen, and goes back just the same.
/// </summary>
internal sealed class StackTransaction
{
    private static readonly CancellationToken NotCancelled = CancellationToken.None;

    private readonly IncusClient _client;
    private readonly ClientConfiguration _remotes;
    private readonly StackPlan _plan;
    private readonly TransactionScope _scope;
    private readonly ApplyOptions _options;
    private readonly IProgress<ApplyEvent>? _progress;
    private readonly ConcurrentDictionary<ResourceId, bool> _begun = new();
    private readonly ConcurrentQueue<string> _folders = new();

    /// <param name="client">The plan's project on the server.</param>
    /// <param name="remotes">The user's remotes.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="scope">What of it is put back together.</param>
    /// <param name="options">How to apply it.</param>
    /// <param name="progress">Is told what happens.</param>
    public StackTransaction(
        IncusClient client, ClientConfiguration remotes, StackPlan plan, TransactionScope scope, ApplyOptions options, IProgress<ApplyEvent>? progress)
    {
        _client = client;
        _remotes = remotes;
        _plan = plan;
        _scope = scope;
        _options = (scope.IsWhole ? options with { Wait = true, StopAtFailure = true } : options) with { WaitForEnd = true };
        _progress = progress;
    }

    /// <exception cref="PlanRefusedException">A change could not be taken back; nothing was done.</exception>
    /// <exception cref="CheckpointException">What is there could not be kept; nothing was done.</exception>
    public async Task<ApplyResult> RunAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        if (await _scope.RefusedAsync(_client, cancellationToken).ConfigureAwait(false) is { Count: > 0 } refused)
            throw new PlanRefusedException(refused);
        var checkpoint = await KeepAsync(cancellationToken).ConfigureAwait(false);
        var result = await ApplyAsync(_scope.Plan, _options, cancellationToken).ConfigureAwait(false);
        var back = result.Succeeded ? new HashSet<ResourceId>() : WhatGoesBack(result, new HashSet<ResourceId>()).All;
        if (back.Count > 0)
        {
            var transaction = await PutBackAsync(checkpoint, result).ConfigureAwait(false);
            return WithRollback(result, transaction, back) with { Plan = _plan, Duration = clock.Elapsed };
        }

        var kept = await ForgetAsync(checkpoint, TransactionOutcome.Kept, []).ConfigureAwait(false);
        if (result.Succeeded && _scope.Afterwards.HasChanges)
            result = Merge(result, await ApplyAsync(_scope.Afterwards, _options, cancellationToken).ConfigureAwait(false));
        return result with { Plan = _plan, Transaction = kept, Duration = clock.Elapsed };
    }

    private Task<ApplyResult> ApplyAsync(StackPlan plan, ApplyOptions options, CancellationToken cancellationToken) =>
        new StackApplier(new ApplyContext(_client.FinishingChanges(), plan, options, _remotes) { FolderMade = _folders.Enqueue }, new Relay<ApplyEvent>(happened =>
        {
            if (happened.Kind == ApplyEventKind.Started)
                _begun[happened.Change.Id] = true;
            _progress?.Report(happened);
        })).ApplyAsync(cancellationToken);

    /// <summary>Takes the checkpoint; where the project is yet to be made, there is no place for it.</summary>
    private async Task<StackCheckpoint> KeepAsync(CancellationToken cancellationToken)
    {
        if (_plan.Changes.Any(change => change is { Kind: ProjectKind.KindName, Action: ChangeAction.Create }))
        {
            return new StackCheckpoint
            {
                Name = "",
                Stack = _plan.Stack,
                Project = _plan.Project,
                IsComplete = true,
                IsOfApply = true,
                Record = new CheckpointRecord
                {
                    Id = "",
                    Name = "",
                    Stack = _plan.Stack,
                    Project = _plan.Project,
                    Complete = true,
                    OfApply = true,
                    // A project can leave volumes, images or networks to the default one, where they outlive it.
                    Present = [.. Present().Select(id => id.ToString())],
                },
            };
        }

        var options = new CheckpointOptions
        {
            Name = $"before-{DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{CheckpointRecord.NewId()[..4]}",
            Description = "Taken by an apply, which removes it at its end",
            OfApply = true,
            Only = _scope.Kept(),
            CopiesOf = _scope.Copied(),
            WithoutSnapshot = _scope.Rebuilt(),
            ThrottleLimit = Math.Min(_options.ThrottleLimit, CheckpointOptions.DefaultThrottleLimit),
        };
        return await new CheckpointTaker(_client, options, Telling(ApplyEventKind.Checkpoint)).TakeAsync(_plan.Stack, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the plan found on the server.</summary>
    private HashSet<ResourceId> Present() => _plan.Resources.Where(change => change.Live is not null).Select(change => change.Id).ToHashSet();

    /// <summary>Puts back what had begun. Nothing cancels that: it is what makes an apply that was cancelled leave nothing behind.</summary>
    private async Task<TransactionResult> PutBackAsync(StackCheckpoint checkpoint, ApplyResult result)
    {
        IReadOnlyList<RestoreStepResult> steps = [];
        string? why;
        try
        {
            await SettleAsync().ConfigureAwait(false);
            var (back, inPlace) = await PutBackInPlaceAsync(result).ConfigureAwait(false);
            var options = new RestoreOptions { Prune = true, RemoveVolumes = true, Only = back };
            var plan = await new RestorePlanner(_client, checkpoint, options).PlanAsync(NotCancelled).ConfigureAwait(false);
            // Whatever the checkpoint says: what was there before the apply is never deleted.
            var present = Present();
            plan = plan with { Steps = [.. plan.Steps.Where(step => step.Action != RestoreAction.Delete || !present.Contains(step.Id))] };
            why = plan.Steps.FirstOrDefault(step => step.Refused is not null) is { } refused ? $"{refused.Id}: {refused.Refused}" : null;
            if (why is null)
            {
                var restored = await new CheckpointRestorer(_client, _remotes, plan, options, Telling(ApplyEventKind.Rollback)).RestoreAsync(NotCancelled).ConfigureAwait(false);
                steps = [.. restored.Steps, .. inPlace];
                if (restored.Succeeded)
                {
                    await RemoveFoldersAsync().ConfigureAwait(false);
                    return await ForgetAsync(checkpoint, TransactionOutcome.RolledBack, steps).ConfigureAwait(false);
                }

                why = string.Join("; ", steps.Where(step => step.Outcome is not (ChangeOutcome.Done or ChangeOutcome.Unchanged)).Select(step => $"{step.Id}: {step.Message ?? "not put back"}"));
            }
        }
        catch (Exception error) when (error is IncusException or CheckpointException)
        {
            why = error.Message;
        }

        var left = steps.Count > 0 ? "" : $" Begun, and not put back: {string.Join(", ", _begun.Keys.Select(id => id.ToString()).Order(StringComparer.Ordinal))}.";
        return new TransactionResult
        {
            Checkpoint = checkpoint.Name,
            Outcome = TransactionOutcome.RollbackFailed,
            IsWhole = _scope.IsWhole,
            Steps = steps,
            IsCheckpointLeft = checkpoint.Name.Length > 0,
            Message = $"The rollback failed: {why.TrimEnd('.')}.{left} " + (checkpoint.Name.Length > 0
                ? $"The checkpoint {checkpoint.Name} holds what was before: {TransactionNotes.HowToGoBack(checkpoint)}."
                : "There was nothing before: take the stack down, or apply again."),
        };
    }

    /// <summary>Removes the folders that were made on this machine for what is put back, as long as nothing is in them.</summary>
    private async Task RemoveFoldersAsync()
    {
        try
        {
            await DataRemover.RemoveEmptyAsync(_client, _folders, NotCancelled).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // Whether something uses them is not known: empty folders stay.
        }
    }

    private ToPutBack WhatGoesBack(ApplyResult result, IReadOnlySet<ResourceId> notInPlace) => _scope.ToPutBack(result, _begun.Keys.ToHashSet(), notInPlace);

    /// <summary>Puts back the configuration of instances of which nothing else was changed, while they go on.</summary>
    /// <returns>What has to go back to the checkpoint, and what of the rest was done.</returns>
    private async Task<(IReadOnlySet<ResourceId> Back, IReadOnlyList<RestoreStepResult> InPlace)> PutBackInPlaceAsync(ApplyResult result)
    {
        var progress = Telling(ApplyEventKind.Rollback);
        var refused = new ConcurrentDictionary<ResourceId, bool>();
        using var slots = new SemaphoreSlim(Math.Max(1, _options.ThrottleLimit));
        await Task.WhenAll(WhatGoesBack(result, new HashSet<ResourceId>()).InPlace.Select(async change =>
        {
            var step = InPlace(change);
            await slots.WaitAsync(NotCancelled).ConfigureAwait(false);
            try
            {
                progress.Report(new CheckpointEvent(change.Id, step.Verb));
                if (!await ((InstanceKind)ResourceKinds.Of(change.Id)).TakeBackAsync(_client, change, NotCancelled).ConfigureAwait(false))
                    refused[change.Id] = true;
            }
            catch (IncusException)
            {
                // What the server does not do while it runs, it does once it is stopped, from the checkpoint.
                refused[change.Id] = true;
            }
            finally
            {
                slots.Release();
            }
        })).ConfigureAwait(false);
        var back = WhatGoesBack(result, refused.Keys.ToHashSet());
        return (back.Checkpointed, [.. back.InPlace.Select(change => new RestoreStepResult { Step = InPlace(change), Outcome = ChangeOutcome.Done })]);

        static RestoreStep InPlace(ResourceChange change) => new() { Id = change.Id, Action = RestoreAction.Update, Live = change.Live };
    }

    /// <summary>What the server is still doing for an apply that was cancelled or lost its connection would come after the rollback.</summary>
    private async Task SettleAsync()
    {
        var context = new ApplyContext(_client, _plan, _options, _remotes);
        await InstanceWork.SettleAsync(context, _plan.Changes.Where(change => change.Kind == InstanceKind.KindName).Select(change => change.Name), NotCancelled).ConfigureAwait(false);
        if (_plan.Changes.Any(change => change is { Kind: ImageKind.KindName, Action: ChangeAction.Create }))
            await InstanceWork.SettleAsync(_client, operation => operation.Description.Contains("image", StringComparison.OrdinalIgnoreCase), _ => { }, NotCancelled).ConfigureAwait(false);
    }

    /// <summary>Removes the checkpoint, which nobody needs any more.</summary>
    private async Task<TransactionResult> ForgetAsync(StackCheckpoint checkpoint, TransactionOutcome outcome, IReadOnlyList<RestoreStepResult> steps)
    {
        var result = new TransactionResult { Checkpoint = checkpoint.Name, Outcome = outcome, IsWhole = _scope.IsWhole, Steps = steps };
        try
        {
            if (checkpoint.Name.Length > 0)
                await new CheckpointRemover(_client, progress: null).RemoveAsync(checkpoint, NotCancelled).ConfigureAwait(false);
            return result;
        }
        catch (IncusException error)
        {
            return result with
            {
                IsCheckpointLeft = true,
                Message = $"The checkpoint {checkpoint.Name} could not be removed: {error.Message.TrimEnd('.')}. Nobody needs it any more: {TransactionNotes.HowToRemove(checkpoint)}.",
            };
        }
    }

    private Relay<CheckpointEvent> Telling(ApplyEventKind kind) => new(happened => _progress?.Report(new ApplyEvent(
        kind, _plan.Resources.FirstOrDefault(change => change.Id == happened.Id) ?? new ResourceChange { Id = happened.Id, Action = ChangeAction.None }) { Text = happened.Text }));

    private static ApplyResult WithRollback(ApplyResult result, TransactionResult transaction, IReadOnlySet<ResourceId> back)
    {
        var putBack = transaction.Outcome == TransactionOutcome.RolledBack
            ? back
            : transaction.Steps.Where(step => step.Outcome is ChangeOutcome.Done or ChangeOutcome.Unchanged).Select(step => step.Id).ToHashSet();
        return result with
        {
            Transaction = transaction,
            Resources =
            [
                .. result.Resources.Select(resource => resource.Outcome is ChangeOutcome.Done or ChangeOutcome.Cancelled && putBack.Contains(resource.Id)
                    ? resource with { Outcome = ChangeOutcome.RolledBack, Message = "put back as it was before" }
                    : resource),
            ],
        };
    }

    private static ApplyResult Merge(ApplyResult first, ApplyResult then)
    {
        var later = then.Resources.Where(resource => resource.Action != ChangeAction.None).ToDictionary(resource => resource.Id);
        return first with { Resources = [.. first.Resources.Select(resource => later.GetValueOrDefault(resource.Id, resource))] };
    }
}
