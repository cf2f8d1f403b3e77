namespace Incus.Client;

/// <summary>A named set of addresses for the rules of ACLs (<c>/1.0/network-address-sets/NAME</c>; extension <c>network_address_set</c>).</summary>
public sealed record NetworkAddressSet : NamedResource
{
    /// <summary>Addresses and subnets, in no order.</summary>
    public IReadOnlyList<string> Addresses { get => field ?? []; init; }

    /// <summary>API addresses of the ACLs that use it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Project it belongs to. Read-only.</summary>
    public string Project { get => field ?? ""; init; }
}
