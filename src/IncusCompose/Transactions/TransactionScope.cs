using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Transactions;

/// <summary>What an apply keeps before it begins, and what may be put back together: the whole plan, or single groups of instances.</summary>
internal sealed class TransactionScope
{
    private readonly StackPlan _plan;
    private readonly List<ResourceChange> _changes;
    private readonly HashSet<string> _groups;

    private TransactionScope(StackPlan plan, bool isWhole, List<ResourceChange> changes, HashSet<string> groups)
    {
        _plan = plan;
        IsWhole = isWhole;
        _changes = changes;
        _groups = groups;
    }

    /// <summary>True where everything is put back if anything fails.</summary>
    public bool IsWhole { get; }

    /// <summary>The plan, but for images that are to be deleted: nothing but the next download brings one back.</summary>
    public StackPlan Plan => Only(change => !IsImageDeletion(change));

    /// <summary>What is done once all else is done and stays.</summary>
    public StackPlan Afterwards => Only(IsImageDeletion);

    /// <summary>The scope of a plan; null where nothing is to be put back.</summary>
    public static TransactionScope? Of(StackPlan plan, ApplyOptions options)
    {
        var changes = plan.Changes.Where(change => !IsImageDeletion(change)).ToList();
        var groups = plan.Resources.Select(change => change.Desired).OfType<DesiredInstance>()
            .Where(desired => desired.Update.OnFailure == UpdateFailure.Rollback).Select(desired => desired.DefinitionPath).ToHashSet(StringComparer.Ordinal);
        if (changes.Count > 0 && (options.Checkpoint || changes.Any(change => change.Desired is DesiredInstance { Update.Checkpoint: true })))
            return new TransactionScope(plan, isWhole: true, changes, groups);
        // Where all of a group is new, or there are only to be fewer of it, nothing is updated.
        changes.RemoveAll(change => change.Action == ChangeAction.Adopt);
        var updated = changes.Where(change => change is { Live: not null, Desired: not null }).Select(GroupOf).OfType<string>().Where(groups.Contains).ToHashSet();
        var grouped = changes.Where(change => GroupOf(change) is { } group && updated.Contains(group)).ToList();
        return grouped.Count > 0 ? new TransactionScope(plan, isWhole: false, grouped, groups) : null;
    }

    /// <summary>What is there and has to be kept: what changes, and the stack's volumes that an instance uses which changes.</summary>
    public IReadOnlySet<ResourceId> Kept() =>
        _changes.Where(change => change.Live is not null && change.Kind != ImageKind.KindName).Select(change => change.Id)
            .Concat(_changes.SelectMany(VolumesOf)).ToHashSet();

    /// <summary>What would be gone with its snapshots, so that copies have to be kept.</summary>
    public IReadOnlySet<ResourceId> Copied() => _changes.Where(IsLost).Select(change => change.Id).ToHashSet();

    /// <summary>What is rebuilt, which is not possible with snapshots.</summary>
    public IReadOnlySet<ResourceId> Rebuilt() => _changes.Where(change => change.Action == ChangeAction.Rebuild).Select(change => change.Id).ToHashSet();

    /// <summary>What is to be put back after an apply: what it had begun, with the volumes of the instances among that whose disks it may have touched.</summary>
    /// <param name="result">What became of the apply.</param>
    /// <param name="begun">What it had begun.</param>
    /// <param name="notInPlace">Instances that cannot be put back while they go on.</param>
    public ToPutBack ToPutBack(ApplyResult result, IReadOnlySet<ResourceId> begun, IReadOnlySet<ResourceId> notInPlace)
    {
        var failed = IsWhole ? [] : result.Resources.Where(resource => resource.Outcome is ChangeOutcome.Failed or ChangeOutcome.Cancelled)
            .Select(resource => GroupOf(resource.Change)).OfType<string>().Where(_groups.Contains).ToHashSet();
        var changes = _changes.Where(change => begun.Contains(change.Id) && (IsWhole || failed.Contains(GroupOf(change)!))).ToList();
        var inPlace = changes.Where(change => InstanceKind.IsOnlyConfiguration(change) && !notInPlace.Contains(change.Id)).ToDictionary(change => change.Id);
        while (true)
        {
            var rest = changes.Where(change => !inPlace.ContainsKey(change.Id)).ToList();
            var back = rest.Select(change => change.Id).Concat(rest.SelectMany(VolumesOf)).ToHashSet();
            // What stands on something that goes back goes back with it, and volumes of it may be others' too.
            var joining = inPlace.Values.Where(change => GroundOf(change).Any(back.Contains)).Select(change => change.Id).ToList();
            if (joining.Count == 0)
                return new ToPutBack(back, [.. inPlace.Values]);
            joining.ForEach(id => inPlace.Remove(id));
        }
    }

