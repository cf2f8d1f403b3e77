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

    /// <summary>Raw instance configuration.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>Devices by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty;

    /// <summary>The whole configuration of instances that use it.</summary>
    internal IReadOnlyDictionary<string, string> WholeConfig => Options.Overlaid(Config);

    /// <summary>True where the profile must exist and is never changed.</summary>
    public bool External { get; init; }
}
