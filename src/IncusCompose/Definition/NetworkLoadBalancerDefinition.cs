namespace IncusCompose.Definition;

/// <summary>An external address whose traffic is spread over addresses of an OVN network. Source: Incus doc/howto/network_load_balancers.md.</summary>
public sealed record NetworkLoadBalancerDefinition
{
    /// <summary>The address that it listens on, which it is known by.</summary>
    public required string ListenAddress { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>What the traffic can go to, by name.</summary>
    public IReadOnlyDictionary<string, NetworkBackendDefinition> Backends { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, NetworkBackendDefinition>.Empty;

    /// <summary>Ports, and the backends of each.</summary>
    public IReadOnlyList<NetworkBalancedPortDefinition> Ports { get; init; } = [];

    /// <summary>Configuration: <c>healthcheck</c>, <c>healthcheck.*</c> and <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;
}

/// <summary>A backend of a load balancer.</summary>
public sealed record NetworkBackendDefinition
{
    /// <summary>The backend's name.</summary>
    public required string Name { get; init; }

    /// <summary>The address that the traffic goes to.</summary>
    public required string TargetAddress { get; init; }

    /// <summary>Ports and ranges at the target, comma-separated; null: those listened on.</summary>
    public string? TargetPort { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }
}

/// <summary>Ports of a load balancer.</summary>
public sealed record NetworkBalancedPortDefinition
{
    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>Ports and ranges that are listened on, comma-separated.</summary>
    public required string ListenPort { get; init; }

    /// <summary>Names of the backends; empty: all of them.</summary>
    public IReadOnlyList<string> Backends { get; init; } = [];

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }
}
