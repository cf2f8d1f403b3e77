namespace Incus.Client;

/// <summary>Live state of an instance (<c>/1.0/instances/NAME/state</c>).</summary>
public sealed record InstanceState : IncusResource
{
    /// <summary>State in words.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>State as a code.</summary>
    public StatusCode StatusCode { get; init; }

    /// <summary>Disk usage by device name.</summary>
    public IReadOnlyDictionary<string, InstanceStateDisk> Disk { get => field ?? NoDisks; init; }

    /// <summary>Memory usage.</summary>
    public InstanceStateMemory Memory { get => field ?? NoMemory; init; }

    /// <summary>Network interfaces of the guest by their name in the guest.</summary>
    public IReadOnlyDictionary<string, InstanceStateNetwork> Network { get => field ?? NoNetworks; init; }

    /// <summary>Process id of its init on the host; 0 when not running.</summary>
    public long Pid { get; init; }

    /// <summary>Number of processes. For a virtual machine, more than 0 means that the agent answers.</summary>
    public long Processes { get; init; }

    /// <summary>CPU usage.</summary>
    public InstanceStateCpu Cpu { get => field ?? NoCpu; init; }

    /// <summary>When it started (extension <c>instance_state_started_at</c>); null where the server does not say.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Facts about the guest's system (extension <c>instance_state_os_info</c>, virtual machines); null where unknown.</summary>
    public InstanceStateOsInfo? OsInfo { get; init; }

    private static readonly IReadOnlyDictionary<string, InstanceStateDisk> NoDisks = new Dictionary<string, InstanceStateDisk>();
    private static readonly IReadOnlyDictionary<string, InstanceStateNetwork> NoNetworks = new Dictionary<string, InstanceStateNetwork>();
    private static readonly InstanceStateMemory NoMemory = new();
    private static readonly InstanceStateCpu NoCpu = new();
}

/// <summary>Disk usage in bytes.</summary>
public sealed record InstanceStateDisk
{
    /// <summary>Used bytes.</summary>
    public long Usage { get; init; }

    /// <summary>Size in bytes; 0 when unlimited or unknown.</summary>
    public long Total { get; init; }
}

/// <summary>CPU usage.</summary>
public sealed record InstanceStateCpu
{
    /// <summary>CPU time used, in nanoseconds.</summary>
    public long Usage { get; init; }

    /// <summary>CPU time available per second, in nanoseconds; 0 where the server does not say.</summary>
    public long AllocatedTime { get; init; }
}

/// <summary>Memory usage in bytes.</summary>
public sealed record InstanceStateMemory
{
    /// <summary>Used.</summary>
    public long Usage { get; init; }

    /// <summary>Highest use so far.</summary>
    public long UsagePeak { get; init; }

    /// <summary>Available in all; 0 where the server does not say.</summary>
    public long Total { get; init; }

    /// <summary>Used swap.</summary>
    public long SwapUsage { get; init; }

    /// <summary>Highest use of swap so far.</summary>
    public long SwapUsagePeak { get; init; }
}

/// <summary>A network interface of a guest.</summary>
public sealed record InstanceStateNetwork
{
    /// <summary>Its addresses.</summary>
    public IReadOnlyList<InstanceStateNetworkAddress> Addresses { get => field ?? []; init; }

    /// <summary>Traffic counters.</summary>
    public InstanceStateNetworkCounters? Counters { get; init; }

    /// <summary>MAC address.</summary>
    public string Hwaddr { get => field ?? ""; init; }

    /// <summary>Name of the host's end; empty where there is none.</summary>
    public string HostName { get => field ?? ""; init; }

    /// <summary>MTU in bytes.</summary>
    public int Mtu { get; init; }

    /// <summary><c>up</c> or <c>down</c>.</summary>
    public string State { get => field ?? ""; init; }

    /// <summary><c>broadcast</c>, <c>loopback</c>, ...</summary>
    public string Type { get => field ?? ""; init; }
}

/// <summary>An address of a guest's interface.</summary>
public sealed record InstanceStateNetworkAddress
{
    /// <summary><c>inet</c> or <c>inet6</c>.</summary>
    public string Family { get => field ?? ""; init; }

    /// <summary>The address without prefix length.</summary>
    public string Address { get => field ?? ""; init; }

    /// <summary>Prefix length as text, such as <c>24</c>.</summary>
    public string Netmask { get => field ?? ""; init; }

    /// <summary><c>global</c>, <c>link</c> or <c>local</c>.</summary>
    public string Scope { get => field ?? ""; init; }
}

/// <summary>Traffic of an interface.</summary>
public sealed record InstanceStateNetworkCounters
{
    /// <summary>Bytes received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>Packets received.</summary>
    public long PacketsReceived { get; init; }

    /// <summary>Packets sent.</summary>
    public long PacketsSent { get; init; }
}

/// <summary>What the guest's agent says of its system.</summary>
public sealed record InstanceStateOsInfo
{
    /// <summary>System name.</summary>
    public string Os { get => field ?? ""; init; }

    /// <summary>System version.</summary>
    public string OsVersion { get => field ?? ""; init; }

    /// <summary>Kernel version.</summary>
    public string KernelVersion { get => field ?? ""; init; }

    /// <summary>Host name.</summary>
    public string Hostname { get => field ?? ""; init; }

    /// <summary>Full host name.</summary>
    public string Fqdn { get => field ?? ""; init; }
}
