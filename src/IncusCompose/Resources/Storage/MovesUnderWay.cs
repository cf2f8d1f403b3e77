using System.Diagnostics;
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

    // By when the server has noted the volume in the other pool.
    private static readonly TimeSpan s_beginning = TimeSpan.FromSeconds(2);

    /// <summary>Looks at something while none of it is moved: where that turns out not to have been so, once more after the end of the move.</summary>
    /// <param name="client">Whose operations count.</param>
    /// <param name="look">Looks.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<ServerObservation> LookBesideAsync(IncusClient client, Func<Task<ServerObservation>> look, CancellationToken cancellationToken)
    {
        var ended = (await ListAsync().ConfigureAwait(false)).Where(move => move.IsFinal).Select(move => move.Id).ToHashSet();
        for (var clock = Stopwatch.StartNew(); ;)
        {
            var seen = await look().ConfigureAwait(false);
            // The server tells of an operation for some seconds after its end, so that none passes unseen.
            var moves = await ListAsync().ConfigureAwait(false);
            if (moves.All(move => ended.Contains(move.Id)))
                return seen;
            // Nobody waits for what has nothing to do with what was looked at.
            var isConcerned = HasVolumeInTwoPools(seen);
            if (!isConcerned && clock.Elapsed > s_beginning && moves.All(move => !move.IsFinal || ended.Contains(move.Id)))
                return seen;
            if (isConcerned)
                await EndAsync(client, static _ => { }, cancellationToken).ConfigureAwait(false);
            ended.UnionWith(moves.Where(move => move.IsFinal || isConcerned).Select(move => move.Id));
        }

        async Task<List<OperationInfo>> ListAsync() => [.. (await client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Where(Is)];
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
