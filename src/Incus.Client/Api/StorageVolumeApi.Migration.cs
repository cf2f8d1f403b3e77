using System.Text.Json.Nodes;

namespace Incus.Client;

/// <content>Copies from another server (<c>POST …/volumes/custom</c> with a source of type <c>migration</c>).</content>
public sealed partial class StorageVolumeApi
{
    /// <summary>
    /// Makes a volume from one of another server, or from a snapshot of one. It may be in use there, and stays as it is.
    /// Source: Incus doc/howto/storage_move_volume.md.
    /// </summary>
    /// <param name="pool">Name of the pool of the new volume.</param>
    /// <param name="volume">Name, content type, description and configuration of the new volume.</param>
    /// <param name="source">The volumes of the other server, in the project of the one to copy.</param>
    /// <param name="sourcePool">Name of the pool of the one to copy.</param>
    /// <param name="name">The one to copy; <c>volume/snapshot</c> for a snapshot (extension <c>storage_api_remote_volume_snapshot_copy</c>).</param>
    /// <param name="options">How to copy.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Gives up, and waits until the servers have too.</param>
    /// <returns>How many bytes passed from one server to the other.</returns>
    /// <exception cref="IncusConflictException">The name is taken, and not to be refreshed.</exception>
    /// <exception cref="IncusExtensionMissingException">One of the servers can not do it.</exception>
    /// <exception cref="IncusException">It failed.</exception>
    public Task<long> CopyFromServerAsync(
        string pool, StorageVolume volume, StorageVolumeApi source, string sourcePool, string name, MigrationOptions options,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var cut = name.IndexOf('/', StringComparison.Ordinal);
        foreach (var connection in new[] { source.caller.Connection, caller.Connection })
        {
            connection.RequireExtension("storage_api_remote_volume_handling", "Copying a volume between servers");
            if (options.Refresh)
                connection.RequireExtension("custom_volume_refresh", "Refreshing a volume from another server");
            if (cut >= 0)
                connection.RequireExtension("storage_api_remote_volume_snapshot_copy", "Copying a volume's snapshot between servers");
        }

        var own = cut < 0 ? name : name[(cut + 1)..];
        var path = cut < 0 ? PathOf(sourcePool, name) : SnapshotPath(sourcePool, name[..cut], own);
        var give = new JsonObject { ["name"] = own, ["migration"] = true };
        if (cut < 0)
        {
            give["pool"] = sourcePool;
            give["volume_only"] = options.WithoutSnapshots;
        }

        var take = CreateBody(volume);
        take["source"] = new JsonObject
        {
            ["type"] = "migration",
            ["mode"] = "push",
            ["volume_only"] = options.WithoutSnapshots || cut >= 0,
            ["refresh"] = options.Refresh,
        };
        return MigrationRelay.RunAsync(
            source.caller,
            () => source.caller.StartAsync(HttpMethod.Post, source.caller.Url(path), give, null, cancellationToken),
            caller,
            () => caller.StartAsync(HttpMethod.Post, caller.Url(Collection(pool)), take, null, cancellationToken),
            options.Counted, progress, cancellationToken);
    }
}
