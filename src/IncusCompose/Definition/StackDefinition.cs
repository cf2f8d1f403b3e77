using System.Collections.Immutable;
using IncusCompose.Diagnostics;

namespace IncusCompose.Definition;

/// <summary>What a stack file says: everything that should be on the server, as plain immutable values.</summary>
public sealed record StackDefinition
{
    /// <summary>The stack's name; the mark by which its resources are known on the server.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>The remote to use, by its name in the user's Incus client configuration; null: the default remote.</summary>
    public string? Remote { get; init; }

    /// <summary>The Incus project; null: the remote's default project.</summary>
    public ProjectDefinition? Project { get; init; }

    /// <summary>Projects that the stack makes besides the one that it lives in, by name.</summary>
    public IReadOnlyDictionary<string, ProjectDefinition> Projects { get; init; } = Empty<ProjectDefinition>();

    /// <summary>Containers and virtual machines by name.</summary>
    public IReadOnlyDictionary<string, InstanceDefinition> Instances { get; init; } = Empty<InstanceDefinition>();

    /// <summary>
    /// Instances of the file that nobody asked for (<see cref="InstanceDefinition.Activate"/>): they are not made, and where
    /// they are on the server they stay as they are.
    /// </summary>
    public IReadOnlyDictionary<string, InstanceDefinition> InactiveInstances { get; init; } = Empty<InstanceDefinition>();

    /// <summary>Networks by name.</summary>
    public IReadOnlyDictionary<string, NetworkDefinition> Networks { get; init; } = Empty<NetworkDefinition>();

    /// <summary>Network ACLs by name.</summary>
    public IReadOnlyDictionary<string, NetworkAclDefinition> NetworkAcls { get; init; } = Empty<NetworkAclDefinition>();

    /// <summary>Network address sets by name.</summary>
    public IReadOnlyDictionary<string, NetworkAddressSetDefinition> NetworkAddressSets { get; init; } = Empty<NetworkAddressSetDefinition>();

    /// <summary>DNS zones by name.</summary>
    public IReadOnlyDictionary<string, NetworkZoneDefinition> NetworkZones { get; init; } = Empty<NetworkZoneDefinition>();

    /// <summary>Network integrations by name.</summary>
    public IReadOnlyDictionary<string, NetworkIntegrationDefinition> NetworkIntegrations { get; init; } = Empty<NetworkIntegrationDefinition>();

    /// <summary>Storage pools by name.</summary>
    public IReadOnlyDictionary<string, StoragePoolDefinition> StoragePools { get; init; } = Empty<StoragePoolDefinition>();

    /// <summary>Custom storage volumes by name.</summary>
    public IReadOnlyDictionary<string, VolumeDefinition> Volumes { get; init; } = Empty<VolumeDefinition>();

    /// <summary>Storage buckets by name.</summary>
    public IReadOnlyDictionary<string, BucketDefinition> Buckets { get; init; } = Empty<BucketDefinition>();

    /// <summary>Profiles by name.</summary>
    public IReadOnlyDictionary<string, ProfileDefinition> Profiles { get; init; } = Empty<ProfileDefinition>();

    /// <summary>Images that instances can name by key.</summary>
    public IReadOnlyDictionary<string, ImageDefinition> Images { get; init; } = Empty<ImageDefinition>();

    /// <summary>Secrets that instances can be given.</summary>
    public IReadOnlyDictionary<string, SecretDefinition> Secrets { get; init; } = Empty<SecretDefinition>();

    /// <summary>Texts that instances can be given as files.</summary>
    public IReadOnlyDictionary<string, ConfigDefinition> Configs { get; init; } = Empty<ConfigDefinition>();

    /// <summary>Certificates that the server is to trust, by their clients' names.</summary>
    public IReadOnlyDictionary<string, CertificateDefinition> Certificates { get; init; } = Empty<CertificateDefinition>();

    /// <summary>Groups of cluster members by name.</summary>
    public IReadOnlyDictionary<string, ClusterGroupDefinition> ClusterGroups { get; init; } = Empty<ClusterGroupDefinition>();

    /// <summary>The files that the definition was read from, the main file first, those that are included and extended last; empty where code made it.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The absolute paths of those files.</summary>
    internal IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The absolute paths of the files with variables that instances name.</summary>
    internal IReadOnlyList<string> EnvironmentPaths { get; init; } = [];

    /// <summary>The absolute folder that relative paths start from; null where code made the definition.</summary>
    public string? Folder { get; init; }

    /// <summary>Where each value was written.</summary>
    public SourceMap Source { get; init; } = SourceMap.Empty;

    private static IReadOnlyDictionary<string, T> Empty<T>() => System.Collections.ObjectModel.ReadOnlyDictionary<string, T>.Empty;
}

/// <summary>The Incus project that a stack lives in.</summary>
public sealed record ProjectDefinition
{
    /// <summary>The project's name.</summary>
    public required string Name { get; init; }

    /// <summary>True where the stack makes and owns the project; false where it must exist.</summary>
    public bool Create { get; init; }

    /// <summary>Free text for people; only for a project that the stack makes.</summary>
    public string? Description { get; init; }

    /// <summary>Project configuration (<c>features.*</c>, <c>limits.*</c>, <c>restricted.*</c>). Source: Incus doc/reference/projects.md.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;
}

/// <summary>Maps of text, shared.</summary>
internal static class Maps
{
    /// <summary>An empty one to put Incus's keys into, in their order.</summary>
    public static ImmutableSortedDictionary<string, string> Sorted { get; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>A map with one key set, or without it.</summary>
    public static IReadOnlyDictionary<string, string> With(this IReadOnlyDictionary<string, string> map, string key, string? value) =>
        value is null ? map.ToSorted().Remove(key) : map.ToSorted().SetItem(key, value);

    /// <summary>A map with others over it.</summary>
    public static IReadOnlyDictionary<string, string> Overlaid(this IReadOnlyDictionary<string, string> map, IReadOnlyDictionary<string, string> others) =>
        others.Count == 0 ? map : map.ToSorted().SetItems(others);

    private static ImmutableSortedDictionary<string, string> ToSorted(this IReadOnlyDictionary<string, string> map) =>
        map as ImmutableSortedDictionary<string, string> ?? Sorted.SetItems(map);

    public static IReadOnlyDictionary<string, string> Empty { get; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;
}
