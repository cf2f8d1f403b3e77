using System.Text.Json.Nodes;

namespace Incus.Client;

/// <content>Snapshots and copies (<c>/1.0/storage-pools/POOL/volumes/custom/NAME/snapshots</c>).</content>
public sealed partial class StorageVolumeApi
{
    /// <summary>Lists the snapshots of a volume.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The snapshots; their names are their own, without the volume's.</returns>
    /// <exception cref="IncusNotFoundException">There is no such volume.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IReadOnlyList<StorageVolumeSnapshot>> ListSnapshotsAsync(string pool, string name, CancellationToken cancellationToken = default)
    {
        var snapshots = await caller.ListAsync(
            caller.Url($"{PathOf(pool, name)}/snapshots", ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListStorageVolumeSnapshot, cancellationToken).ConfigureAwait(false);
        // In this list the server names them volume/snapshot.
        return [.. snapshots.Select(snapshot => snapshot with { Name = snapshot.Name[(snapshot.Name.IndexOf('/', StringComparison.Ordinal) + 1)..] })];
    }

    /// <summary>Reads one snapshot.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The snapshot, or null where there is none of that name.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<StorageVolumeSnapshot?> FindSnapshotAsync(string pool, string name, string snapshot, CancellationToken cancellationToken = default)
    {
        try
        {
            return (await caller.GetAsync(
                caller.Url(SnapshotPath(pool, name, snapshot)), IncusJson.Default.EnvelopeStorageVolumeSnapshot, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether a volume has snapshots.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>True where it has at least one.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<bool> HasSnapshotsAsync(string pool, string name, CancellationToken cancellationToken = default) =>
        (await caller.ListAsync(
            caller.Url($"{PathOf(pool, name)}/snapshots", ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListStorageVolumeSnapshot, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>Takes a snapshot of a volume, which may be in use.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="neverExpires">True to keep it until it is deleted, whatever the volume's <c>snapshots.expiry</c> says.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CreateSnapshotAsync(
        string pool, string name, string snapshot, bool neverExpires = false, CancellationToken cancellationToken = default)
    {
        var request = new JsonObject { ["name"] = snapshot };
        if (neverExpires)
            request["expires_at"] = InstanceApi.NoExpiry;
        return caller.StartAsync(HttpMethod.Post, caller.Url($"{PathOf(pool, name)}/snapshots"), request, null, cancellationToken);
    }

    /// <summary>Deletes a snapshot.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> DeleteSnapshotAsync(string pool, string name, string snapshot, CancellationToken cancellationToken = default) =>
        caller.StartAsync(HttpMethod.Delete, caller.Url(SnapshotPath(pool, name, snapshot)), (JsonNode?)null, null, cancellationToken);

    /// <summary>Puts the content of a volume back to a snapshot. Its configuration stays as it is.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume, which no running instance may use.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed; a pool of some drivers goes back to the newest snapshot only.</exception>
    public Task RestoreSnapshotAsync(string pool, string name, string snapshot, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Put, caller.Url(PathOf(pool, name)), new JsonObject { ["restore"] = snapshot }, null, cancellationToken);

    /// <summary>Copies a volume, or one of its snapshots, within a pool; without its snapshots.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="source">The volume, or <c>volume/snapshot</c>.</param>
    /// <param name="volume">The copy: name, description and configuration (the source's is not taken over).</param>
    /// <param name="refresh">True to give the source's content to a volume that exists and that no running instance uses
    /// (extension <c>custom_volume_refresh</c>); its description and configuration stay.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The name is taken, and not to be refreshed.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not refresh.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CopyAsync(
        string pool, string source, StorageVolume volume, bool refresh = false, CancellationToken cancellationToken = default)
    {
        if (refresh)
            caller.Connection.RequireExtension("custom_volume_refresh", "Refreshing a volume from a copy");
        var from = new JsonObject { ["type"] = "copy", ["pool"] = pool, ["name"] = source, ["volume_only"] = true, ["refresh"] = refresh };
        var body = CreateBody(volume);
        body["source"] = from;
        return caller.StartAsync(HttpMethod.Post, caller.Url(Collection(pool)), body, null, cancellationToken);
    }

    private static string SnapshotPath(string pool, string name, string snapshot) => $"{PathOf(pool, name)}/snapshots/{ApiCaller.Segment(snapshot)}";
}
