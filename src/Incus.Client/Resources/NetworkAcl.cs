using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>A network ACL: rules for the traffic of networks and NICs that name it (<c>/1.0/network-acls/NAME</c>).</summary>
public sealed record NetworkAcl : NamedResource
{
    /// <summary>Rules for what comes in, in no order.</summary>
    public IReadOnlyList<NetworkAclRule> Ingress { get => field ?? []; init; }

    /// <summary>Rules for what goes out, in no order.</summary>
    public IReadOnlyList<NetworkAclRule> Egress { get => field ?? []; init; }

    /// <summary>API addresses of what uses it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Project it belongs to (extension <c>network_acls_all_projects</c>; empty before). Read-only.</summary>
    public string Project { get => field ?? ""; init; }
}

/// <summary>A rule of a <see cref="NetworkAcl"/>. What is empty matches everything. Source: Incus doc/howto/network_acls.md.</summary>
public sealed record NetworkAclRule : IncusResource
{
    /// <summary><c>allow</c>, <c>allow-stateless</c>, <c>reject</c> or <c>drop</c>.</summary>
    public string Action { get => field ?? ""; init; }

    /// <summary>Where it comes from: addresses, subnets, ranges and (ingress) names, comma-separated.</summary>
    public string Source { get => field ?? ""; init; }

    /// <summary>Where it goes to: addresses, subnets, ranges and (egress) names, comma-separated.</summary>
    public string Destination { get => field ?? ""; init; }

    /// <summary><c>tcp</c>, <c>udp</c>, <c>icmp4</c> or <c>icmp6</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>Source ports and ranges, comma-separated.</summary>
    public string SourcePort { get => field ?? ""; init; }

    /// <summary>Destination ports and ranges, comma-separated.</summary>
    public string DestinationPort { get => field ?? ""; init; }

    /// <summary>ICMP message type.</summary>
    [JsonPropertyName("icmp_type")]
    public string IcmpType { get => field ?? ""; init; }

    /// <summary>ICMP message code.</summary>
    [JsonPropertyName("icmp_code")]
    public string IcmpCode { get => field ?? ""; init; }

    /// <summary>Free text about the rule.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary><c>enabled</c>, <c>disabled</c> or <c>logged</c>.</summary>
    public string State { get => field ?? "enabled"; init; }
}
