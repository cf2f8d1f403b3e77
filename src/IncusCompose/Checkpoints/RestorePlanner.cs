using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>Compares a checkpoint with what is live. Changes nothing.</summary>
internal sealed class RestorePlanner(IncusClient client, StackCheckpoint checkpoint, RestoreOptions options)
{
    private static readonly string[] KindsTakenIn = [InstanceKind.KindName, NetworkKind.KindName, ProfileKind.KindName, VolumeKind.KindName];

    // What holds data goes only where that was said.
    private static readonly string[] KindsWithData = [VolumeKind.KindName, BucketKind.KindName, StoragePoolKind.KindName, ProjectKind.KindName];

    private readonly CheckpointRecord _record = checkpoint.Record;

    public async Task<RestorePlan> PlanAsync(CancellationToken cancellationToken)
    {
        if (!checkpoint.IsComplete)
            throw new CheckpointException($"The checkpoint \"{checkpoint.Name}\" is incomplete: whoever took or removed it was cut off. Remove it.");
        var unknown = options.Instances.Where(name => _record.Named(name).Count == 0).ToList();
        if (unknown.Count > 0)
        {
            throw new CheckpointException(
                $"The checkpoint \"{checkpoint.Name}\" holds no instance {string.Join(", ", unknown.Select(name => $"\"{name}\""))}; it holds {string.Join(", ", checkpoint.Instances)}.");
        }

        var part = options.Instances.Count > 0;
        var server = (await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false)).SeenBy(_record.Stack, _record.Project);
        var instances = part ? [.. options.Instances.SelectMany(_record.Named).Distinct()] : _record.Instances.ToList();
        var used = instances.SelectMany(instance => instance.Uses).ToHashSet(StringComparer.Ordinal);
        var others = _record.Instances.Except(instances).SelectMany(instance => instance.Uses).ToHashSet(StringComparer.Ordinal);
        var volumes = _record.Volumes.Where(volume => !part || (used.Contains(volume.Id.ToString()) && !others.Contains(volume.Id.ToString()) && !HasOtherUsers(server, volume.Id, instances))).ToList();
        var snapshots = await SnapshotsAsync(server, instances, volumes, cancellationToken).ConfigureAwait(false);

        var steps = new List<RestoreStep>();
        steps.AddRange(_record.Projects.Select(project => Definition(ProjectKind.IdOf(project.Name), project, server, live => KeptDefinition.Of((Project)live.Raw))));
        steps.AddRange(_record.StoragePools.Select(pool => Definition(StoragePoolKind.IdOf(pool.Name), pool, server, live => KeptDefinition.Of((StoragePool)live.Raw))));
        steps.AddRange(_record.Networks.Select(network => Definition(NetworkKind.IdOf(network.Name), network, server, live => KeptDefinition.Of((Network)live.Raw))));
        steps.AddRange(_record.Profiles.Select(profile => Definition(ProfileKind.IdOf(profile.Name), profile, server, live => KeptDefinition.Of((Profile)live.Raw))));
        steps.AddRange(_record.Definitions.Select(kept => Definition(kept, server, steps)).ToList());
        // Of what a part stands on, only what is missing is made again: the rest of the stack uses it as it is now.
        if (part)
        {
            var needed = WithTheirGround(_record, steps, used);
            steps.RemoveAll(step => step.Action != RestoreAction.Create || !needed.Contains(step.Id.ToString()));
        }

        steps.AddRange(volumes.Select(volume => Content(
            volume.Id, "", volume.Copy is { } copy ? VolumeKind.IdOf(volume.Pool, copy) : null, server, snapshots, live => volume.ContentType.Length > 0 && ((StorageVolume)live.Raw).ContentType != volume.ContentType)));
        steps.AddRange(instances.Select(instance => Content(
            instance.Id, instance.Status, instance.Copy is { } copy ? InstanceKind.IdOf(copy) : null, server, snapshots, live => instance.IsUnlike((Instance)live.Raw))));
        if (options.Only is { } only)
            steps.RemoveAll(step => !only.Contains(step.Id));
        steps = [.. await Task.WhenAll(steps.Select(step => WithForeignUsersAsync(step, cancellationToken))).ConfigureAwait(false)];

        var present = _record.Present.ToHashSet(StringComparer.Ordinal);
        var added = part
            ? []
            : server.Resources.Where(live => live.Mark?.BelongsTo(_record.Stack, _record.Project) == true
                && (_record.OfApply || IsTakenIn(live.Id)) && !present.Contains(live.Id.ToString())
                && options.Only?.Contains(live.Id) != false).ToList();
        var deleted = added.Where(live => options.Prune && (options.RemoveVolumes || !KindsWithData.Contains(live.Id.Kind))).ToList();
        steps.AddRange(deleted.Select(live => new RestoreStep { Id = live.Id, Action = RestoreAction.Delete, Live = live, Refused = Protected(live) }));
        steps.AddRange(Paused(server, steps));
        return new RestorePlan
        {
            Checkpoint = checkpoint,
            IsPart = part,
            Steps = steps,
            Added = [.. added.Except(deleted).Select(live => live.Id)],
            Shared = part ? [.. _record.Volumes.Except(volumes).Where(volume => used.Contains(volume.Id.ToString())).Select(volume => volume.Id)] : [],
        };
    }

    /// <summary>What a part uses, and what the networks and definitions among that stand on which are made again, with all that lay on those networks.</summary>
    internal static IReadOnlySet<string> WithTheirGround(CheckpointRecord record, IReadOnlyList<RestoreStep> steps, IEnumerable<string> used)
    {
        var needed = used.ToHashSet(StringComparer.Ordinal);
        var created = steps.Where(step => step.Action == RestoreAction.Create).Select(step => step.Id).ToHashSet();
        var networks = record.Networks.Where(network => created.Contains(NetworkKind.IdOf(network.Name))).ToList();
        var definitions = record.Definitions.Where(kept => created.Contains(kept.Id)).Select(kept => kept.Read()).ToList();
        for (var count = -1; count != needed.Count;)
        {
            count = needed.Count;
            foreach (var network in networks.Where(network => needed.Contains(NetworkKind.IdOf(network.Name).ToString())))
                needed.UnionWith(NetworkKind.Named(network.Type ?? "", network.Config).Select(id => id.ToString()));
            foreach (var live in definitions)
            {
                // What lies on something comes with it.
                if (ResourceKinds.Of(live.Id).HolderOf(live.Id) is { } holder && created.Contains(holder) && needed.Contains(holder.ToString()))
                    needed.Add(live.Id.ToString());
                if (needed.Contains(live.Id.ToString()))
                    needed.UnionWith(live.Uses.Select(id => id.ToString()));
            }
        }

        return needed;
    }

    /// <summary>
    /// True where others than these use a volume now, be they stopped, made since or another stack's: what they wrote to it is
    /// not taken back with these. (The copies that checkpoints keep of instances use none.)
    /// </summary>
    private bool HasOtherUsers(ServerObservation server, ResourceId volume, List<KeptInstance> instances) =>
        server.Find(volume)?.Raw is StorageVolume { UsedBy: var usedBy }
        && usedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>()
            .Any(user => user.Project != client.Project || instances.All(instance => instance.Name != user.Name));

    /// <summary>The stack's instances that run on and stand in the way of a volume.</summary>
    private IEnumerable<RestoreStep> Paused(ServerObservation server, List<RestoreStep> steps)
    {
        var volumes = steps.Where(step => step.Action is RestoreAction.RollBack or RestoreAction.Refill && step.Id.Kind == VolumeKind.KindName).Select(step => step.Id).ToHashSet();
        var known = steps.Select(step => step.Id).ToHashSet();
        return server.OfKind(InstanceKind.KindName)
            .Where(live => !known.Contains(live.Id) && live.Mark?.BelongsTo(_record.Stack, _record.Project) == true)
            .Where(live => ((Instance)live.Raw).StatusCode != StatusCode.Stopped && live.Uses.Any(volumes.Contains))
            .Select(live => new RestoreStep { Id = live.Id, Action = RestoreAction.Pause, Status = ((Instance)live.Raw).Status, Live = live })
            .ToList();
    }

    /// <summary>The server puts no volume back while somebody else's instance runs with it.</summary>
    private async Task<RestoreStep> WithForeignUsersAsync(RestoreStep step, CancellationToken cancellationToken) =>
        step is { Refused: null, Live.Raw: StorageVolume volume, Action: not RestoreAction.None }
            ? step with { Refused = await ForeignUsers.RefusalAsync(client, _record.Stack, volume, cancellationToken).ConfigureAwait(false) }
            : step;

    private RestoreStep Definition(ResourceId id, KeptDefinition kept, ServerObservation server, Func<LiveResource, KeptDefinition> describe)
    {
        var live = server.Find(id);
        var now = live is null ? null : describe(live);
        // No network becomes one of another type.
        var isOther = now is not null && kept.Type is not null && kept.Type != now.Type;
        return new RestoreStep
        {
            Id = id,
            Live = live,
            Action = now is null || isOther ? RestoreAction.Create : kept.SameAs(now) ? RestoreAction.None : RestoreAction.Update,
            Refused = (kept.IsMarked ? Foreign(live) : null) ?? (isOther && !options.IsRollback ? Users.Refusal(((Network)live!.Raw).UsedBy) : null),
        };
    }

    private RestoreStep Definition(KeptResource kept, ServerObservation server, List<RestoreStep> steps)
    {
        var (kind, was, now) = (ResourceKinds.Of(kept.Id), kept.Read(), server.Find(kept.Id));
        var target = new DesiredResource { Id = kept.Id, DefinitionPath = "", Properties = was.Properties };
        // Some of what it was can only be said when it is made; and what lies on something goes with it.
        var isOther = now is not null && was.Properties.Paths.Union(now.Properties.Paths)
            .Any(path => was.Properties[path] != now.Properties[path] && kind.ImpactOf(path, target, now, metadata: null) == ChangeImpact.Replace);
        var isGone = now is null || (kind.HolderOf(kept.Id) is { } holder && steps.Any(step => step.Id == holder && step.Action == RestoreAction.Create));
        return new RestoreStep
        {
            Id = kept.Id,
            Live = now,
            Action = isGone || isOther ? RestoreAction.Create : kind.IsAsKept(was, now!) ? RestoreAction.None : RestoreAction.Update,
            Refused = was.Mark is not null ? Foreign(now) : null,
        };
    }

    private static bool IsTakenIn(ResourceId id) => KindsTakenIn.Contains(id.Kind) || ResourceKinds.Of(id) is { IsKeptAsDefinition: true, IsOfServer: false };

    private RestoreStep Content(
        ResourceId id, string status, ResourceId? copy, ServerObservation server, IReadOnlySet<ResourceId> snapshots, Func<LiveResource, bool> isOther)
    {
        var live = server.Find(id);
        // Another thing by the same name (a virtual machine for a container, a disk in another pool) cannot take the content.
        var action = live is null || isOther(live) ? RestoreAction.Recreate : snapshots.Contains(id) ? RestoreAction.RollBack : RestoreAction.Refill;
        return new RestoreStep
        {
            Id = id,
            Live = live,
            Status = status,
            Action = action,
            Refused = Foreign(live) ?? (action == RestoreAction.Recreate ? Protected(live) : null) ?? (action == RestoreAction.RollBack || IsThere(copy, server) ? null
                : $"its snapshot went with it when it was deleted{(live is null ? "" : " (it was made anew since)")}, and "
                    + (copy is { } lost ? $"the checkpoint's copy {lost.Name} is gone" : "the checkpoint keeps no copies")),
        };
    }

    /// <summary>True where a kept copy was found on the server, and is this checkpoint's.</summary>
    private bool IsThere(ResourceId? copy, ServerObservation server) => copy is { } id && server.Find(id)?.Raw switch
    {
        Instance instance => instance.Config.GetValueOrDefault(CheckpointRecord.CopyKey),
        StorageVolume volume => volume.Config.GetValueOrDefault(CheckpointRecord.CopyKey),
        _ => null,
    } == _record.Id;

    private string? Foreign(LiveResource? live) =>
        live is null || live.Mark?.BelongsTo(_record.Stack, _record.Project) == true
            ? null
            : $"there is one that does not belong to the stack \"{_record.Stack}\"; rename or delete it first";

    /// <summary>Why something is not deleted that somebody protects; what an apply made itself it may take back.</summary>
    private string? Protected(LiveResource? live) => live is null || options.IsRollback ? null : ResourceKinds.Of(live.Id).DeletionRefusal(live);

    /// <summary>Which resources still have the snapshot that the checkpoint took of them.</summary>
    private async Task<IReadOnlySet<ResourceId>> SnapshotsAsync(
        ServerObservation server, List<KeptInstance> instances, List<KeptVolume> volumes, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
            [
                .. instances.Where(instance => server.Find(instance.Id) is not null).Select(async instance =>
                    (instance.Id, IsOwn: (await client.Instances.FindSnapshotAsync(instance.Name, _record.Name, cancellationToken).ConfigureAwait(false))?.CreatedAt == instance.Taken)),
                .. volumes.Where(volume => server.Find(volume.Id) is not null).Select(async volume =>
                    (volume.Id, IsOwn: (await client.StorageVolumes.FindSnapshotAsync(volume.Pool, volume.Name, _record.Name, cancellationToken).ConfigureAwait(false))?.CreatedAt == volume.Taken)),
            ]).ConfigureAwait(false);
        return found.Where(one => one.IsOwn).Select(one => one.Id).ToHashSet();
    }
}
