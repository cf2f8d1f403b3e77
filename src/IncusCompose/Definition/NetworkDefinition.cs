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

    /// <summary>What is different on members of a cluster (<c>parent</c>, …), by the members' names; empty: nothing.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Members { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty;

    /// <summary>Forwards by the address that they listen on.</summary>
    public IReadOnlyDictionary<string, NetworkForwardDefinition> Forwards { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, NetworkForwardDefinition>.Empty;

    /// <summary>Load balancers by the address that they listen on.</summary>
    public IReadOnlyDictionary<string, NetworkLoadBalancerDefinition> LoadBalancers { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, NetworkLoadBalancerDefinition>.Empty;

    /// <summary>Peers by name.</summary>
    public IReadOnlyDictionary<string, NetworkPeerDefinition> Peers { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, NetworkPeerDefinition>.Empty;

    /// <summary>
    /// True for a bridge whose name service also answers for the other such bridges that an instance of the stack is on: with
    /// interfaces on both, it may ask either.
    /// </summary>
    public bool ShareNames { get; init; }

    /// <summary>True where the network must exist and is never changed; forwards, load balancers and peers of the stack are made on it all the same.</summary>
    public bool External { get; init; }
}
