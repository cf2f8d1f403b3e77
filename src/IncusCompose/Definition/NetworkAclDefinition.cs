namespace IncusCompose.Definition;

/// <summary>A network ACL: rules for the traffic of networks and NICs that name it. Source: Incus doc/howto/network_acls.md.</summary>
public sealed record NetworkAclDefinition
{
    /// <summary>The ACL's name.</summary>
    public required string Name { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Rules for what comes in; their order means nothing.</summary>
    public IReadOnlyList<NetworkAclRuleDefinition> Ingress { get; init; } = [];

    /// <summary>Rules for what goes out; their order means nothing.</summary>
    public IReadOnlyList<NetworkAclRuleDefinition> Egress { get; init; } = [];

    /// <summary>Configuration; Incus takes <c>user.*</c> keys.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the ACL must exist and is never changed.</summary>
    public bool External { get; init; }
}

/// <summary>A rule of an ACL. What is not said matches everything.</summary>
public sealed record NetworkAclRuleDefinition
{
    /// <summary><c>allow</c>, <c>allow-stateless</c>, <c>reject</c> or <c>drop</c>.</summary>
    public string Action { get; init; } = "allow";

    /// <summary>Where it comes from: addresses, subnets, ranges and names, comma-separated; null: anywhere.</summary>
    public string? Source { get; init; }

    /// <summary>Where it goes to: addresses, subnets, ranges and names, comma-separated; null: anywhere.</summary>
    public string? Destination { get; init; }

    /// <summary><c>tcp</c>, <c>udp</c>, <c>icmp4</c> or <c>icmp6</c>; null: any.</summary>
    public string? Protocol { get; init; }

    /// <summary>Source ports and ranges, comma-separated; null: any.</summary>
    public string? SourcePort { get; init; }

    /// <summary>Destination ports and ranges, comma-separated; null: any.</summary>
    public string? DestinationPort { get; init; }

    /// <summary>ICMP message type; null: any.</summary>
    public string? IcmpType { get; init; }

    /// <summary>ICMP message code; null: any.</summary>
    public string? IcmpCode { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary><c>enabled</c>, <c>disabled</c> or <c>logged</c>.</summary>
    public string State { get; init; } = "enabled";
}
