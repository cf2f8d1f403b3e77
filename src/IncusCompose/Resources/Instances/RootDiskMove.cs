using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Instances;

/// <summary>From which storage pool to which a root disk is moved.</summary>
internal readonly record struct RootDiskPools(string From, string To)
{
    public override string ToString() => $"moves the root disk from {From} to {To}, with its data and snapshots";
}

/// <summary>
/// Moves the root disk of a stopped instance to another storage pool of its server. The server does that by a copy that takes
/// the instance's place: what would be lost or changed by that is seen to here. Source: Incus cmd/incusd/instance_post.go,
/// migrateInstance.
/// </summary>
internal static class RootDiskMove
{
    private const string InstanceId = "volatile.cloud-init.instance-id";
    private const string Uuid = "volatile.uuid";

    /// <summary>The pools between which an instance's own change moves its root disk; null where it stays, or goes with a profile.</summary>
    public static RootDiskPools? Of(ResourceChange change)
    {
        if (change is not { Action: ChangeAction.Update or ChangeAction.Rebuild, Live.Raw: Instance instance, Desired: DesiredInstance { RootPool: { } to } desired }
            || RootOf(instance.ExpandedDevices) is not { Pool: var from } || from == to)
            return null;
        // What somebody else wrote into it is theirs, and stays; what its profiles have is theirs to change.
        var own = new[] { RootOf(instance.Devices)?.Name, RootOf(ResourceFields.From(desired.Properties).DeviceMap())?.Name }.OfType<string>().ToList();
        return change.Steps.Any(step => own.Count == 0 ? step.Path == PropertyPath.Profiles : own.Exists(name => step.Path == PropertyPath.Device(name, "pool")))
            ? new RootDiskPools(from, to)
            : null;
    }

    /// <summary>The root disk among devices; null where there is none.</summary>
    public static (string Name, string Pool)? RootOf(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) =>
        devices.FirstOrDefault(device => InstanceForm.IsRootDisk(device.Value)) is { Key: { } name, Value: var root } ? (name, root["pool"]) : null;

    /// <summary>Sees to it that nothing would be lost by a move.</summary>
    /// <exception cref="IncusException">Something would.</exception>
    public static async Task RequireMovableAsync(IncusClient client, string name, CancellationToken cancellationToken)
    {
        if (await client.Instances.ListBackupsAsync(name, cancellationToken).ConfigureAwait(false) is { Count: > 0 } backups)
        {
            throw new IncusException(
                $"The server deletes the backups of an instance whose root disk it moves, and this one has {string.Join(", ", backups)}",
                $"Save or delete them first (incus query -X DELETE /1.0/instances/{name}/backups/{backups[0]})");
        }
    }

    /// <summary>Moves the root disk of a stopped instance, if it is not there yet.</summary>
    /// <returns>The instance as it is then.</returns>
    public static async Task<Instance> RunAsync(ApplyContext context, string name, string pool, CancellationToken cancellationToken)
    {
        var before = (await context.Client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value;
        if (RootOf(before.ExpandedDevices)?.Pool != pool)
        {
            context.Say($"moving the root disk to the pool {pool}");
            // Once begun it is gone through with: the server copies what nothing may start meanwhile.
            await context.Commitments.SeeThroughAsync(() => MoveAsync(context, before, pool)).ConfigureAwait(false);
        }

        var moved = (await context.Client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value;
        // The server counts it as never started, and so its disk as one that is still to be set up.
        return moved with { LastUsedAt = before.LastUsedAt };
    }

    /// <summary>
    /// An instance's configuration with the record of other devices: what the server writes into it for a move is the stack's, so
    /// that what does not stand in the file is taken out again, whoever comes to it.
    /// </summary>
    public static Dictionary<string, string> Recorded(Instance now, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices)
    {
        var (id, config) = (InstanceKind.IdOf(now.Name), new Dictionary<string, string>(now.Config));
        if (OwnershipMark.Read(id, config) is { } mark)
            (mark with { Applied = mark.Applied.Moved(BagOf(now.Devices), BagOf(devices)) }).Write(id, config);
        return config;

        static PropertyBag BagOf(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) => ResourceFields.From(new Dictionary<string, string>(), devices).ToBag();
    }

    private static async Task MoveAsync(ApplyContext context, Instance before, string pool)
    {
        var client = context.Client.FinishingChanges();
        // Beforehand: what is killed after the move finds its own device.
        var isInherited = RootOf(before.Devices) is null;
        if (isInherited)
        {
            var root = before.ExpandedDevices.First(device => InstanceForm.IsRootDisk(device.Value));
            var devices = before.Devices.Append(new(root.Key, new Dictionary<string, string>(root.Value) { ["pool"] = pool })).ToDictionary();
            await ConfigureAsync(now => Recorded(now, devices)).ConfigureAwait(false);
        }

        try
        {
            await client.Instances.MoveToPoolAsync(before.Name, pool, CancellationToken.None).CompleteAsync(context.Progress, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            await ExplainAsync(client, before, error).ConfigureAwait(false);
            if (isInherited && OwnershipMark.Read(before.Config) is { } mark)
                await ConfigureAsync(now => With(now, config => mark.Write(InstanceKind.IdOf(now.Name), config))).ConfigureAwait(false);
            throw;
        }

        // What is the same machine with the same disk is not set up by cloud-init again, which would give it new keys.
        if (before.Config.TryGetValue(InstanceId, out var id))
            await ConfigureAsync(now => With(now, config => config[InstanceId] = id)).ConfigureAwait(false);

        static Dictionary<string, string> With(Instance now, Action<Dictionary<string, string>> change)
        {
            var config = new Dictionary<string, string>(now.Config);
            change(config);
            return config;
        }

        Task ConfigureAsync(Func<Instance, Dictionary<string, string>> change) =>
            client.Instances.UpdateAsync(before.Name, now => now with { Config = change(now) }, CancellationToken.None).CompleteAsync(null, CancellationToken.None);
    }

    /// <summary>Says where an instance is that the server could not give its name again: the copy has one of the server's.</summary>
    private static async Task ExplainAsync(IncusClient client, Instance before, IncusException error)
    {
        if (await client.Instances.FindAsync(before.Name, CancellationToken.None).ConfigureAwait(false) is not null || !before.Config.TryGetValue(Uuid, out var uuid))
            return;
        if ((await client.Instances.ListAsync(CancellationToken.None).ConfigureAwait(false)).FirstOrDefault(other => other.Config.GetValueOrDefault(Uuid) == uuid) is { } moved)
            throw new IncusException($"{error.Problem}; the instance {before.Name} is called {moved.Name} now", $"Give it back its name: incus rename {moved.Name} {before.Name}", error);
    }
}
