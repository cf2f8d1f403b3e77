using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <content>
/// Moving instances between the members of a cluster. One that is stopped is moved as it is; one that runs is stopped for it,
/// where that is allowed, and started there; a virtual machine with <c>migration.stateful</c> goes on running.
/// Source: Incus doc/howto/move_instances.md.
/// </content>
internal sealed partial class InstanceKind
{
    /// <summary>True where a change of something that exists brings it to another member.</summary>
    public static bool IsMove(ResourceChange change) =>
        change is { Action: ChangeAction.Update or ChangeAction.Rebuild, Live: not null } && change.Steps.Any(step => step is { Path: PropertyPath.Target, Value: not null });

    /// <summary>What a move means for an instance that runs.</summary>
    private static ResourceChange RefineMove(ResourceChange change, Instance instance, ResourcePlanner planner)
    {
        if (!IsMove(change) || change.Action == ChangeAction.Rebuild || instance.StatusCode is StatusCode.Stopped || MovesLive(change))
            return change;
        // It would be gone once it is stopped.
        if (instance.Ephemeral)
        {
            return change with
            {
                Action = ChangeAction.Replace,
                Reason = new InstanceKind().LostByReplacement,
                Refused = planner.Options.AllowReplace
                    ? new InstanceKind().ReplacementRefusal(change.Live!, planner.Options)
                    : "it is ephemeral and cannot be moved, only made anew on the other member; allow it with -AllowReplace (--allow-replace)",
            };
        }

        var whyNotNow = UpdateOrder.WhyNotNow(change, planner.Options);
        return planner.Options.AllowRestart
            ? change with { Restarts = true, Reason = "stopped while it is moved" }
            : whyNotNow is not null
            ? change with { PendingRestart = true, Reason = "to be moved" }
            : change with { Refused = "it runs, and is stopped while it is moved to another member; allow that with -AllowRestart (--allow-restart)" };
    }

    // The volumes of its member would have to be moved from under it.
    private static bool MovesLive(ResourceChange change) =>
        change is { Live.Raw: Instance instance, Desired: DesiredInstance { Place.WithVolumes: false } }
        && instance.Type == InstanceTypes.VirtualMachine && ConfigTruth.IsTrue(instance.ExpandedConfig.GetValueOrDefault("migration.stateful"));

    /// <summary>True where an instance is moved now: it is stopped, may be, or goes on running.</summary>
    private static bool IsMovedNow(ResourceChange change) =>
        IsMove(change) && (change.Restarts || change.Starts || (!change.PendingRestart && MovesLive(change)));

    /// <summary>Moves an instance, changes what else there is, and has it run again.</summary>
    private async Task MoveAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var before = (await context.Client.Instances.GetAsync(change.Name, cancellationToken).ConfigureAwait(false)).Value;
        var runs = before.StatusCode is not StatusCode.Stopped;
        var live = runs && !change.Restarts;
        if (runs && !live)
        {
            await InstancePower.WakeAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
            await InstancePower.StopAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            change = await MoveOnlyAsync(context, change, live, cancellationToken).ConfigureAwait(false);
            if (live)
            {
                await UpdateRunningAsync(context, change, cancellationToken).ConfigureAwait(false);
                return;
            }

            await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
            await InstancePower.StartAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (runs && !live && error is (IncusException or OperationCanceledException))
        {
            await context.Commitments.SeeThroughAsync(() => RunAgainAsync(context, change.Name, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Moves an instance that was stopped to be rebuilt; where it cannot be, it runs again if it did.</summary>
    private async Task<ResourceChange> MoveStoppedAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        try
        {
            return await MoveOnlyAsync(context, change, live: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (change.Live!.Raw is Instance { StatusCode: not StatusCode.Stopped } && error is (IncusException or OperationCanceledException))
        {
            await context.Commitments.SeeThroughAsync(() => RunAgainAsync(context, change.Name, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Brings an instance to its member, if it is not there yet.</summary>
    /// <returns>The change, of the instance as it is there.</returns>
    private async Task<ResourceChange> MoveOnlyAsync(ApplyContext context, ResourceChange change, bool live, CancellationToken cancellationToken)
    {
        var place = ((DesiredInstance)change.Desired!).Place!;
        context.Say($"moving to {place.Target}");
        try
        {
            await context.Client.ForTarget(place.Target).Instances.MoveAsync(change.Name, live, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // Somebody else may have been faster.
            if (!place.Good.Contains(await WhereAsync().ConfigureAwait(false)))
                throw;
        }

        var moved = (await context.Client.Instances.GetAsync(change.Name, cancellationToken).ConfigureAwait(false)).Value;
        return place.Good.Contains(moved.Location)
            ? change with { Live = Describe(change.Id, moved) }
            : throw new IncusException($"The server was asked to move {change.Id} to {place.Target}, and it is on {moved.Location}", "Move it yourself: incus move " + change.Name + " --target " + place.Target);

        async Task<string> WhereAsync() => (await context.Client.Instances.FindAsync(change.Name, cancellationToken).ConfigureAwait(false))?.Value.Location ?? "";
    }

    /// <summary>Starts an instance again that was stopped for a move that failed.</summary>
    public static async Task RunAgainAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        try
        {
            await InstancePower.PowerOnAsync(context, name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong.
        }
    }
}
