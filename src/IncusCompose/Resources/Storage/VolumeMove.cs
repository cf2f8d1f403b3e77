using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Moves a volume between the members of a cluster. The server does not mind who uses it meanwhile, and forgets its
/// description and configuration on the way: both are seen to here. An instance of its own member that runs has to stop for
/// it and is moved after it, so that it cannot wait for its own change to be stopped: <see cref="MoveStops"/> sees to it that
/// it runs again. Source: Incus cmd/incusd/storage_volumes.go, storageVolumePostClusteringMigrate.
/// </summary>
internal static class VolumeMove
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Moves a volume once nothing that uses it runs; what it was configured as is written back at once.</summary>
    public static async Task RunAsync(ApplyContext context, ResourceChange change, string member, CancellationToken cancellationToken)
    {
        var (pool, name) = (change.Id.Scope!, change.Name);
        var before = (StorageVolume)(await new VolumeKind().FindAsync(context.Client, change.Id, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id])).Raw;
        if (before.Location == member)
            return;
        foreach (var user in before.UsedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>())
            await StopAsync(context, user, change, cancellationToken).ConfigureAwait(false);
        context.Say($"moving to {member}");
        // One at a time, as is asked of whoever shares a line; and from here on it is gone through with: on its way the volume
        // bears nobody's mark.
        await context.Volumes.AloneAsync(PropertyPath.Target, () => context.Commitments.SeeThroughAsync(() => MoveAsync(context, change, before, member)), cancellationToken).ConfigureAwait(false);
    }

    private static async Task MoveAsync(ApplyContext context, ResourceChange change, StorageVolume before, string member)
    {
        var (pool, name) = (change.Id.Scope!, change.Name);
        var client = context.Client.FinishingChanges();
        await client.ForTarget(member).StorageVolumes.MoveAsync(pool, name, before.Location, CancellationToken.None).CompleteAsync(context.Progress, CancellationToken.None).ConfigureAwait(false);
        await SettleAsync(client, change, context.Say).ConfigureAwait(false);
        if (await client.ForTarget(member).StorageVolumes.FindAsync(pool, name, CancellationToken.None).ConfigureAwait(false) is null)
            throw new IncusException($"The server was asked to move {change.Id} to {member}, and it is still on {before.Location}", "Its log says why; or copy the volume there under another name: incus storage volume copy");
        if (await client.ForTarget(before.Location).StorageVolumes.FindAsync(pool, name, CancellationToken.None).ConfigureAwait(false) is not null)
            throw new IncusException($"{change.Id} is on {member}, and still on {before.Location}, too", $"Once you have seen that all is there, delete the old one (incus storage volume delete {pool} {name} --target {before.Location}), and take the new one into the stack with -Adopt (--adopt)");
        await client.ForTarget(member).StorageVolumes.UpdateAsync(pool, name, now => now with { Description = before.Description, Config = before.Config }, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The server says that it has moved a volume once it has begun to: on both members it is still at work.</summary>
    private static async Task SettleAsync(IncusClient client, ResourceChange change, Action<string> say)
    {
        var address = new VolumeKind().AddressOf(change.Live!);
        while (await InstanceWork.SettleAsync(
            client, operation => operation.Resources.Values.Any(addresses => addresses.Any(one => one.Split('?')[0] == address)), say, CancellationToken.None).ConfigureAwait(false))
        {
            // A member that does not answer for its operation is not asked without pause.
            await Task.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Stops an instance that is moved with the volume, where the plan says so. Its own change starts it again.</summary>
    private static async Task StopAsync(ApplyContext context, (string Name, string Project) user, ResourceChange volume, CancellationToken cancellationToken)
    {
        if (user.Project == context.Plan.Project
            && context.Plan.Resources.FirstOrDefault(change => change.Id == InstanceKind.IdOf(user.Name)) is { Restarts: true } own
            && (own.Action == ChangeAction.Replace || InstanceKind.IsMove(own)))
        {
            await context.Stops.StopAsync(context, own, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (await InstancePower.IsUpAsync(context.Client.ForProject(user.Project), user.Name, cancellationToken).ConfigureAwait(false))
            throw new IncusException($"{volume.Id} is not moved while the instance {user.Name} uses it, which runs", $"Stop it first: incus stop {user.Name}");
    }
}
