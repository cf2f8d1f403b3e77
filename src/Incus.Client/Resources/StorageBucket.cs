using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>A storage bucket (<c>/1.0/storage-pools/POOL/buckets/NAME</c>): objects that programs reach by the S3 protocol.</summary>
public sealed record StorageBucket : NamedResource
{
    /// <summary>Its address; empty where the server has no address for buckets (<c>core.storage_buckets_address</c>). Read-only.</summary>
    public string S3Url { get => field ?? ""; init; }

    /// <summary>Cluster member it lies on. Read-only.</summary>
    public string Location { get => field ?? ""; init; }

    /// <summary>Project it belongs to. Read-only.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>Its keys, where they were asked for.</summary>
    public IReadOnlyList<StorageBucketKey> Keys { get => field ?? []; init; }
}

/// <summary>What lets a program use a bucket (<c>/1.0/storage-pools/POOL/buckets/BUCKET/keys/NAME</c>).</summary>
public sealed record StorageBucketKey : IncusResource
{
    /// <summary>Name, unique within its bucket.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Free text.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary><c>admin</c> or <c>read-only</c>.</summary>
    public string Role { get => field ?? ""; init; }

    /// <summary>What a program calls itself.</summary>
    [JsonPropertyName("access-key")]
    public string AccessKey { get => field ?? ""; init; }

    /// <summary>What it proves that with: a secret.</summary>
    [JsonPropertyName("secret-key")]
    public string SecretKey { get => field ?? ""; init; }

    /// <summary>The name and the role: no secret is in it.</summary>
    public override string ToString() => $"{Name} ({Role})";
}
