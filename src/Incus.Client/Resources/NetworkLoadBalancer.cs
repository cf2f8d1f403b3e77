namespace Incus.Client;

/// <summary>An external address whose traffic is spread over addresses of an OVN network (<c>/1.0/networks/NETWORK/load-balancers/ADDRESS</c>).</summary>
public sealed record NetworkLoadBalancer : ConfiguredResource
{
    /// <summary>The address that it listens on, which it is known by.</summary>
    public string ListenAddress { get => field ?? ""; init; }

    /// <summary>What the traffic can go to.</summary>
    public IReadOnlyList<NetworkLoadBalancerBackend> Backends { get => field ?? []; init; }

    /// <summary>Ports, and the backends of each.</summary>
    public IReadOnlyList<NetworkLoadBalancerPort> Ports { get => field ?? []; init; }

    /// <summary>Cluster member that it is on; empty where it is on all. Read-only.</summary>
    public string Location { get => field ?? ""; init; }
}

/// <summary>A target of a <see cref="NetworkLoadBalancer"/>.</summary>
public sealed record NetworkLoadBalancerBackend : IncusResource
{
    /// <summary>Name, unique within the load balancer.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Free text about the backend.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary>Ports and ranges at the target; empty for those listened on.</summary>
    public string TargetPort { get => field ?? ""; init; }

    /// <summary>The address that the traffic goes to.</summary>
    public string TargetAddress { get => field ?? ""; init; }
}

/// <summary>Ports of a <see cref="NetworkLoadBalancer"/>.</summary>
public sealed record NetworkLoadBalancerPort : IncusResource
{
    /// <summary>Free text about the ports.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>Ports and ranges that are listened on, comma-separated.</summary>
    public string ListenPort { get => field ?? ""; init; }

    /// <summary>Names of the backends.</summary>
    public IReadOnlyList<string> TargetBackend { get => field ?? []; init; }
}

/// <summary>What a load balancer's health checks found (<c>…/load-balancers/ADDRESS/state</c>; extension <c>network_load_balancer_state</c>).</summary>
public sealed record NetworkLoadBalancerState : IncusResource
{
    /// <summary>The backends by name; empty without health checks.</summary>
    public IReadOnlyDictionary<string, NetworkLoadBalancerHealth> BackendHealth { get => field ?? NoHealth; init; }

    private static readonly IReadOnlyDictionary<string, NetworkLoadBalancerHealth> NoHealth = new Dictionary<string, NetworkLoadBalancerHealth>();
}

/// <summary>How a backend of a load balancer is.</summary>
public sealed record NetworkLoadBalancerHealth : IncusResource
{
    /// <summary>The backend's address.</summary>
    public string Address { get => field ?? ""; init; }

    /// <summary>Its ports.</summary>
    public IReadOnlyList<NetworkLoadBalancerPortHealth> Ports { get => field ?? []; init; }
}

/// <summary>How a port of a backend is.</summary>
public sealed record NetworkLoadBalancerPortHealth : IncusResource
{
    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>The port.</summary>
    public int Port { get; init; }

    /// <summary><c>online</c>, <c>offline</c> or <c>error</c>; empty where it is not known yet.</summary>
    public string Status { get => field ?? ""; init; }
}
