namespace IncusCompose.Definition;

/// <summary>A profile: configuration and devices that instances share. Source: Incus doc/profiles.md.</summary>
public sealed record ProfileDefinition
{
    /// <summary>The profile's name.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>What the words for resources, security, the kernel and the like say, by Incus's own keys; <see cref="Config"/> wins over it.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Maps.Empty;

    /// <summary>The root disk of instances that use it; null: none is said here.</summary>
    public RootDiskDefinition? Disk { get; init; }

    /// <summary><c>environment.*</c> of instances that use it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Maps.Empty;

    /// <summary>cloud-init data of instances that use it; null: none.</summary>
    public CloudInitDefinition? CloudInit { get; init; }

    /// <summary>Snapshots that the server takes of instances that use it; null: none are said here.</summary>
    public SnapshotsDefinition? Snapshots { get; init; }

    /// <summary>Raw instance configuration.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>Devices by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty;

    /// <summary>The whole configuration of instances that use it.</summary>
    internal IReadOnlyDictionary<string, string> WholeConfig => Options
        .With("cloud-init.user-data", CloudInit?.UserData)
        .With("cloud-init.vendor-data", CloudInit?.VendorData)
        .With("cloud-init.network-config", CloudInit?.NetworkConfig)
        .Overlaid((Snapshots?.Config() ?? []).ToDictionary(entry => entry.Key, entry => entry.Value))
        .Overlaid(Environment.ToDictionary(entry => $"environment.{entry.Key}", entry => entry.Value))
        .Overlaid(Config);

    /// <summary>True where the profile must exist and is never changed.</summary>
    public bool External { get; init; }
}
