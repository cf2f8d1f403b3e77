namespace Incus.Client;

/// <summary>A connection of an OVN network with another one (<c>/1.0/networks/NETWORK/peers/NAME</c>).</summary>
public sealed record NetworkPeer : NamedResource
{
    /// <summary><c>local</c> or <c>remote</c> (extension <c>network_integrations</c>; empty before). Fixed at creation.</summary>
    public string? Type { get; init; }

    /// <summary>The other network's project. Fixed at creation.</summary>
    public string? TargetProject { get; init; }

    /// <summary>The other network. Fixed at creation.</summary>
    public string? TargetNetwork { get; init; }

    /// <summary>The integration of a remote peer. Fixed at creation.</summary>
    public string? TargetIntegration { get; init; }

    /// <summary><c>Pending</c> until the other side peers too, <c>Created</c>, <c>Errored</c>. Read-only.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>API addresses of what uses it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }
}