    /// <summary>The changes that could not be taken back, each with the reason; empty where all can.</summary>
    public async Task<IReadOnlyList<ResourceChange>> RefusedAsync(IncusClient client, CancellationToken cancellationToken)
    {
        var refused = await Task.WhenAll(_changes.Select(async change => change with { Refused = await WhyNotAsync(client, change, cancellationToken).ConfigureAwait(false) })).ConfigureAwait(false);
        return [.. refused.Where(change => change.Refused is not null)];
    }

    private async Task<string?> WhyNotAsync(IncusClient client, ResourceChange change, CancellationToken cancellationToken)
    {
        var otherwise = IsWhole ? "leave out -Checkpoint (--checkpoint, update.checkpoint)" : "leave out update.on_failure: rollback";
        if (change.Action == ChangeAction.Adopt)
            return $"it is not the stack's yet; adopt it first in an apply of its own, and {otherwise} there";
        // What was is kept in the project, which is only being made.
        if (change.Live is not null && change.Kind != ImageKind.KindName && _plan.Changes.Any(other => other is { Kind: ProjectKind.KindName, Action: ChangeAction.Create }))
            return $"it outlived its project, and could not be put back, should the apply fail; make the project in an apply of its own, or {otherwise}";
        var kept = VolumesOf(change).Append(change.Id).ToHashSet();
        foreach (var resource in _plan.Resources.Where(resource => resource.Live?.Raw is StorageVolume && kept.Contains(resource.Id)))
        {
            if (await ForeignUsers.RefusalAsync(client, _plan.Stack, (StorageVolume)resource.Live!.Raw, cancellationToken).ConfigureAwait(false) is { } why)
                return $"{(resource.Id == change.Id ? "it" : resource.Id)} could not be put back, should the apply fail: {why}, or {otherwise}";
        }

        if (_plan.Resources.Any(volume => VolumePoolMove.Is(volume) && (volume.Id == change.Id || change.DependsOn.Contains(volume.Id))))
            return $"a volume could not be moved back to its pool, should the apply fail; {otherwise} for this change";
        if (InstanceKind.IsMove(change))
            return $"it could not be moved back to its member, should the apply fail; {otherwise} for this change";
        if (ProfileDiskMove.Of(change) is not null)
            return $"root disks could not be moved back to their pool, should the apply fail; {otherwise} for this change";
        switch (change.Kind)
        {
            case ProjectKind.KindName or OtherProjectKind.KindName or StoragePoolKind.KindName or BucketKind.KindName when change.Action is ChangeAction.Delete or ChangeAction.Replace:
                return $"what is in it could not be brought back, should the apply fail; {otherwise} for this change";
            // A pool grows and does not shrink.
            case StoragePoolKind.KindName when change.Steps.Any(step => step.Path == PropertyPath.Config("size") || (PoolMembers.IsOfMember(step.Path, out _, out var key) && key == "size")):
                return $"its size could not be taken back, should the apply fail; {otherwise} for this change";
            case ImageKind.KindName when await MovesAliasAsync(client, change, cancellationToken).ConfigureAwait(false):
                return $"its aliases and updates could not be taken back, should the apply fail; {otherwise} for this change";
            case InstanceKind.KindName when IsLost(change):
                var ofInstance = await client.Instances.ListSnapshotsAsync(change.Name, cancellationToken).ConfigureAwait(false);
                return change.Action == ChangeAction.Rebuild && ofInstance.Count > 0
                    ? InstanceKind.SnapshotsInTheWay(ofInstance.Select(snapshot => snapshot.Name)) + "; remove them first"
                    : Snapshots([.. ofInstance.Select(snapshot => snapshot.Name)]);
            case VolumeKind.KindName when IsLost(change):
                var ofVolume = await client.StorageVolumes.ListSnapshotsAsync(change.Id.Scope!, change.Name, cancellationToken).ConfigureAwait(false);
                return Snapshots([.. ofVolume.Select(snapshot => snapshot.Name)]);
            default:
                return null;
        }

        string? Snapshots(IReadOnlyList<string> names) => names.Count == 0
            ? null
            : $"its snapshots {string.Join(", ", names)} would be gone and could not be brought back, should the apply fail; remove them first, or {otherwise}";
    }

