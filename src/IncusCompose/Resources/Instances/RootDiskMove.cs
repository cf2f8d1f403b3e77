using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Projects;

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

    /// <summary>What the server calls the copy that is to take an instance's place. Source: Incus internal/server/instance/instance_utils.go.</summary>
    private const string CopyPrefix = "move-of-";

    /// <summary>
    /// Who the machine is for cloud-init, beside the instance's own configuration from before its move until that is written back:
    /// the server gives the copy another one, and whoever began the move may not live to its end.
    /// </summary>
    private const string MovedKey = OwnershipMark.Prefix + "moved";

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
            throw new IncusException($"The server deletes the backups of an instance whose root disk it moves, and {name} has {string.Join(", ", backups)}", Advice(name, backups));
    }

    /// <summary>A plan in which the moves are refused by which the server would delete backups.</summary>
    public static async Task<StackPlan> WithBackupsAsync(IncusClient client, StackPlan plan, CancellationToken cancellationToken)
    {
        var refused = new Dictionary<ResourceId, string>();
        foreach (var change in plan.Resources.Where(change => change.Refused is null))
        {
            var names = Of(change) is not null ? [change.Name] : ProfileDiskMove.Of(change) is not null ? ((DesiredProfile)change.Desired!).RootDisks.Select(disk => disk.Owner) : [];
            foreach (var name in names)
            {
                if (await client.Instances.ListBackupsAsync(name, cancellationToken).ConfigureAwait(false) is { Count: > 0 } backups)
                    refused.TryAdd(change.Id, $"the server deletes the backups of an instance whose root disk it moves, and {name} has {string.Join(", ", backups)}; {Advice(name, backups)}");
            }
        }

        return refused.Count == 0 ? plan : plan with { Resources = [.. plan.Resources.Select(change => refused.TryGetValue(change.Id, out var why) ? change with { Refused = why } : change)] };
    }

    private static string Advice(string name, IReadOnlyList<string> backups) => $"save or delete them first (incus query -X DELETE /1.0/instances/{name}/backups/{backups[0]})";

    /// <summary>Waits for moves that somebody began and did not see the end of; true where there was one, and all is to be looked at again.</summary>
    public static Task<bool> SettleAsync(IncusClient client, ServerObservation server, CancellationToken cancellationToken) =>
        server.OfKind(InstanceKind.KindName).Any(live => live.Raw is Instance instance && (IsUnfinished(instance) || IsCopy(instance)))
            ? InstanceWork.SettleAsync(client, operation => operation.Description == "Migrating instance" && operation.Resources.ContainsKey("instances"), _ => { }, cancellationToken)
            : Task.FromResult(false);

    /// <summary>True for an instance whose move nobody saw the end of: who it is for cloud-init may still have to be put back.</summary>
    public static bool IsUnfinished(Instance instance) => instance.Config.ContainsKey(MovedKey);

    /// <summary>Puts back who the machine is for cloud-init, where a move of it was not seen to its end.</summary>
    /// <param name="config">The instance's configuration.</param>
    /// <param name="status">Its state: what has been started since has been set up as another machine, and would be once more.</param>
    public static void End(IDictionary<string, string> config, StatusCode status)
    {
        if (config.TryGetValue(MovedKey, out var id) && id.Length > 0 && status is StatusCode.Stopped)
            config[InstanceId] = id;
        config.Remove(MovedKey);
    }

    /// <summary>The same before an instance is started that is not changed otherwise.</summary>
    public static Task EndAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken) =>
        IsUnfinished((Instance)live.Raw)
            ? context.Client.Instances.UpdateAsync(
                live.Id.Name,
                now =>
                {
                    var config = new Dictionary<string, string>(now.Config);
                    End(config, now.StatusCode);
                    return now with { Config = config };
                },
                cancellationToken).CompleteAsync(null, cancellationToken)
            : Task.CompletedTask;

    /// <summary>Says which copies moves have left that failed: nobody deletes them, and they take the room of a disk.</summary>
    public static IEnumerable<Diagnostic> Notes(ServerObservation server)
    {
        foreach (var copy in server.OfKind(InstanceKind.KindName).Select(live => (Instance)live.Raw).Where(IsCopy))
        {
            if (copy.Config.TryGetValue(Uuid, out var uuid)
                && server.OfKind(InstanceKind.KindName).Select(live => (Instance)live.Raw).FirstOrDefault(other => other.Name != copy.Name && other.Config.GetValueOrDefault(Uuid) == uuid) is { } original)
                yield return Diagnostic.Warning("LeftCopy", SourceLocation.None, "", $"instance/{copy.Name} is what a move of the root disk of {original.Name} left that failed", $"delete it where nobody moves {original.Name} any more: incus delete {copy.Name}");
        }
    }

    private static bool IsCopy(Instance instance) => instance.Name.StartsWith(CopyPrefix, StringComparison.Ordinal);

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
        // Beforehand: what is killed after the move finds its own device, and who it is.
        var isInherited = RootOf(before.Devices) is null;
        await ConfigureAsync(now =>
        {
            var config = now.Config;
            if (isInherited)
            {
                var root = before.ExpandedDevices.First(device => InstanceForm.IsRootDisk(device.Value));
                config = Recorded(now, before.Devices.Append(new(root.Key, new Dictionary<string, string>(root.Value) { ["pool"] = pool })).ToDictionary());
            }

            // What an earlier move left there is still who it is.
            return new Dictionary<string, string>(config) { [MovedKey] = config.TryGetValue(MovedKey, out var left) && left.Length > 0 ? left : config.GetValueOrDefault(InstanceId) ?? "" };
        }).ConfigureAwait(false);

        try
        {
            await client.Instances.MoveToPoolAsync(before.Name, pool, CancellationToken.None).CompleteAsync(context.Progress, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            var explained = await ExplainedAsync(client, before, error).ConfigureAwait(false);
            // Gone under its name, it keeps what it is to be put back by.
            if (await client.Instances.FindAsync(before.Name, CancellationToken.None).ConfigureAwait(false) is not null)
            {
                await ConfigureAsync(now => With(now, config =>
                {
                    if (isInherited && OwnershipMark.Read(before.Config) is { } mark)
                        mark.Write(InstanceKind.IdOf(now.Name), config);
                    End(config, now.StatusCode);
                })).ConfigureAwait(false);
            }

            if (explained is not null)
                throw explained;
            throw;
        }

        // What is the same machine with the same disk is not set up by cloud-init again, which would give it new keys.
        await ConfigureAsync(now => With(now, config => End(config, StatusCode.Stopped))).ConfigureAwait(false);

        static Dictionary<string, string> With(Instance now, Action<Dictionary<string, string>> change)
        {
            var config = new Dictionary<string, string>(now.Config);
            change(config);
            return config;
        }

        Task ConfigureAsync(Func<Instance, Dictionary<string, string>> change) =>
            client.Instances.UpdateAsync(before.Name, now => now with { Config = change(now) }, CancellationToken.None).CompleteAsync(null, CancellationToken.None);
    }

    /// <summary>Says where an instance is that the server could not give its name again (the copy has one of the server's), and which copy it left; null where it left none.</summary>
    private static async Task<IncusException?> ExplainedAsync(IncusClient client, Instance before, IncusException error)
    {
        var all = await client.Instances.ListAsync(CancellationToken.None).ConfigureAwait(false);
        if (!before.Config.TryGetValue(Uuid, out var uuid) || all.FirstOrDefault(other => other.Name != before.Name && other.Config.GetValueOrDefault(Uuid) == uuid && IsCopy(other)) is not { Name: var copy })
            return null;
        return all.Any(other => other.Name == before.Name)
            ? new IncusException($"{error.Problem}; the server left the copy {copy}", $"Delete it: incus delete {copy}", error)
            : new IncusException($"{error.Problem}; the instance {before.Name} is called {copy} now", $"Give it back its name: incus rename {copy} {before.Name}", error);
    }
}
