using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Hooks;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>
/// Moves a volume between the members of a cluster. The server does not mind who uses it meanwhile, and forgets its
/// description and configuration on the way: both are seen to here. Source: Incus cmd/incusd/storage_volumes.go,
/// storageVolumePostClusteringMigrate.
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
        var stopped = new List<(ApplyContext Context, string Name)>();
        try
        {
            foreach (var user in before.UsedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>())
            {
                var own = context with { Client = context.Client.ForProject(user.Project) };
                if (await StopAsync(own, user.Name, change, cancellationToken).ConfigureAwait(false))
                    stopped.Add((own, user.Name));
            }

            context.Say($"moving to {member}");
            cancellationToken.ThrowIfCancellationRequested();
            // From here on it is gone through with: on its way the volume bears nobody's mark.
            await context.Commitments.SeeThroughAsync(() => MoveAsync(context, change, before, member)).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            if (stopped.Count > 0)
                await context.Commitments.SeeThroughAsync(RunAgainAsync).ConfigureAwait(false);
            throw;
        }

        // Nobody else starts them: their own changes are not begun after this.
        async Task RunAgainAsync()
        {
            if (!await IsStillThereAsync(context.Client, pool, name, before.Location).ConfigureAwait(false))
                return;
            foreach (var (own, user) in stopped)
                await InstanceKind.RunAgainAsync(own, user, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsStillThereAsync(IncusClient client, string pool, string name, string member)
    {
        try
        {
            return await client.ForTarget(member).StorageVolumes.FindAsync(pool, name, CancellationToken.None).ConfigureAwait(false) is not null;
        }
        catch (IncusException)
        {
            return false;
        }
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

    /// <summary>Stops an instance that is to be moved with the volume; its own change starts it again.</summary>
    /// <returns>True where it ran.</returns>
    private static async Task<bool> StopAsync(ApplyContext context, string name, ResourceChange volume, CancellationToken cancellationToken)
    {
        if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is not { StatusCode: not StatusCode.Stopped })
            return false;
        if (context.Plan.Resources.FirstOrDefault(change => change.Id == InstanceKind.IdOf(name)) is not { Restarts: true } user
            || context.Client.Project != context.Plan.Project || !(user.Action == ChangeAction.Replace || InstanceKind.IsMove(user)))
            throw new IncusException($"{volume.Id} is not moved while the instance {name} uses it, which runs", $"Stop it first: incus stop {name}");
        var own = context with { OwnStopTimeout = InstancePower.StopTimeoutOf(user), Hooks = new ChangeHooks(context.HookRunner(), user) };
        await InstancePower.WakeAsync(own, user.Live!, cancellationToken).ConfigureAwait(false);
        await InstancePower.StopAsync(own, name, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
