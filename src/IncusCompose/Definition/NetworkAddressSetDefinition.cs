namespace IncusCompose.Definition;

/// <summary>Addresses under one name, for the rules of ACLs. Source: Incus doc/howto/network_address_sets.md.</summary>
public sealed record NetworkAddressSetDefinition
{
    /// <summary>The set's name; rules call it <c>$name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Addresses and subnets; their order means nothing.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Configuration; Incus takes <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the set must exist and is never changed.</summary>
    public bool External { get; init; }
}
