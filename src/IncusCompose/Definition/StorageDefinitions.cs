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

    /// <summary>Configuration that each member of a cluster has of its own (<c>source</c>, <c>size</c>, …), by the member's name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Members { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty;

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

    /// <summary>
    /// The member of the cluster that it lies on, for a pool that each member has for itself; null: where those instances
    /// are that use it.
    /// </summary>
    public string? Target { get; init; }

    /// <summary>A size such as <c>10GiB</c>; null: the pool's default.</summary>
    public string? Size { get; init; }

    /// <summary><c>filesystem</c> (the default), <c>block</c> or <c>iso</c>.</summary>
    public string ContentType { get; init; } = "filesystem";

    /// <summary>The absolute path of the file on this machine that an <c>iso</c> volume is made from; null for the others.</summary>
    public string? Source { get; init; }

    /// <summary>The absolute path of the backup on this machine that the volume is made from; null: it is made empty.</summary>
    public string? Import { get; init; }

    /// <summary>What lies in it when it is made.</summary>
    public IReadOnlyList<VolumeContent> Content { get; init; } = [];

    /// <summary>Snapshots that the server takes of it by itself; null: none are said here.</summary>
    public SnapshotsDefinition? Snapshots { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Volume configuration.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the volume must exist and is never changed.</summary>
    public bool External { get; init; }
}

/// <summary>Files of this machine that a volume has when it is made.</summary>
public sealed record VolumeContent
{
    /// <summary>The absolute path of a file, or of a folder whose content it is.</summary>
    public required string Source { get; init; }

    /// <summary>The folder in the volume that it goes to, <c>/</c> for the volume itself.</summary>
    public string Target { get; init; } = "/";

    /// <summary>The number of the user who owns it; null: who owns the volume.</summary>
    public int? Uid { get; init; }

    /// <summary>The number of the group that owns it; null: the one that owns the volume.</summary>
    public int? Gid { get; init; }
}
