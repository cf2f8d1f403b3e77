using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>Storage buckets and their keys (<c>/1.0/storage-pools/POOL/buckets</c>, extension <c>storage_buckets</c>).</summary>
public sealed class StorageBucketApi
{
    private readonly ApiCaller caller;

    internal StorageBucketApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Lists the buckets of a pool in the client's project; their keys are read with <see cref="ListKeysAsync"/>.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The buckets.</returns>
    /// <exception cref="IncusExtensionMissingException">The server has no buckets.</exception>
    /// <exception cref="IncusNotFoundException">There is no such pool.</exception>
    /// <exception cref="IncusException">The request failed, for instance because the pool's driver has no buckets.</exception>
    public Task<IReadOnlyList<StorageBucket>> ListAsync(string pool, CancellationToken cancellationToken = default)
    {
        RequireBuckets();
        return caller.ListAsync(caller.Url(Collection(pool), ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListStorageBucket, cancellationToken);
    }

    /// <summary>Reads one bucket.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the bucket.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The bucket and its ETag.</returns>
    /// <exception cref="IncusNotFoundException">There is no such bucket.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<Versioned<StorageBucket>> GetAsync(string pool, string name, CancellationToken cancellationToken = default)
    {
        RequireBuckets();
        return caller.GetAsync(caller.Url(PathOf(pool, name)), IncusJson.Default.EnvelopeStorageBucket, cancellationToken);
    }

    /// <summary>Reads one bucket, if there is one.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the bucket.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The bucket and its ETag, or null.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<Versioned<StorageBucket>?> FindAsync(string pool, string name, CancellationToken cancellationToken = default)
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

    /// <summary>Creates a bucket; the server gives it a key <c>admin</c>.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="bucket">Name, description and configuration.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed, for instance because the server has no program that serves buckets.</exception>
    public Task CreateAsync(string pool, StorageBucket bucket, CancellationToken cancellationToken = default)
    {
        RequireBuckets();
        return caller.ChangeAsync(HttpMethod.Post, caller.Url(Collection(pool)), Body(bucket), null, cancellationToken);
    }

    /// <summary>Replaces description and configuration (PUT with If-Match).</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the bucket.</param>
    /// <param name="bucket">The new content.</param>
    /// <param name="etag">ETag of the version it was made from; null to overwrite whatever is there.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string pool, string name, StorageBucket bucket, string? etag, CancellationToken cancellationToken = default)
    {
        var body = Body(bucket);
        body.Remove("name");
        return caller.ChangeAsync(HttpMethod.Put, caller.Url(PathOf(pool, name)), body, etag, cancellationToken);
    }

    /// <summary>Deletes a bucket with everything in it.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the bucket.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such bucket.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteAsync(string pool, string name, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Delete, caller.Url(PathOf(pool, name)), null, null, cancellationToken);

    /// <summary>Lists the keys of a bucket, secrets included.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The keys.</returns>
    /// <exception cref="IncusNotFoundException">There is no such bucket.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<StorageBucketKey>> ListKeysAsync(string pool, string bucket, CancellationToken cancellationToken = default) =>
        caller.ListAsync(caller.Url(Keys(pool, bucket), ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListStorageBucketKey, cancellationToken);

    /// <summary>Gives a bucket another key; the server chooses what of it is empty.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists.</returns>
    /// <exception cref="IncusException">The request failed, for instance because the name is taken.</exception>
    public Task CreateKeyAsync(string pool, string bucket, StorageBucketKey key, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Post, caller.Url(Keys(pool, bucket)), IncusJson.ToObject(key, IncusJson.Default.StorageBucketKey), null, cancellationToken);

    /// <summary>Replaces a key.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="key">The key under its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusNotFoundException">There is no such key.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateKeyAsync(string pool, string bucket, StorageBucketKey key, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Put, caller.Url(KeyPath(pool, bucket, key.Name)), IncusJson.ToObject(key, IncusJson.Default.StorageBucketKey, "name"), null, cancellationToken);

    /// <summary>Takes a key away; whoever uses it is let in no more.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="bucket">Name of the bucket.</param>
    /// <param name="key">Name of the key.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such key.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteKeyAsync(string pool, string bucket, string key, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Delete, caller.Url(KeyPath(pool, bucket, key)), null, null, cancellationToken);

    private void RequireBuckets() => caller.Connection.RequireExtension("storage_buckets", "A storage bucket");

    private static JsonObject Body(StorageBucket bucket) =>
        IncusJson.ToObject(bucket, IncusJson.Default.StorageBucket, "s3_url", "location", "project", "keys", "backups");

    private static string Collection(string pool) => $"/1.0/storage-pools/{ApiCaller.Segment(pool)}/buckets";

    private static string PathOf(string pool, string name) => $"{Collection(pool)}/{ApiCaller.Segment(name)}";

    private static string Keys(string pool, string bucket) => $"{PathOf(pool, bucket)}/keys";

    private static string KeyPath(string pool, string bucket, string key) => $"{Keys(pool, bucket)}/{ApiCaller.Segment(key)}";
}
