using Incus.Client;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Networks;

/// <summary>
/// Bridges that answer for each other. The name service of a bridge knows the instances on it and denies all other names
/// of its domain, and an instance on two bridges asks either of the two. So each bridge gets a domain of its own, sends
/// questions for the others' domains on to them, and tells its instances to look names up in all of these domains.
/// Source: Incus doc/reference/network_bridge.md (<c>dns.domain</c>, <c>dns.search</c>, <c>raw.dnsmasq</c>).
/// </summary>
internal static class NetworkNames
{
    /// <summary>Where it stands to which address questions go.</summary>
    public const string Servers = "raw.dnsmasq";

    /// <summary>The domain of a bridge that says none.</summary>
    public const string TopDomain = "incus";

    private const string Domain = "dns.domain";
    private const string Search = "dns.search";

    private static readonly string[] s_addresses = ["ipv4.address", "ipv6.address"];

    /// <summary>The bridges whose names a network answers too: those with the word that an instance of the stack is on beside it.</summary>
    public static IReadOnlyList<NetworkDefinition> PartnersOf(NetworkDefinition network, StackDefinition stack)
    {
        if (!Shares(network))
            return [];
        var beside = stack.Instances.Values.Select(instance => instance.Networks.Select(attachment => attachment.Network).ToHashSet(StringComparer.Ordinal))
            .Where(networks => networks.Contains(network.Name)).SelectMany(networks => networks).ToHashSet(StringComparer.Ordinal);
        return [.. stack.Networks.Values.Where(other => other.Name != network.Name && Shares(other) && beside.Contains(other.Name)).OrderBy(other => other.Name, StringComparer.Ordinal)];
    }

    /// <summary>Those of the partners that are made and changed before the network.</summary>
    public static IEnumerable<NetworkDefinition> Before(NetworkDefinition network, IReadOnlyList<NetworkDefinition> partners) =>
        partners.Where(partner => string.CompareOrdinal(partner.Name, network.Name) < 0);

    /// <summary>The network with what it takes to answer for its partners. The addresses of those that are still to be made come later.</summary>
    public static NetworkDefinition Share(NetworkDefinition network, IReadOnlyList<NetworkDefinition> partners, ServerObservation server)
    {
        if (partners.Count == 0)
            return network;
        var config = new Dictionary<string, string>(network.Config, StringComparer.Ordinal);
        config.TryAdd(Domain, DomainOf(network));
        config.TryAdd(Search, string.Join(",", partners.Prepend(network).Select(DomainOf)));
        if (ServersOf(network, partners, name => server.Find(NetworkKind.IdOf(name))?.Raw as Network) is { } servers)
            config[Servers] = servers;
        return network with { Config = config };
    }

    /// <summary>Where questions for the partners' names go, beside what the file says itself; null where an address is not known yet.</summary>
    public static string? ServersOf(NetworkDefinition network, IReadOnlyList<NetworkDefinition> partners, Func<string, Network?> live)
    {
        var lines = new List<string>();
        if (network.Config.GetValueOrDefault(Servers) is { Length: > 0 } own)
            lines.Add(own.TrimEnd('\n'));
        foreach (var partner in partners)
        {
            if (s_addresses.Select(key => AddressOf(partner.Config.GetValueOrDefault(key)) ?? AddressOf(live(partner.Name)?.Config.GetValueOrDefault(key)))
                .FirstOrDefault(address => address is not null) is not { } address)
                return null;
            lines.Add($"server=/{DomainOf(partner)}/{address}");
        }

        return string.Join("\n", lines);
    }

    /// <summary>The domain of a bridge that shares its names and says no other.</summary>
    public static string OwnDomain(string network) => $"{network.Replace('_', '-').Replace('.', '-')}.{TopDomain}";

    private static bool Shares(NetworkDefinition network) => network is { ShareNames: true, External: false, Type: "bridge" };

    private static string DomainOf(NetworkDefinition network) =>
        network.Config.GetValueOrDefault(Domain) is { Length: > 0 } said ? said : OwnDomain(network.Name);

    private static string? AddressOf(string? prefix) => prefix is null or "" or "auto" or "none" ? null : prefix.Split('/')[0];
}

/// <summary>A network with what else it takes to answer for its partners.</summary>
internal sealed record DesiredNetwork : DesiredResource
{
    /// <summary>The network as the file says.</summary>
    public required NetworkDefinition Declared { get; init; }

    /// <summary>The networks whose names it answers too.</summary>
    public required IReadOnlyList<NetworkDefinition> Partners { get; init; }
}
