namespace Incus.Client;

/// <summary>A storage pool (<c>/1.0/storage-pools/NAME</c>).</summary>
public sealed record StoragePool : NamedResource
{
    /// <summary><c>dir</c>, <c>btrfs</c>, <c>lvm</c>, <c>zfs</c>, <c>ceph</c>, ...</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary><c>Created</c>, <c>Pending</c>, <c>Errored</c>, <c>Unavailable</c>. Read-only.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>API addresses of what uses it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Cluster members that have it. Read-only.</summary>
    public IReadOnlyList<string> Locations { get => field ?? []; init; }

    /// <summary>What members have of their own, where they were asked; the server tells it of one member at a time.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Members { get => field ?? NoDevices; init; }

    /// <summary>The members that were asked what they have of their own, and did not answer.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<string> SilentMembers { get => field ?? []; init; }
}

/// <summary>Space of a storage pool (<c>/1.0/storage-pools/NAME/resources</c>).</summary>
public sealed record StoragePoolResources : IncusResource
{
    /// <summary>Bytes.</summary>
    public UsedAndTotal Space { get => field ?? Unknown; init; }

    /// <summary>Inodes.</summary>
    public UsedAndTotal Inodes { get => field ?? Unknown; init; }

    private static readonly UsedAndTotal Unknown = new();
}

/// <summary>An amount used of a total.</summary>
public sealed record UsedAndTotal
{
    /// <summary>Used.</summary>
    public ulong Used { get; init; }

    /// <summary>In all; 0 where unknown.</summary>
    public ulong Total { get; init; }
}

/// <summary>The volume that another one is made a copy of (<c>POST …/volumes/custom</c> with a source).</summary>
/// <param name="Pool">Its pool.</param>
/// <param name="Name">Its name; <c>volume/snapshot</c> for one of its snapshots.</param>
/// <param name="Project">Its project.</param>
/// <param name="WithoutSnapshots">True to leave its snapshots out.</param>
public sealed record VolumeCopySource(string Pool, string Name, string Project, bool WithoutSnapshots = false)
{
    /// <summary>True to give the source's content to a volume that exists and that no running instance uses (extension
    /// <c>custom_volume_refresh</c>); its description and configuration stay.</summary>
    public bool Refresh { get; init; }
}

/// <summary>A custom storage volume (<c>/1.0/storage-pools/POOL/volumes/custom/NAME</c>).</summary>
public sealed record StorageVolume : NamedResource
{
    /// <summary><c>custom</c>. Read-only.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary><c>filesystem</c>, <c>block</c> or <c>iso</c>; fixed at creation.</summary>
    public string ContentType { get => field ?? ""; init; }

    /// <summary>API addresses of what uses it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Cluster member it lives on. Read-only.</summary>
    public string Location { get => field ?? ""; init; }

    /// <summary>Project it belongs to. Read-only.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>When it was created. Read-only.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
