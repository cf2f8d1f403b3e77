namespace IncusCompose.Definition;

/// <summary>A network. Source: Incus doc/reference/network_bridge.md and its siblings.</summary>
public sealed record NetworkDefinition
{
    /// <summary>The network's name.</summary>
    public required string Name { get; init; }

    /// <summary>Incus's network type; <c>bridge</c> where the file names none.</summary>
    public string Type { get; init; } = "bridge";

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Network configuration (<c>ipv4.address</c>, …).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the network must exist and is never changed.</summary>
    public bool External { get; init; }
}
