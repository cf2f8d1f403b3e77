using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>
/// Snapshots of a stack's instances and volumes that are no checkpoint: the server took them at set times, or somebody did by
/// hand. There is no record of what belonged to them, so nothing here goes back to them; but the way there can be told.
/// </summary>
internal static class ServerSnapshots
{
    /// <summary>Says that a stack has no checkpoint of a name; and where there are snapshots of that name, how to go back to those.</summary>
    public static async Task<CheckpointException> NotFoundAsync(
        IncusClient client, string stack, string name, IReadOnlyList<StackCheckpoint> known, CancellationToken cancellationToken)
    {
        var plain = CheckpointException.NotFound(stack, name, known);
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        var own = server.Resources
            .Where(live => live.Id.Kind is InstanceKind.KindName or VolumeKind.KindName && live.Mark?.BelongsTo(stack, client.Project) == true)
            .OrderBy(live => live.Id.ToString(), StringComparer.Ordinal).ToList();
        var found = await Task.WhenAll(own.Select(live => HasAsync(client, live.Id, name, cancellationToken))).ConfigureAwait(false);
        var holding = own.Where((_, index) => found[index]).ToList();
        if (holding.Count == 0)
            return plain;
        var without = own.Except(holding).Select(live => live.Id.ToString()).ToList();
        return new CheckpointException(
            $"{plain.Message} {string.Join(" and ", holding.Select(live => live.Id))} {(holding.Count == 1 ? "has a snapshot" : "have snapshots")} of that name, which the server (or somebody) took of each alone"
            + (without.Count == 0 ? "" : $"; {string.Join(" and ", without)} {(without.Count == 1 ? "has" : "have")} none and would stay as now")
            + $". To go back to {(holding.Count == 1 ? "it" : "them")}, losing what happened since: {string.Join("; ", WayBack(own, holding, name, client.Project))}");
    }

    private static async Task<bool> HasAsync(IncusClient client, ResourceId id, string name, CancellationToken cancellationToken) =>
        id.Kind == InstanceKind.KindName
            ? await client.Instances.FindSnapshotAsync(id.Name, name, cancellationToken).ConfigureAwait(false) is not null
            : await client.StorageVolumes.FindSnapshotAsync(id.Scope!, id.Name, name, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>The server puts back no volume that is in use.</summary>
    private static IEnumerable<string> WayBack(List<LiveResource> own, List<LiveResource> holding, string name, string project)
    {
        var incus = project == IncusClient.DefaultProject ? "incus" : $"incus --project {project}";
        var back = holding.Select(live => live.Id).ToHashSet();
        var stopped = own.Where(live => live.Raw is Instance { StatusCode: not StatusCode.Stopped } && (back.Contains(live.Id) || live.Uses.Any(back.Contains))).Select(live => live.Id.Name).ToList();
        if (stopped.Count > 0)
            yield return $"{incus} stop --force {string.Join(' ', stopped)}";
        foreach (var id in back)
        {
            yield return id.Kind == InstanceKind.KindName
                ? $"{incus} snapshot restore {id.Name} {name}"
                : $"{incus} storage volume snapshot restore {id.Scope} {id.Name} {name}";
        }

        if (stopped.Count > 0)
            yield return $"{incus} start {string.Join(' ', stopped)}";
    }
}
