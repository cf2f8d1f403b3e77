using Incus.Client;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Moves of volumes between pools that the server is at, whoever asked for them. While they last there is a volume in both
/// pools, what uses it names the new one already, and the old one is deleted at the end whoever uses it. An operation does not
/// say which volume it moves, so that all of the project count. Source: Incus cmd/incusd/storage_volumes.go,
/// storagePoolVolumeTypePostMove.
/// </summary>
internal static class MovesUnderWay
{
    // Source: Incus internal/server/db/operationtype, VolumeMove.
    private const string Description = "Moving storage volume";

    /// <summary>Looks at something while nothing is moved: where that turns out not to have been so, once more after its end.</summary>
    /// <param name="client">Whose operations count.</param>
    /// <param name="look">What is looked at.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<T> LookBesideAsync<T>(IncusClient client, Func<Task<T>> look, CancellationToken cancellationToken)
    {
        var ended = new HashSet<string>();
        while (true)
        {
            var before = await ListAsync().ConfigureAwait(false);
            if (before.Any(move => !move.IsFinal))
                await EndAsync(client, static _ => { }, cancellationToken).ConfigureAwait(false);
            ended.UnionWith(before.Select(move => move.Id));
            var seen = await look().ConfigureAwait(false);
            // The server tells of an operation for some seconds after its end, so that none passes unseen.
            if ((await ListAsync().ConfigureAwait(false)).All(move => ended.Contains(move.Id)))
                return seen;
        }

        async Task<List<OperationInfo>> ListAsync() => [.. (await client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Where(Is)];
    }

    /// <summary>Waits until none is going on.</summary>
    public static Task EndAsync(IncusClient client, Action<string> say, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(client, Is, say, cancellationToken);

    private static bool Is(OperationInfo operation) => operation.Description == Description;
}
