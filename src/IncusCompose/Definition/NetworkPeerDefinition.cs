namespace IncusCompose.Definition;

/// <summary>A connection of an OVN network with another one. Source: Incus doc/howto/network_ovn_peers.md.</summary>
public sealed record NetworkPeerDefinition
{
    /// <summary>The peer's name, which rules of ACLs call <c>@network/name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>The other network; null for the far side of an integration.</summary>
    public string? TargetNetwork { get; init; }

    /// <summary>The other network's project; null: the stack's own.</summary>
    public string? TargetProject { get; init; }

    /// <summary>The integration through which the peer is reached; null for a network of this server.</summary>
    public string? TargetIntegration { get; init; }

    /// <summary>Configuration; Incus takes <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;
}