    private static async Task<bool> MovesAliasAsync(IncusClient client, ResourceChange change, CancellationToken cancellationToken)
    {
        foreach (var alias in change.Action == ChangeAction.Create ? ImageKind.AliasesIn(change.Desired!.Properties) : [])
        {
            if (await client.Images.FindAliasAsync(alias, cancellationToken).ConfigureAwait(false) is not null)
                return true;
        }

        return change.Action == ChangeAction.Update;
    }

    /// <summary>True where the change (or the stop of one that is ephemeral) takes the thing away with all that it holds.</summary>
    private static bool IsLost(ResourceChange change) => change.Live?.Raw switch
    {
        // A disk that was moved is made anew where it was.
        Instance instance => change.Action is ChangeAction.Rebuild or ChangeAction.Replace or ChangeAction.Delete || instance.Ephemeral || RootDiskMove.Of(change) is not null,
        StorageVolume => change.Action is ChangeAction.Replace or ChangeAction.Delete,
        _ => false,
    };

    private IEnumerable<ResourceId> VolumesOf(ResourceChange change) =>
        change.Kind != InstanceKind.KindName ? [] : UsedBy(change).Where(used => used.Kind == VolumeKind.KindName && IsOwn(used));

    /// <summary>The networks, profiles, volumes and the like that an instance has; not the other instances that it depends on.</summary>
    private static IEnumerable<ResourceId> GroundOf(ResourceChange change) => UsedBy(change).Where(used => used.Kind is not (InstanceKind.KindName or ImageKind.KindName));

    private static IEnumerable<ResourceId> UsedBy(ResourceChange change) => (change.Live?.Uses ?? []).Concat(change.Desired?.DependsOn ?? []);

    // Of what the stack uses and does not own, nothing is changed, and nothing put back.
    private bool IsOwn(ResourceId volume) =>
        _plan.Resources.FirstOrDefault(resource => resource.Id == volume) is { Live: not null, IsExternal: false };

    private StackPlan Only(Func<ResourceChange, bool> chosen) =>
        _plan with { Resources = [.. _plan.Resources.Select(change => chosen(change) ? change : change with { Action = ChangeAction.None })] };

    private static bool IsImageDeletion(ResourceChange change) => change is { Kind: ImageKind.KindName, Action: ChangeAction.Delete };

    /// <summary>The definition that an instance is one of; a replica too many, which is deleted, tells it by its mark alone.</summary>
    private static string? GroupOf(ResourceChange change) =>
        change.Kind == InstanceKind.KindName ? change.Desired?.DefinitionPath ?? change.Live?.Mark?.Key : null;
}

/// <summary>What is put back after an apply.</summary>
/// <param name="Checkpointed">What goes back to the checkpoint, stopped for that.</param>
/// <param name="InPlace">Instances of which only the configuration goes back, while they go on.</param>
internal sealed record ToPutBack(IReadOnlySet<ResourceId> Checkpointed, IReadOnlyList<ResourceChange> InPlace)
{
    /// <summary>All of it.</summary>
    public IReadOnlySet<ResourceId> All => Checkpointed.Concat(InPlace.Select(change => change.Id)).ToHashSet();
}
