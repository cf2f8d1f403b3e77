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
            "bridge" => plain with { Config = Values(), Forwards = Forwards(number) },
            _ => plain with { Config = Values(), Forwards = Forwards(number), LoadBalancers = LoadBalancers(number), Peers = Peers() },
        };
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
