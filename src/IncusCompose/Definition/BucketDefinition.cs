namespace IncusCompose.Definition;

/// <summary>A storage bucket. Source: Incus doc/howto/storage_buckets.md.</summary>
public sealed record BucketDefinition
{
    /// <summary>The bucket's name.</summary>
    public required string Name { get; init; }

    /// <summary>The storage pool; null: the stack's only pool, else the server's <c>default</c> or only pool.</summary>
    public string? Pool { get; init; }

    /// <summary>The most that it may hold, such as <c>10GiB</c>; null: no limit but the pool's.</summary>
    public string? Size { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Bucket configuration.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>What lets programs use it, by name.</summary>
    public IReadOnlyDictionary<string, BucketKeyDefinition> Keys { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, BucketKeyDefinition>.Empty;

    /// <summary>True where the bucket must exist and is never changed.</summary>
    public bool External { get; init; }
}

/// <summary>What lets programs use a bucket.</summary>
public sealed record BucketKeyDefinition
{
    /// <summary>The usual role: one that changes nothing.</summary>
    public const string DefaultRole = "read-only";

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>read-only</c> or <c>admin</c>.</summary>
    public string Role { get; init; } = DefaultRole;

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>What a program calls itself; null: the server chooses it.</summary>
    public string? AccessKey { get; init; }

    /// <summary>What it proves that with; null: the server chooses it.</summary>
    public string? SecretKey { get; init; }

    /// <summary>The name and the role: no secret is in it.</summary>
    public override string ToString() => $"{Name} ({Role})";
}
