using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Moves of volumes between pools that the server is at, whoever asked for them. While they last there is a volume in both
/// pools, what uses it names the new one already, and the old one is deleted at the end whoever uses it. An operation does not
/// say which volume it moves; that a volume is in two pools tells. Source: Incus cmd/incusd/storage_volumes.go,
/// storagePoolVolumeTypePostMove.
/// </summary>
internal static class MovesUnderWay
{
    // Source: Incus internal/server/db/operationtype, VolumeMove.
    private const string Description = "Moving storage volume";

    /// <summary>
    /// Looks at something while none of it is moved: where a volume is in two pools since it is, once more after the end of the
    /// move. One that has only just begun is not seen: what is started waits for it.
    /// </summary>
    /// <param name="client">Whose operations count.</param>
    /// <param name="look">Looks.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<ServerObservation> LookBesideAsync(IncusClient client, Func<Task<ServerObservation>> look, CancellationToken cancellationToken)
    {
        var ended = new HashSet<string>();
        while (true)
        {
            var seen = await look().ConfigureAwait(false);
            // Two volumes of one name are nothing unusual.
            if (!HasVolumeInTwoPools(seen))
                return seen;
            // The server tells of an operation for some seconds after its end, so that none passes unseen.
            var moves = (await client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Where(Is).ToList();
            if (moves.All(move => ended.Contains(move.Id)))
                return seen;
            await EndAsync(client, static _ => { }, cancellationToken).ConfigureAwait(false);
            ended.UnionWith(moves.Select(move => move.Id));
        }
    }

    private static bool HasVolumeInTwoPools(ServerObservation seen) =>
        seen.OfKind(VolumeKind.KindName).Select(live => (live.Id.Name, live.Id.Scope)).Distinct().GroupBy(volume => volume.Name).Any(pools => pools.Count() > 1);

    /// <summary>Waits before an instance is started that may have a volume which is moved: it would run on what is about to be deleted, or is copied only in part.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task EndBeforeStartAsync(ApplyContext context, string instance, CancellationToken cancellationToken)
    {
        if ((await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Any(operation => Is(operation) && !operation.IsFinal)
            && (await context.Client.Instances.FindAsync(instance, cancellationToken).ConfigureAwait(false))?.Value is { } now
            && DeviceUses.Of(now.ExpandedDevices).Any(used => used.Kind == VolumeKind.KindName))
            await EndAsync(context.Client, context.Say, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until none is going on.</summary>
    public static Task EndAsync(IncusClient client, Action<string> say, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(client, Is, say, cancellationToken);

    private static bool Is(OperationInfo operation) => operation.Description == Description;
}
