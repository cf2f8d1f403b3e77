namespace IncusCompose.Definition;

/// <summary>An external address whose traffic goes to addresses of a network. Source: Incus doc/howto/network_forwards.md.</summary>
public sealed record NetworkForwardDefinition
{
    /// <summary>The address that it listens on, which it is known by.</summary>
    public required string ListenAddress { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Ports that go elsewhere than the rest.</summary>
    public IReadOnlyList<NetworkForwardPortDefinition> Ports { get; init; } = [];

    /// <summary>Configuration: <c>target_address</c>, where everything goes that no port says otherwise of, and <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>The cluster member that a bridge's forward is on; null where the server is alone, and on OVN networks.</summary>
    public string? Target { get; init; }
}

/// <summary>Ports of a forward.</summary>
public sealed record NetworkForwardPortDefinition
{
    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>Ports and ranges that are listened on, comma-separated.</summary>
    public required string ListenPort { get; init; }

    /// <summary>The address that the traffic goes to.</summary>
    public required string TargetAddress { get; init; }

    /// <summary>Ports and ranges at the target, comma-separated; null: those listened on.</summary>
    public string? TargetPort { get; init; }

    /// <summary>Whether what the target begins itself leaves with the listen address; null: as the server does.</summary>
    public bool? Snat { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }
}
