using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Storage pools (<c>/1.0/storage-pools</c>).</summary>
public sealed class StoragePoolApi : ResourceApi<StoragePool>
{
    internal StoragePoolApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/storage-pools";

    internal override JsonTypeInfo<Envelope<StoragePool>> One => IncusJson.Default.EnvelopeStoragePool;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<StoragePool>>> Many => IncusJson.Default.EnvelopeIReadOnlyListStoragePool;

    internal override JsonObject CreateBody(StoragePool value) =>
        IncusJson.ToObject(value, IncusJson.Default.StoragePool, "status", "used_by", "locations");

    internal override JsonObject UpdateBody(StoragePool value) =>
        IncusJson.ToObject(value, IncusJson.Default.StoragePool, "name", "driver", "status", "used_by", "locations");

    /// <summary>Used and total space.</summary>
    /// <param name="name">Name of the pool.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Space in bytes, and inodes.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<StoragePoolResources> GetResourcesAsync(string name, CancellationToken cancellationToken = default) =>
        (await Caller.GetAsync(Caller.Url($"{PathOf(name)}/resources"), IncusJson.Default.EnvelopeStoragePoolResources, cancellationToken).ConfigureAwait(false)).Value;
}
