namespace Incus.Client;

/// <summary>A DNS zone that the server answers for (<c>/1.0/network-zones/NAME</c>).</summary>
public sealed record NetworkZone : NamedResource
{
    /// <summary>API addresses of the networks that use it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Project it belongs to (extension <c>network_zones_all_projects</c>; empty before). Read-only.</summary>
    public string Project { get => field ?? ""; init; }
}

/// <summary>A record of a zone, beside those that the server makes of the instances (<c>/1.0/network-zones/ZONE/records/NAME</c>).</summary>
public sealed record NetworkZoneRecord : NamedResource
{
    /// <summary>The entries, in no order.</summary>
    public IReadOnlyList<NetworkZoneRecordEntry> Entries { get => field ?? []; init; }
}

/// <summary>An entry of a <see cref="NetworkZoneRecord"/>.</summary>
public sealed record NetworkZoneRecordEntry : IncusResource
{
    /// <summary>DNS type: <c>A</c>, <c>TXT</c>, ...</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>The value, as in a zone file.</summary>
    public string Value { get => field ?? ""; init; }

    /// <summary>How long it may be kept, in seconds; 0 for the server's default (300).</summary>
    public long Ttl { get; init; }
}
