using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>Networks and what lies on them, as a stack file says it.</summary>
public class NetworkTests
{
    [Theory]
    [InlineData("ipv4: 10.20.0.1/24", "ipv4.address=10.20.0.1/24")]
    [InlineData("mtu: 1400", "bridge.mtu=1400")]
    [InlineData("mtu: 1400\ntype: ovn", "bridge.mtu=1400")]
    [InlineData("mtu: 9000\ntype: macvlan\nparent: enp5s0", "mtu=9000 parent=enp5s0")]
    [InlineData("type: physical\nparent: enp5s0\nvlan: 100", "parent=enp5s0 vlan=100")]
    [InlineData("type: ovn\nuplink: up", "network=up")]
    [InlineData("nat: true", "ipv4.nat=true ipv6.nat=true")]
    [InlineData("nat: {ipv6: no}", "ipv6.nat=false")]
    [InlineData("dhcp: false", "ipv4.dhcp=false ipv6.dhcp=false")]
    [InlineData("dhcp: {ranges: [10.20.0.100 - 10.20.0.110, 10.20.0.120-10.20.0.130], gateway: 10.20.0.2, stateful: true}", "ipv4.dhcp.gateway=10.20.0.2 ipv4.dhcp.ranges=10.20.0.100-10.20.0.110,10.20.0.120-10.20.0.130 ipv6.dhcp.stateful=true")]
    [InlineData("dns: {domain: shop.internal, search: 'a.net, b.net', zones: [z.net]}", "dns.domain=shop.internal dns.search=a.net,b.net dns.zone.forward=z.net")]
    [InlineData("routes: [10.30.0.0/24, 'fd42:3::/64', 10.31.0.0/24]", "ipv4.routes=10.30.0.0/24,10.31.0.0/24 ipv6.routes=fd42:3::/64")]
    [InlineData("acls: [web, db]\nacl_defaults: {egress: allow, ingress_logged: true}", "security.acls=web,db security.acls.default.egress.action=allow security.acls.default.ingress.logged=true")]
    [InlineData("acls: web", "security.acls=web")]
    public void The_words_of_a_network_are_its_configuration(string lines, string expected)
    {
        var network = Networks(lines)["lan"];

        Assert.Equal(expected, string.Join(' ', network.Config.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}")));
    }

    [Fact]
    public void Raw_configuration_wins_over_a_word_wherever_the_two_stand_and_that_is_said()
    {
        const string Yaml = "networks: {lan: {config: {bridge.mtu: 1300}, mtu: 1400}}";

        Assert.Equal("1300", StackText.Load(Yaml).Definition!.Networks["lan"].Config["bridge.mtu"]);
        Assert.Contains("this wins over `mtu`", Assert.Single(StackText.Problems(Yaml)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("source: app", "", true)]
    [InlineData("source: '@internal'", "", true)]
    [InlineData("source: app, state: disabled", "", false)]
    [InlineData("source: 10.0.0.0/8", "", false)]
    [InlineData("source: $$office", "", false)]
    [InlineData("source: app", ", type: ovn", false)]
    public void Names_in_rules_are_for_ovn_networks(string subject, string type, bool isWrong)
    {
        var problems = StackText.Problems($"network_acls: {{web: {{ingress: [{{action: allow, {subject}}}]}}, app: {{}}}}\nnetworks: {{lan: {{acls: web{type}}}}}").Where(problem => problem.Contains("knows addresses only", StringComparison.Ordinal));

        Assert.Equal(isWrong, problems.Any());
    }

    [Fact]
    public void A_forward_is_an_address_or_ports_that_go_elsewhere()
    {
        var forwards = Networks("forwards:\n  192.0.2.11: 10.20.0.10\n  192.0.2.10: {config: {user.a: b}, target_address: 10.20.0.10, ports: [{listen_port: [80, 443, 8000-8010], target_address: 10.20.0.11, target_port: '90', protocol: udp, snat: true}]}")["lan"].Forwards;

        Assert.Equal(("192.0.2.11", "10.20.0.10"), (forwards["192.0.2.11"].ListenAddress, forwards["192.0.2.11"].Config["target_address"]));
        Assert.Equal(["target_address", "user.a"], forwards["192.0.2.10"].Config.Keys.Order());
        Assert.Equal(
            new NetworkForwardPortDefinition { ListenPort = "80,443,8000-8010", TargetAddress = "10.20.0.11", TargetPort = "90", Protocol = "udp", Snat = true },
            Assert.Single(forwards["192.0.2.10"].Ports));
    }

    [Fact]
    public void A_load_balancer_spreads_ports_over_backends_and_tests_them()
    {
        var balancer = Networks("type: ovn\nload_balancers:\n  192.0.2.20:\n    backends: {a: 10.20.0.10, b: {target_address: 10.20.0.11, target_port: 8080}}\n    ports: [{listen_port: 80, target_backend: a}, {listen_port: 81}]\n    healthcheck: {interval: 5, failure_count: 2}")["lan"].LoadBalancers["192.0.2.20"];

        Assert.Equal(["a 10.20.0.10 ", "b 10.20.0.11 8080"], balancer.Backends.Values.Select(backend => $"{backend.Name} {backend.TargetAddress} {backend.TargetPort}"));
        Assert.Equal([["a"], []], balancer.Ports.Select(port => port.Backends));
        Assert.Equal(("true", "5", "2"), (balancer.Config["healthcheck"], balancer.Config["healthcheck.interval"], balancer.Config["healthcheck.failure_count"]));
        Assert.Equal("true", Networks("type: ovn\nload_balancers: {192.0.2.20: {healthcheck: yes}}")["lan"].LoadBalancers["192.0.2.20"].Config["healthcheck"]);
    }

    [Fact]
    public void A_peer_is_a_network_of_this_server_or_the_far_side_of_an_integration()
    {
        var peers = Networks("type: ovn\npeers: {here: inner, there: shop/inner, far: {target_integration: region2}}")["lan"].Peers;

        Assert.Equal(new NetworkPeerDefinition { Name = "here", TargetNetwork = "inner" }, peers["here"]);
        Assert.Equal(new NetworkPeerDefinition { Name = "there", TargetNetwork = "inner", TargetProject = "shop" }, peers["there"]);
        Assert.Equal(new NetworkPeerDefinition { Name = "far", TargetIntegration = "region2" }, peers["far"]);
    }

    [Fact]
    public void Members_of_a_cluster_have_interfaces_of_their_own()
    {
        var network = Networks("type: macvlan\nmembers: {a: {parent: enp5s0}, b: {config: {parent: enp6s0}}}")["lan"];

        Assert.Equal(["enp5s0", "enp6s0"], network.Members.Values.Select(member => member["parent"]));
    }

    [Fact]
    public void Rules_of_an_acl_take_lists_and_texts_alike()
    {
        var acl = StackText.Require("network_acls: {web: {ingress: [{action: allow, source: '10.20.0.0/24, @internal', destination_port: [80, 443], protocol: tcp}], egress: [{action: drop, state: logged}]}}").NetworkAcls["web"];

        Assert.Equal(new NetworkAclRuleDefinition { Action = "allow", Source = "10.20.0.0/24,@internal", DestinationPort = "80,443", Protocol = "tcp" }, Assert.Single(acl.Ingress));
        Assert.Equal(new NetworkAclRuleDefinition { Action = "drop", State = "logged" }, Assert.Single(acl.Egress));
    }

    [Fact]
    public void An_address_set_is_a_list_of_addresses()
    {
        foreach (var form in new[] { "[10.20.0.0/24, 'fd42::1']", "'10.20.0.0/24,fd42::1'", "{addresses: [10.20.0.0/24, 'fd42::1']}" })
            Assert.Equal(["10.20.0.0/24", "fd42::1"], StackText.Require($"network_address_sets: {{office: {form}}}").NetworkAddressSets["office"].Addresses);
    }

    [Fact]
    public void An_entry_of_a_zone_is_its_type_and_its_value()
    {
        var zone = StackText.Require("network_zones: {example.net: {nameservers: [ns1.example.net, ns2.example.net], nat: false, records: {www: ['a  10.20.0.1', {type: TXT, value: v=spf1 mx ~all, ttl: 60}]}}}").NetworkZones["example.net"];

        Assert.Equal(("ns1.example.net,ns2.example.net", "false"), (zone.Config["dns.nameservers"], zone.Config["network.nat"]));
        Assert.Equal([new("A", "10.20.0.1"), new("TXT", "v=spf1 mx ~all", 60)], zone.Records["www"].Entries);
    }

    [Fact]
    public void What_lies_on_an_external_network_is_the_stacks_all_the_same() =>
        Assert.Single(StackText.Require("networks: {incusbr0: {external: true, forwards: {192.0.2.10: 10.20.0.10}}}").Networks["incusbr0"].Forwards);

    private static IReadOnlyDictionary<string, NetworkDefinition> Networks(string lines) =>
        StackText.Require("networks:\n  lan:\n    " + lines.Replace("\n", "\n    ", StringComparison.Ordinal)).Networks;

    [Theory]
    [InlineData("A 1.2.3.4.5", "`1.2.3.4.5` is not what an entry of the type A holds: an IPv4 address")]
    [InlineData("AAAA 1.2.3.4", "an IPv6 address")]
    [InlineData("MX foo", "write it as in `MX 10 mail.example.net.`")]
    [InlineData("MX mail 10", "a preference and a name")]
    [InlineData("SRV 0 5 sip.example.net.", "a priority, a weight, a port and a name")]
    [InlineData("CNAME a b", "one name")]
    [InlineData("AAAAA fd42::1", "DNS has no type `AAAAA`; did you mean `AAAA`?")]
    public void An_entry_of_a_record_holds_what_its_type_does(string entry, string problem)
    {
        var found = Assert.Single(StackText.Load($"network_zones:\n  example.net:\n    records:\n      www:\n        - {entry}\n").Diagnostics).ToString();

        Assert.Contains("stack.yaml:5:11: network_zones.example.net.records.www", found, StringComparison.Ordinal);
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_of_other_types_are_the_servers_to_judge() =>
        StackText.Require("""
            network_zones:
              example.net:
                records:
                  www: [A 192.0.2.1, "AAAA fd42::1", "MX 10 mail.example.net.", "CAA 0 issue \"ca.example.net\"", "SRV 0 5 5060 sip", 'TXT "v=spf1 mx ~all"', "TYPE65534 \\# 1 00", "SSHFP 1 1 00"]
            """);
}
