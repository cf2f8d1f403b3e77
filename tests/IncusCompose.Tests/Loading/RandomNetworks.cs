using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>Networks, and what lies on them and stands beside them, chosen by the seed.</summary>
internal sealed partial class RandomStack
{
    private NetworkDefinition Network(string name)
    {
        // Each type has words of its own.
        var plain = new NetworkDefinition { Name = name, Type = Flag() ? "bridge" : Flag() ? "macvlan" : "ovn", Description = Maybe(Text), ShareNames = Flag(), External = Flag() };
        var number = name["lan".Length..];
        return plain.Type switch
        {
            "macvlan" => plain with
            {
                Config = new Dictionary<string, string>(Values()) { ["user.x"] = "y" },
                Members = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["a"] = new Dictionary<string, string> { ["parent"] = "enp5s0" } },
            },
            "bridge" => plain with { Config = Words(number), Forwards = Forwards(number) },
            _ => plain with { Config = Words(number), Forwards = Forwards(number), LoadBalancers = LoadBalancers(number), Peers = Peers() },
        };
    }

    /// <summary>Configuration that has words, and some that has none or says what no word can.</summary>
    private Dictionary<string, string> Words(string number)
    {
        (string Key, string[] Values)[] known =
        [
            ("ipv4.address", ["auto", "none"]), ("ipv6.address", ["auto"]), ("bridge.mtu", ["1400", "01400"]), ("mtu", ["1400"]),
            ("ipv4.nat", ["true", "false", "1"]), ("ipv6.nat", ["true"]), ("ipv4.dhcp", ["true", "false"]), ("ipv6.dhcp", ["true", "false"]),
            ("ipv4.dhcp.ranges", [$"10.2{number}.0.100-10.2{number}.0.199,10.2{number}.0.210-10.2{number}.0.219", "somewhere"]), ("ipv6.dhcp.ranges", [$"fd4{number}::1-fd4{number}::2"]), ("ipv6.dhcp.stateful", ["true"]),
            ("ipv4.dhcp.gateway", [$"10.2{number}.0.2"]), ("ipv4.dhcp.expiry", ["1h", "2h"]), ("ipv6.dhcp.expiry", ["1h"]),
            ("dns.domain", ["shop.internal"]), ("dns.mode", ["dynamic", "other"]), ("dns.search", ["a.example,b.example"]), ("dns.nameservers", ["10.20.0.53,fd42::53", "x"]),
            ("dns.zone.forward", ["shop.example.net"]), ("dns.zone.reverse.ipv4", ["20.10.in-addr.arpa"]),
            ("ipv4.routes", ["10.30.0.0/24,10.31.0.0/24", "10.30.0.0/24, 10.31.0.0/24"]), ("ipv6.routes", ["fd43::/64"]),
            ("security.acls", ["web,db"]), ("security.acls.default.ingress.action", ["drop", "eat"]), ("security.acls.default.egress.logged", ["true"]),
        ];
        var config = Values();
        foreach (var (key, values) in known.Where(_ => _random.Next(3) == 0))
            config[key] = values[_random.Next(values.Length)];
        return config;
    }

    private Dictionary<string, NetworkForwardDefinition> Forwards(string number) => new NetworkForwardDefinition[]
    {
        new() { ListenAddress = $"192.0.2.{number}", Description = Maybe(Text), Config = Values(), Target = Maybe(() => "server01") },
        new()
        {
            ListenAddress = $"2001:db8::{number}",
            Ports =
            [
                new() { ListenPort = "80,8000-8010", TargetAddress = "fd42::10", TargetPort = Maybe(() => "90"), Protocol = Flag() ? "tcp" : "udp", Snat = MaybeFlag(), Description = Maybe(Text) },
                new() { ListenPort = "443", TargetAddress = "fd42::11" },
            ],
            Config = new Dictionary<string, string> { ["target_address"] = "fd42::12" },
        },
    }.Take(_random.Next(3)).ToDictionary(forward => forward.ListenAddress);

    private Dictionary<string, NetworkLoadBalancerDefinition> LoadBalancers(string number) => Map("", _ => new NetworkLoadBalancerDefinition
    {
        ListenAddress = "",
        Description = Maybe(Text),
        Config = new Dictionary<string, string>(Values()) { ["healthcheck"] = "true" },
        Backends = new Dictionary<string, NetworkBackendDefinition>
        {
            ["one"] = new() { Name = "one", TargetAddress = "10.0.0.10" },
            ["two"] = new() { Name = "two", TargetAddress = "10.0.0.11", TargetPort = Maybe(() => "90"), Description = Maybe(Text) },
        },
        Ports = [new() { ListenPort = "80", Backends = Flag() ? [] : ["one"], Protocol = Flag() ? "tcp" : "udp", Description = Maybe(Text) }],
    }).Select((entry, index) => entry.Value with { ListenAddress = $"198.51.{number}.{index}" }).ToDictionary(balancer => balancer.ListenAddress);

    private Dictionary<string, NetworkPeerDefinition> Peers() => Map("peer", name => Flag()
        ? new NetworkPeerDefinition { Name = name, TargetNetwork = "other", TargetProject = Maybe(() => "shop"), Description = Maybe(Text), Config = Values() }
        : new NetworkPeerDefinition { Name = name, TargetIntegration = "elsewhere" });

    private NetworkAclDefinition Acl(string name) => new()
    {
        Name = name,
        Description = Maybe(Text),
        Config = Values(),
        External = Flag(),
        Ingress = Flag() ? [] :
        [
            new() { Action = Flag() ? "allow" : "drop", Source = Maybe(() => "10.0.0.0/8,@internal"), Destination = Maybe(() => "10.0.0.1-10.0.0.9"), Protocol = "tcp", SourcePort = Maybe(() => "1-10"), DestinationPort = "80,443", State = Flag() ? "enabled" : "logged", Description = Maybe(Text) },
            new() { Action = "reject", Protocol = "icmp4", IcmpType = Maybe(() => "8"), IcmpCode = Maybe(() => "0") },
        ],
        Egress = Flag() ? [] : [new() { State = "disabled" }],
    };

    private NetworkAddressSetDefinition AddressSet(string name) => new()
    {
        Name = name, Description = Maybe(Text), Config = Values(), External = Flag(), Addresses = Flag() ? [] : ["10.0.0.0/8", "fd42::1"],
    };

    private NetworkZoneDefinition Zone(string name) => new()
    {
        Name = name,
        Description = Maybe(Text),
        Config = Values(),
        External = Flag(),
        Records = Map("www", record => new NetworkZoneRecordDefinition
        {
            Name = record, Description = Maybe(Text), Config = Values(), Entries = [new("A", "10.0.0.1"), new("TXT", "\"v=spf1 mx ~all\"", Maybe<int?>(() => 60))],
        }),
    };
}
