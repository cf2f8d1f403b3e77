namespace IncusCompose.Definition;

/// <summary>A storage pool. Source: Incus doc/reference/storage_drivers.md.</summary>
public sealed record StoragePoolDefinition
{
    /// <summary>The pool's name.</summary>
    public required string Name { get; init; }

    /// <summary>The driver, such as <c>dir</c> or <c>btrfs</c>; null only for an external pool.</summary>
    public string? Driver { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Pool configuration (<c>source</c>, <c>size</c>, …).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the pool must exist and is never changed.</summary>
    public bool External { get; init; }
}

/// <summary>A custom storage volume. Source: Incus doc/howto/storage_volumes.md.</summary>
public sealed record VolumeDefinition
{
    /// <summary>The volume's name.</summary>
    public required string Name { get; init; }

    /// <summary>The storage pool; null: the stack's only pool, else the server's <c>default</c> or only pool.</summary>
    public string? Pool { get; init; }

    /// <summary>A size such as <c>10GiB</c>; null: the pool's default.</summary>
    public string? Size { get; init; }

    /// <summary><c>filesystem</c> (the default) or <c>block</c>.</summary>
    public string ContentType { get; init; } = "filesystem";

    /// <summary>Snapshots that the server takes of it by itself; null: none are said here.</summary>
    public SnapshotsDefinition? Snapshots { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Volume configuration.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the volume must exist and is never changed.</summary>
    public bool External { get; init; }
}
