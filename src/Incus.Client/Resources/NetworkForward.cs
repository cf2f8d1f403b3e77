namespace Incus.Client;

/// <summary>An external address whose traffic goes to addresses of a network (<c>/1.0/networks/NETWORK/forwards/ADDRESS</c>).</summary>
public sealed record NetworkForward : ConfiguredResource
{
    /// <summary>The address that it listens on, which it is known by.</summary>
    public string ListenAddress { get => field ?? ""; init; }

    /// <summary>Ports that go elsewhere than to <c>target_address</c> of the configuration.</summary>
    public IReadOnlyList<NetworkForwardPort> Ports { get => field ?? []; init; }

    /// <summary>Cluster member that it is on; empty where it is on all. Read-only.</summary>
    public string Location { get => field ?? ""; init; }
}

/// <summary>Ports of a <see cref="NetworkForward"/>.</summary>
public sealed record NetworkForwardPort : IncusResource
{
    /// <summary>Free text about the ports.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>Ports and ranges that are listened on, comma-separated.</summary>
    public string ListenPort { get => field ?? ""; init; }

    /// <summary>Ports and ranges at the target; empty for those listened on.</summary>
    public string TargetPort { get => field ?? ""; init; }

    /// <summary>The address that the traffic goes to.</summary>
    public string TargetAddress { get => field ?? ""; init; }

    /// <summary>Whether what the target begins itself leaves with the listen address (extension <c>network_forward_snat</c>); null: as the server does.</summary>
    public bool? Snat { get; init; }
}
