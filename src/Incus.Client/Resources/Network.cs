namespace Incus.Client;

/// <summary>A network (<c>/1.0/networks/NAME</c>), managed by Incus or merely seen on the host.</summary>
public sealed record Network : NamedResource
{
    /// <summary><c>bridge</c>, <c>macvlan</c>, <c>sriov</c>, <c>ovn</c>, <c>physical</c>; of an unmanaged one what the host says.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Whether Incus manages it. Read-only.</summary>
    public bool Managed { get; init; }

    /// <summary><c>Created</c>, <c>Pending</c>, <c>Errored</c>, <c>Unavailable</c>; empty for unmanaged. Read-only.</summary>
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

    /// <summary>Project it belongs to (extension <c>networks_all_projects</c>; empty before). Read-only.</summary>
    public string Project { get => field ?? ""; init; }
}

/// <summary>A DHCP lease of a managed network (<c>/1.0/networks/NAME/leases</c>).</summary>
public sealed record NetworkLease : IncusResource
{
    /// <summary>Host name.</summary>
    public string Hostname { get => field ?? ""; init; }

    /// <summary>MAC address.</summary>
    public string Hwaddr { get => field ?? ""; init; }

    /// <summary>IP address.</summary>
    public string Address { get => field ?? ""; init; }

    /// <summary><c>static</c>, <c>dynamic</c>, <c>gateway</c>, <c>uplink</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Cluster member.</summary>
    public string Location { get => field ?? ""; init; }
}

/// <summary>Live state of a network (<c>/1.0/networks/NAME/state</c>).</summary>
public sealed record NetworkState : IncusResource
{
    /// <summary>Addresses on the host's side.</summary>
    public IReadOnlyList<InstanceStateNetworkAddress> Addresses { get => field ?? []; init; }

    /// <summary>Traffic.</summary>
    public InstanceStateNetworkCounters? Counters { get; init; }

    /// <summary>MAC address.</summary>
    public string Hwaddr { get => field ?? ""; init; }

    /// <summary>MTU in bytes.</summary>
    public int Mtu { get; init; }

    /// <summary><c>up</c> or <c>down</c>.</summary>
    public string State { get => field ?? ""; init; }

    /// <summary><c>broadcast</c>, ...</summary>
    public string Type { get => field ?? ""; init; }
}
