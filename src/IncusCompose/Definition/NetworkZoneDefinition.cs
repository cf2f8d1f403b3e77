namespace IncusCompose.Definition;

/// <summary>A DNS zone that the server answers for. Source: Incus doc/howto/network_zones.md.</summary>
public sealed record NetworkZoneDefinition
{
    /// <summary>The zone's name, a domain.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Records beside those that the server makes of the instances, by name.</summary>
    public IReadOnlyDictionary<string, NetworkZoneRecordDefinition> Records { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, NetworkZoneRecordDefinition>.Empty;

    /// <summary>Configuration (<c>dns.nameservers</c>, <c>network.nat</c>, <c>peers.NAME.address</c>, …).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the zone must exist and is never changed; records of the stack are made in it all the same.</summary>
    public bool External { get; init; }
}

/// <summary>A record of a zone.</summary>
public sealed record NetworkZoneRecordDefinition
{
    /// <summary>The record's name within the zone; <c>@</c> is the zone itself.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>The entries; their order means nothing.</summary>
    public IReadOnlyList<NetworkZoneEntryDefinition> Entries { get; init; } = [];

    /// <summary>Configuration; Incus takes <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;
}

/// <summary>An entry of a record.</summary>
/// <param name="Type">DNS type: <c>A</c>, <c>TXT</c>, …</param>
/// <param name="Value">The value, as in a zone file.</param>
/// <param name="Ttl">How long it may be kept, in seconds; null: the server's default.</param>
public sealed record NetworkZoneEntryDefinition(string Type, string Value, int? Ttl = null);
