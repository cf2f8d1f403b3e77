namespace Incus.Client;

/// <summary>A snapshot of an instance (<c>/1.0/instances/NAME/snapshots/SNAPSHOT</c>): its root disk, configuration and devices at one moment.</summary>
public sealed record InstanceSnapshot : NamedResource
{
    /// <summary>When it was taken, by the server's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the server deletes it by itself; the year 1 where it never does.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The instance's own devices as they were.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get => field ?? NoDevices; init; }

    /// <summary>Its profiles as they were, in order.</summary>
    public IReadOnlyList<string> Profiles { get => field ?? []; init; }

    /// <summary>Whether the instance was to be deleted when it stops.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Whether the memory is in it too.</summary>
    public bool Stateful { get; init; }
}

/// <summary>A snapshot of a custom volume (<c>/1.0/storage-pools/POOL/volumes/custom/NAME/snapshots/SNAPSHOT</c>).</summary>
public sealed record StorageVolumeSnapshot : NamedResource
{
    /// <summary>When it was taken, by the server's clock (extension <c>storage_volumes_created_at</c>).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the server deletes it by itself; null or the year 1 where it never does.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary><c>filesystem</c> or <c>block</c>.</summary>
    public string ContentType { get => field ?? ""; init; }
}
