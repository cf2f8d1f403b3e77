using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>Custom storage volumes (<c>/1.0/storage-pools/POOL/volumes/custom</c>).</summary>
public sealed partial class StorageVolumeApi
{
    private readonly ApiCaller caller;

    internal StorageVolumeApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Lists the custom volumes of a pool in the client's project.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The volumes.</returns>
    /// <exception cref="IncusNotFoundException">There is no such pool.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<StorageVolume>> ListAsync(string pool, CancellationToken cancellationToken = default) =>
        caller.ListAsync(caller.Url(Collection(pool), ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListStorageVolume, cancellationToken);

    /// <summary>Reads one volume.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The volume and its ETag.</returns>
    /// <exception cref="IncusNotFoundException">There is no such volume.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<Versioned<StorageVolume>> GetAsync(string pool, string name, CancellationToken cancellationToken = default) =>
        caller.GetAsync(caller.Url(PathOf(pool, name)), IncusJson.Default.EnvelopeStorageVolume, cancellationToken);

    /// <summary>Reads one volume, if there is one.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The volume and its ETag, or null.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<Versioned<StorageVolume>?> FindAsync(string pool, string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return await GetAsync(pool, name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Creates an empty volume.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="volume">Name, description, configuration and content type (default <c>filesystem</c>).</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateAsync(string pool, StorageVolume volume, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Post, caller.Url(Collection(pool)), CreateBody(volume), null, cancellationToken);

    /// <summary>Makes a volume as a copy of another one on the same server.</summary>
    /// <param name="pool">Name of the pool of the new volume.</param>
    /// <param name="volume">Name, description and configuration of the new volume.</param>
    /// <param name="source">What to copy.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CopyAsync(string pool, StorageVolume volume, VolumeCopySource source, CancellationToken cancellationToken = default)
    {
        if (source.Refresh)
            caller.Connection.RequireExtension("custom_volume_refresh", "Refreshing a volume from a copy");
        var body = CreateBody(volume);
        body["source"] = new JsonObject
        {
            ["type"] = "copy",
            ["pool"] = source.Pool,
            ["name"] = source.Name,
            ["project"] = source.Project,
            ["volume_only"] = source.WithoutSnapshots,
            ["refresh"] = source.Refresh,
        };
        return caller.StartAsync(HttpMethod.Post, caller.Url(Collection(pool)), body, null, cancellationToken);
    }

    /// <summary>Replaces description and configuration (PUT with If-Match).</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="volume">The new content.</param>
    /// <param name="etag">ETag of the version it was made from; null to overwrite whatever is there.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string pool, string name, StorageVolume volume, string? etag, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(
            HttpMethod.Put, caller.Url(PathOf(pool, name)),
            IncusJson.ToObject(volume, IncusJson.Default.StorageVolume, "name", "type", "content_type", "used_by", "location", "project", "created_at"),
            etag, cancellationToken);

    /// <summary>Reads a volume, changes it and writes it back, beginning again when somebody else wrote meanwhile.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="change">Makes the new content from the current one; may be called several times.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it each time.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string pool, string name, Func<StorageVolume, StorageVolume> change, CancellationToken cancellationToken = default) =>
        ReadableApi<StorageVolume>.ReadModifyWriteAsync(
            () => GetAsync(pool, name, cancellationToken),
            change,
            async (value, etag) =>
            {
                await UpdateAsync(pool, name, value, etag, cancellationToken).ConfigureAwait(false);
                return true;
            });

    /// <summary>Renames a volume.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Its name.</param>
    /// <param name="newName">Its new name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task RenameAsync(string pool, string name, string newName, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Post, caller.Url(PathOf(pool, name)), new JsonObject { ["name"] = newName }, null, cancellationToken);

    /// <summary>
    /// Moves a volume of a local pool, with its snapshots, to another member of the cluster: the one of the view's
    /// <see cref="IncusClient.ForTarget"/> (extension <c>cluster_internal_custom_volume_copy</c>). Its description and its
    /// configuration do not come along, and that nothing runs that uses it is for the caller to see to.
    /// Source: Incus doc/howto/storage_move_volume.md.
    /// </summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Its name.</param>
    /// <param name="member">The member that it is on.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>
    /// The operation. It ends once the move has begun: two others with the volume among their resources carry it out, and may
    /// fail (that of a <c>block</c> volume does). What became of it, the members tell.
    /// </returns>
    /// <exception cref="InvalidOperationException">The view names no member.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not do it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> MoveAsync(string pool, string name, string member, CancellationToken cancellationToken = default)
    {
        if (caller.Target is null)
            throw new InvalidOperationException("To move a volume, name the member with ForTarget");
        caller.Connection.RequireExtension("cluster_internal_custom_volume_copy", "Moving a volume between members of a cluster");
        var body = new JsonObject { ["name"] = name, ["pool"] = pool, ["migration"] = true, ["source"] = new JsonObject { ["location"] = member } };
        return caller.StartAsync(HttpMethod.Post, caller.Url(PathOf(pool, name)), body, null, cancellationToken);
    }

    /// <summary>
    /// Moves a volume, with its snapshots and its configuration, to another pool of the same server. Instances and profiles
    /// that name it name the new pool afterwards. Source: Incus doc/howto/storage_move_volume.md.
    /// </summary>
    /// <param name="pool">Name of the pool that it is in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="newPool">Name of the other pool.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The other pool has a volume of that name.</exception>
    /// <exception cref="IncusException">The request failed, for instance because a running instance uses it.</exception>
    public Task<IncusOperation> MoveToPoolAsync(string pool, string name, string newPool, CancellationToken cancellationToken = default) =>
        caller.StartAsync(HttpMethod.Post, caller.Url(PathOf(pool, name)), new JsonObject { ["name"] = name, ["pool"] = newPool }, null, cancellationToken);

    /// <summary>Deletes a volume and its data.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such volume.</exception>
    /// <exception cref="IncusException">The request failed, for instance because it is in use.</exception>
    public Task DeleteAsync(string pool, string name, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Delete, caller.Url(PathOf(pool, name)), null, null, cancellationToken);

    private static JsonObject CreateBody(StorageVolume volume)
    {
        var body = IncusJson.ToObject(volume, IncusJson.Default.StorageVolume, "used_by", "location", "project", "created_at");
        body["type"] = "custom";
        if (volume.ContentType.Length == 0)
            body.Remove("content_type");
        return body;
    }

    private static string Collection(string pool) => $"/1.0/storage-pools/{ApiCaller.Segment(pool)}/volumes/custom";

    private static string PathOf(string pool, string name) => $"{Collection(pool)}/{ApiCaller.Segment(name)}";
}
