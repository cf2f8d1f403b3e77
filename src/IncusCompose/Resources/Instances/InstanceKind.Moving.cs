using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Instances;

/// <content>
/// Moving instances between the members of a cluster, and their root disks between storage pools. One that is stopped is moved as it is; one that runs is stopped for it,
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
        var disk = RootDiskMove.Of(change);
        if (disk is { } pools)
            change = change with { Reason = change.Reason.Length > 0 ? $"{change.Reason}; {pools}" : pools.ToString() };
        if ((!IsMove(change) && disk is null) || change.Action == ChangeAction.Rebuild || instance.StatusCode is StatusCode.Stopped || (disk is null && MovesLive(change)))
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
                    : $"it is ephemeral and cannot be moved, only made anew {(disk is { To: var pool } ? $"in the pool {pool}" : "on the other member")}; allow it with -AllowReplace (--allow-replace)",
            };
        }

        var whyNotNow = UpdateOrder.WhyNotNow(change, planner.Options);
        if (disk is not null && whyNotNow is not null)
            return WithoutDisk(change, instance);
        return planner.Options.AllowRestart
            ? change with { Restarts = true, Reason = disk is null ? "stopped while it is moved" : $"{change.Reason}; it is stopped meanwhile" }
            : whyNotNow is not null
            ? change with { PendingRestart = true, Reason = "to be moved" }
            : change with { Refused = $"it runs, and is stopped while {(disk is { } to ? $"its root disk is moved to the pool {to.To}" : "it is moved to another member")}; allow that with -AllowRestart (--allow-restart)" };
    }

    /// <summary>
    /// A change without what waits for the move of the root disk: the pool cannot be written before the disk is there. What was
    /// applied of it stays applied, so that what is left is known to be the file's.
    /// </summary>
    private static ResourceChange WithoutDisk(ResourceChange change, Instance instance)
    {
        var desired = change.Desired!;
        var (live, wanted) = (RootDiskMove.RootOf(instance.Devices)?.Name, RootDiskMove.RootOf(ResourceFields.From(desired.Properties).DeviceMap())?.Name);
        var properties = change.Properties.Select(property => property.Step is { } step && Waits(step.Path) ? property with { Step = null } : property).ToList();
        var isMore = properties.Exists(property => property.Difference != PropertyDifference.Unmanaged && (property.Step is not null || property.Difference == PropertyDifference.Recorded || property.IsStep || property.IsFile));
        return change with
        {
            Action = isMore ? ChangeAction.Update : ChangeAction.None,
            IsPostponed = !isMore,
            Properties = properties,
            Desired = desired with { Applied = (desired.Applied ?? AppliedRecord.Of(desired.Properties)).Except(Waits, change.Live!.Mark?.Applied ?? AppliedRecord.Empty) },
        };

        // A device that is not there yet, or is to go, is of no use without its pool.
        bool Waits(string path) => live is null && wanted is null ? path == PropertyPath.Profiles
            : live == wanted ? path == PropertyPath.Device(live!, "pool")
            : PropertyPath.IsDevice(path, out var device, out _) && (device == live || device == wanted);
    }

    // The volumes of its member would have to be moved from under it.
    private static bool MovesLive(ResourceChange change) =>
        change is { Live.Raw: Instance instance, Desired: DesiredInstance { Place.WithVolumes: false } }
        && instance.Type == InstanceTypes.VirtualMachine && ConfigTruth.IsTrue(instance.ExpandedConfig.GetValueOrDefault("migration.stateful"));

    /// <summary>True where an instance is moved now: it is stopped, may be, or goes on running.</summary>
    private static bool IsMovedNow(ResourceChange change) =>
        RootDiskMove.Of(change) is not null ? change.Restarts || change.Starts
            : IsMove(change) && (change.Restarts || change.Starts || (!change.PendingRestart && MovesLive(change)));

    /// <summary>Moves an instance or its root disk, changes what else there is, and has it run again.</summary>
    private async Task MoveAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var before = (await context.Client.Instances.GetAsync(change.Name, cancellationToken).ConfigureAwait(false)).Value;
        var runs = before.StatusCode is not StatusCode.Stopped;
        var live = runs && !change.Restarts;
        // Before it is stopped for nothing.
        if (RootDiskMove.Of(change) is not null)
            await RootDiskMove.RequireMovableAsync(context.Client, change.Name, cancellationToken).ConfigureAwait(false);
        try
        {
            if (runs && !live)
            {
                await InstancePower.WakeAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await InstancePower.StopAsync(context with { Hooks = new ChangeHooks(context.HookRunner(), ChangeHooks.WithoutDropped(change)) }, change.Name, cancellationToken).ConfigureAwait(false);
            }

            change = await MoveOnlyAsync(context, change, live, cancellationToken).ConfigureAwait(false);
            if (live)
            {
                await UpdateRunningAsync(context, change, cancellationToken).ConfigureAwait(false);
                return;
            }

            await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
            await InstancePower.StartAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
        }
        // Whatever it is: a hook, the server, the user, or somebody else's change.
        catch when (runs && !live)
        {
            await context.Commitments.SeeThroughAsync(() => RunAgainAsync(context, change.Name)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Moves an instance that was stopped to be rebuilt; where it cannot be, it runs again if it did.</summary>
    private async Task<ResourceChange> MoveStoppedAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        try
        {
            if (RootDiskMove.Of(change) is not null)
                await RootDiskMove.RequireMovableAsync(context.Client, change.Name, cancellationToken).ConfigureAwait(false);
            return await MoveOnlyAsync(context, change, live: false, cancellationToken).ConfigureAwait(false);
        }
        catch when (change.Live!.Raw is Instance { StatusCode: not StatusCode.Stopped })
        {
            await context.Commitments.SeeThroughAsync(() => RunAgainAsync(context, change.Name)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Brings an instance to its member and its root disk to its pool, if they are not there yet.</summary>
    /// <returns>The change, of the instance as it is there.</returns>
    private async Task<ResourceChange> MoveOnlyAsync(ApplyContext context, ResourceChange change, bool live, CancellationToken cancellationToken)
    {
        // The member first: the volumes of its own are there already, and the server copies no instance whose volumes are elsewhere.
        if (IsMove(change))
            change = await MoveToMemberAsync(context, change, live, cancellationToken).ConfigureAwait(false);
        if (RootDiskMove.Of(change) is not { To: var pool })
            return change;
        var moved = await RootDiskMove.RunAsync(context, change.Name, pool, cancellationToken).ConfigureAwait(false);
        return change with { Live = Describe(change.Id, moved) };
    }

    private async Task<ResourceChange> MoveToMemberAsync(ApplyContext context, ResourceChange change, bool live, CancellationToken cancellationToken)
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

    /// <summary>Starts an instance again, with its hooks, that was stopped for a move that failed, or was not begun.</summary>
    public static async Task RunAgainAsync(ApplyContext context, string name)
    {
        try
        {
            // A stop that was given up may still be under way.
            await InstanceWork.QuietAsync(context, name, CancellationToken.None).ConfigureAwait(false);
            if ((await context.Client.Instances.FindAsync(name, CancellationToken.None).ConfigureAwait(false))?.Value.StatusCode is StatusCode.Stopped)
                await InstancePower.StartAsync(context, name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or HookFailedException)
        {
            // The first error says what is wrong.
        }
    }
}
