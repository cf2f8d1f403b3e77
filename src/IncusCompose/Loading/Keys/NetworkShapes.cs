using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Networks, and what lies on one: forwards, load balancers, peers.</summary>
internal static class NetworkShapes
{
    private static readonly ScalarShape<string> s_name = Scalars.Word("a network's name");
    private static readonly ScalarShape<string> s_interface = Scalars.Word("an interface of the host such as `enp5s0`");
    /// <summary>A subnet.</summary>
    public static ScalarShape<string> Subnet { get; } = new("a subnet such as `10.30.0.0/24`", text =>
        Cidr.TryParse(text, AddressFamily.InterNetwork, out _) || Cidr.TryParse(text, AddressFamily.InterNetworkV6, out _) ? new(text) : new("", "is not a subnet"))
    { ProblemId = "BadCidr", Pattern = "^[0-9A-Fa-f.:]+/[0-9]{1,3}$" };
    private static readonly ScalarShape<string> s_protocol = Scalars.Choice(("tcp", "tcp"), ("udp", "udp"));

    /// <summary>A network as it is being read: what its words mean depends on its type, which may come after them.</summary>
    private sealed record Draft(NetworkDefinition Network)
    {
        /// <summary>What the words say, by configuration key.</summary>
        public IReadOnlyDictionary<string, string> Words { get; init; } = Maps.Empty;

        public string? Mtu { get; init; }

        public Draft Say(string key, string? value) => value is null ? this : this with { Words = new Dictionary<string, string>(Words) { [key] = value }.AsReadOnly() };

        public Draft Say(IEnumerable<KeyValuePair<string, string>> words) => words.Aggregate(this, (draft, word) => draft.Say(word.Key, word.Value));

        public NetworkDefinition Finish()
        {
            var words = Mtu is null ? this : Say(Network.Type is "bridge" or "ovn" ? "bridge.mtu" : "mtu", Mtu);
            var config = new Dictionary<string, string>(words.Words, StringComparer.Ordinal);
            foreach (var (key, value) in Network.Config)
                config[key] = value;
            return Network with { Config = config.AsReadOnly() };
        }
    }

    /// <summary>A network.</summary>
    public static Shape<NetworkDefinition> Network { get; } = new ObjectShape<Draft>(name => new Draft(new NetworkDefinition { Name = name }))
        .Add("type", Scalars.Choice(("bridge", "bridge"), ("macvlan", "macvlan"), ("sriov", "sriov"), ("physical", "physical"), ("ovn", "ovn")), "Incus's network type; `bridge` by default",
            (draft, value) => draft with { Network = draft.Network with { Type = value } })
        .Add("description", Scalars.Text, "Free text for people", (draft, value) => draft with { Network = draft.Network with { Description = value } })
        .Add("ipv4", CommonShapes.NetworkAddress(AddressFamily.InterNetwork), "The host's IPv4 address on the network, with prefix length; `auto` or `none`", (draft, value) => draft.Say("ipv4.address", value))
        .Add("ipv6", CommonShapes.NetworkAddress(AddressFamily.InterNetworkV6), "The host's IPv6 address on the network, with prefix length; `auto` or `none`", (draft, value) => draft.Say("ipv6.address", value))
        .Add("parent", s_interface, "The host's interface that a macvlan, sriov or physical network stands on", (draft, value) => draft.Say("parent", value))
        .Add("uplink", s_name, "The network through which an ovn network reaches the outside; `none` for no way out", (draft, value) => draft.Say("network", value))
        .Add("vlan", Scalars.Number("a VLAN such as `100`", 0, 4094).As(Whole), "The VLAN of a macvlan, sriov or physical network", (draft, value) => draft.Say("vlan", value))
        .Add("mtu", Scalars.Number("a number such as `1500`", 68, 65535).As(Whole), "The largest packet in bytes", (draft, value) => draft with { Mtu = value })
        .Add("nat", EachFamily("nat"), "Whether what leaves the network does so with the host's address; `{ipv4: …, ipv6: …}` for one of the two", (draft, value) => draft.Say(value))
        .Add("dhcp", Dhcp(), "Whether the network hands out addresses, and which", (draft, value) => draft.Say(value))
        .Add("dns", Dns(), "What the network's name service answers and hands out", (draft, value) => draft.Say(value))
        .Add("share_names", Scalars.Boolean, "Whether the names on other bridges with this word are answered here too, where an instance is on both; each gets a `dns.domain` of its own",
            (draft, value) => draft with { Network = draft.Network with { ShareNames = value } })
        .Add("routes", ListShapes.Of(Subnet, "[10.30.0.0/24]"), "Further subnets that lie on the network", (draft, value) => draft.Say(Routes(value)))
        .Add("acls", ListShapes.Of(Scalars.Word("a network ACL's name"), "[web]"), "Network ACLs for everything on the network", (draft, value) => draft.Say("security.acls", value))
        .Add("acl_defaults", AclDefaults(), "What becomes of what no rule of the ACLs speaks of; Incus rejects it where the key is missing", (draft, value) => draft.Say(value))
        .Add("config", CommonShapes.Config("ipv4.nat: true"), "Raw Incus network configuration; wins over the words above", (draft, value) => draft with { Network = draft.Network with { Config = value } })
        .Add("members", new MapShape<IReadOnlyDictionary<string, string>>(Member(), "server01: {parent: enp5s0}"), "What is different on members of a cluster, by the members' names",
            (draft, value) => draft with { Network = draft.Network with { Members = value } })
        .Add("forwards", new MapShape<NetworkForwardDefinition>(Forward(), "192.0.2.10: 10.20.0.10"), "External addresses whose traffic goes to addresses of the network, by the address",
            (draft, value) => draft with { Network = draft.Network with { Forwards = value } })
        .Add("load_balancers", new MapShape<NetworkLoadBalancerDefinition>(LoadBalancer(), "192.0.2.20: {backends: {web: 10.20.0.10}, ports: [{listen_port: 80}]}"), "External addresses whose traffic is spread over addresses of an ovn network, by the address",
            (draft, value) => draft with { Network = draft.Network with { LoadBalancers = value } })
        .Add("peers", new MapShape<NetworkPeerDefinition>(Peer(), "backup: shop/backup"), "Other ovn networks that the network is connected with, by a name for the connection",
            (draft, value) => draft with { Network = draft.Network with { Peers = value } })
        .Add("external", Scalars.Boolean, "Whether the network must exist and is never changed; `forwards`, `load_balancers` and `peers` are the stack's all the same", (draft, value) => draft with { Network = draft.Network with { External = value } })
        .Foreign("driver", "write `type`")
        .Foreign("subnet", "write `ipv4` with the host's address and the prefix length, such as `10.20.0.1/24`")
        .Foreign("ipam", "write `ipv4` with the host's address and the prefix length, such as `10.20.0.1/24`")
        .Foreign("internal", "write `nat: false`")
        .Foreign("network", "write `uplink`")
        .As(draft => draft.Finish());

    private static FormsShape<IReadOnlyDictionary<string, string>> EachFamily(string option) => new()
    {
        Scalar = Scalars.Boolean.As<bool, IReadOnlyDictionary<string, string>>(value => Words(($"ipv4.{option}", Text(value)), ($"ipv6.{option}", Text(value)))),
        Mapping = new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
            .Add("ipv4", Scalars.Boolean, "Whether for IPv4", (words, value) => words.With($"ipv4.{option}", Text(value)))
            .Add("ipv6", Scalars.Boolean, "Whether for IPv6", (words, value) => words.With($"ipv6.{option}", Text(value))),
    };

    private static FormsShape<IReadOnlyDictionary<string, string>> Dhcp()
    {
        var time = Scalars.Word("a time such as `1h`");
        return new()
        {
            Scalar = EachFamily("dhcp").Scalar,
            Mapping = new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
                .Add("ipv4", Scalars.Boolean, "Whether for IPv4", (words, value) => words.With("ipv4.dhcp", Text(value)))
                .Add("ipv6", Scalars.Boolean, "Whether for IPv6", (words, value) => words.With("ipv6.dhcp", Text(value)))
                .Add("ranges", ListShapes.Of(Range(AddressFamily.InterNetwork), "[10.20.0.100-10.20.0.199]"), "The IPv4 addresses to hand out", (words, value) => words.With("ipv4.dhcp.ranges", value))
                .Add("ipv6_ranges", ListShapes.Of(Range(AddressFamily.InterNetworkV6), "[\"fd42::100-fd42::199\"]"), "The IPv6 addresses to hand out", (words, value) => words.With("ipv6.dhcp.ranges", value))
                .Add("stateful", Scalars.Boolean, "Whether IPv6 addresses are handed out too, and not only announced", (words, value) => words.With("ipv6.dhcp.stateful", Text(value)))
                .Add("gateway", CommonShapes.Ipv4Address, "The router that is handed out, where it is not the host", (words, value) => words.With("ipv4.dhcp.gateway", value))
                .Add("expiry", time, "How long an address is lent", (words, value) => words.With("ipv4.dhcp.expiry", value).With("ipv6.dhcp.expiry", value)),
        };
    }

    private static ObjectShape<IReadOnlyDictionary<string, string>> Dns()
    {
        var zones = ListShapes.Of(Scalars.Word("a zone's name"), "[shop.example.net]");
        return new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
            .Add("domain", Scalars.Word("a domain such as `shop.internal`"), "The domain of the instances' names; `incus` by default", (words, value) => words.With("dns.domain", value))
            .Add("mode", Scalars.Choice(("managed", "managed"), ("dynamic", "dynamic"), ("none", "none")), "Whose names are known: Incus's (`managed`, the default), those that instances give themselves (`dynamic`), or `none`", (words, value) => words.With("dns.mode", value))
            .Add("search", ListShapes.Of(Scalars.Word("a domain"), "[example.net]"), "Domains that instances look names up in", (words, value) => words.With("dns.search", value))
            .Add("nameservers", ListShapes.Of(CommonShapes.AnyAddress, "[10.20.0.53]"), "Name servers that instances are told of", (words, value) => words.With("dns.nameservers", value))
            .Add("zones", zones, "DNS zones with the instances' names", (words, value) => words.With("dns.zone.forward", value))
            .Add("reverse_ipv4", zones, "DNS zone with the names of the IPv4 addresses", (words, value) => words.With("dns.zone.reverse.ipv4", value))
            .Add("reverse_ipv6", zones, "DNS zone with the names of the IPv6 addresses", (words, value) => words.With("dns.zone.reverse.ipv6", value));
    }

    private static ObjectShape<IReadOnlyDictionary<string, string>> AclDefaults()
    {
        var action = Scalars.Choice(("allow", "allow"), ("allow-stateless", "allow-stateless"), ("reject", "reject"), ("drop", "drop"));
        return new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
            .Add("ingress", action, "What becomes of what comes in", (words, value) => words.With("security.acls.default.ingress.action", value))
            .Add("egress", action, "What becomes of what goes out", (words, value) => words.With("security.acls.default.egress.action", value))
            .Add("ingress_logged", Scalars.Boolean, "Whether what comes in so is logged", (words, value) => words.With("security.acls.default.ingress.logged", Text(value)))
            .Add("egress_logged", Scalars.Boolean, "Whether what goes out so is logged", (words, value) => words.With("security.acls.default.egress.logged", Text(value)));
    }

    private static ObjectShape<IReadOnlyDictionary<string, string>> Member() => new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
        .Add("parent", s_interface, "The member's interface that the network stands on", (words, value) => words.ContainsKey("parent") ? words : words.With("parent", value))
        .Add("config", CommonShapes.Config("bridge.external_interfaces: enp6s0"), "Raw Incus network configuration of the member", (words, value) => value.Aggregate(words, (all, entry) => all.With(entry.Key, entry.Value)));

    private static FormsShape<NetworkForwardDefinition> Forward()
    {
        var port = new ObjectShape<NetworkForwardPortDefinition>(_ => new NetworkForwardPortDefinition { ListenPort = "", TargetAddress = "" })
            .Add("listen_port", ListShapes.Ports, "Ports and ranges that are listened on", (item, value) => item with { ListenPort = value }, required: true)
            .Add("target_address", CommonShapes.AnyAddress, "The address that their traffic goes to", (item, value) => item with { TargetAddress = value }, required: true)
            .Add("target_port", ListShapes.Ports, "Ports and ranges at the target: as many as are listened on, or one; those listened on where the key is missing", (item, value) => item with { TargetPort = value })
            .Add("protocol", s_protocol, "`tcp` (the default) or `udp`", (item, value) => item with { Protocol = value })
            .Add("snat", Scalars.Boolean, "Whether what the target begins itself leaves with the listen address", (item, value) => item with { Snat = value })
            .Add("description", Scalars.Text, "Free text for people", (item, value) => item with { Description = value })
            .Foreign("listen", "write `listen_port`")
            .Foreign("published", "write `listen_port`")
            .Foreign("target", "write `target_port`");
        return new()
        {
            Scalar = CommonShapes.AnyAddress.Named((address, target) => new NetworkForwardDefinition { ListenAddress = address, Config = Words(("target_address", target)) }),
            Mapping = new ObjectShape<NetworkForwardDefinition>(address => new NetworkForwardDefinition { ListenAddress = address })
                .Add("target_address", CommonShapes.AnyAddress, "Where everything goes that no port says otherwise of", (forward, value) => forward with { Config = forward.Config.Fill("target_address", value) })
                .Add("ports", new ListShape<NetworkForwardPortDefinition>(port, "[{listen_port: 80, target_address: 10.20.0.10}]"), "Ports that go elsewhere", (forward, value) => forward with { Ports = value })
                .Add("target", Scalars.Word("a cluster member's name"), "The cluster member that a bridge's forward is on; whichever answers where the key is missing", (forward, value) => forward with { Target = value })
                .Add("description", Scalars.Text, "Free text for people", (forward, value) => forward with { Description = value })
                .Add("config", CommonShapes.Config("user.owner: web"), "Raw Incus forward configuration; wins over the words above", (forward, value) => forward with { Config = forward.Config.Override(value) })
                .Foreign("listen_address", "leave it out: a forward listens on the address that its key says"),
        };
    }

    private static ObjectShape<NetworkLoadBalancerDefinition> LoadBalancer()
    {
        var backend = new FormsShape<NetworkBackendDefinition>
        {
            Scalar = CommonShapes.AnyAddress.Named((name, address) => new NetworkBackendDefinition { Name = name, TargetAddress = address }),
            Mapping = new ObjectShape<NetworkBackendDefinition>(name => new NetworkBackendDefinition { Name = name, TargetAddress = "" })
                .Add("target_address", CommonShapes.AnyAddress, "The address that the traffic goes to", (item, value) => item with { TargetAddress = value }, required: true)
                .Add("target_port", ListShapes.Ports, "Ports and ranges at the target; those listened on where the key is missing", (item, value) => item with { TargetPort = value })
                .Add("description", Scalars.Text, "Free text for people", (item, value) => item with { Description = value }),
        };
        var port = new ObjectShape<NetworkBalancedPortDefinition>(_ => new NetworkBalancedPortDefinition { ListenPort = "" })
            .Add("listen_port", ListShapes.Ports, "Ports and ranges that are listened on", (item, value) => item with { ListenPort = value }, required: true)
            .Add("target_backend", ListShapes.Texts(Scalars.Word("a backend's name"), "[web1, web2]"), "The backends; all of them where the key is missing", (item, value) => item with { Backends = value })
            .Add("protocol", s_protocol, "`tcp` (the default) or `udp`", (item, value) => item with { Protocol = value })
            .Add("description", Scalars.Text, "Free text for people", (item, value) => item with { Description = value })
            .Foreign("backends", "write `target_backend`");
        return new ObjectShape<NetworkLoadBalancerDefinition>(address => new NetworkLoadBalancerDefinition { ListenAddress = address })
            .Add("backends", new MapShape<NetworkBackendDefinition>(backend, "web1: 10.20.0.10"), "What the traffic can go to, by name", (balancer, value) => balancer with { Backends = value })
            .Add("ports", new ListShape<NetworkBalancedPortDefinition>(port, "[{listen_port: 80}]"), "Ports, and the backends of each", (balancer, value) => balancer with { Ports = value })
            .Add("healthcheck", HealthCheck(), "Whether backends that do not answer are passed over, and what counts as that", (balancer, value) => balancer with { Config = value.Aggregate(balancer.Config, (config, word) => config.Fill(word.Key, word.Value)) })
            .Add("description", Scalars.Text, "Free text for people", (balancer, value) => balancer with { Description = value })
            .Add("config", CommonShapes.Config("healthcheck: true"), "Raw Incus load balancer configuration; wins over the words above", (balancer, value) => balancer with { Config = balancer.Config.Override(value) })
            .Foreign("listen_address", "leave it out: a load balancer listens on the address that its key says");
    }

    private static FormsShape<IReadOnlyDictionary<string, string>> HealthCheck()
    {
        var seconds = Scalars.Number("a number of seconds such as `10`", 1, int.MaxValue).As(Whole);
        var count = Scalars.Number("a number such as `3`", 1, int.MaxValue).As(Whole);
        return new()
        {
            Scalar = Scalars.Boolean.As<bool, IReadOnlyDictionary<string, string>>(value => Words(("healthcheck", Text(value)))),
            Mapping = new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Words(("healthcheck", "true")))
                .Add("interval", seconds, "Seconds between two tests; 10 by default", (words, value) => words.With("healthcheck.interval", value))
                .Add("timeout", seconds, "Seconds that a test may take; 30 by default", (words, value) => words.With("healthcheck.timeout", value))
                .Add("success_count", count, "How many tests must succeed before a backend counts as online; 3 by default", (words, value) => words.With("healthcheck.success_count", value))
                .Add("failure_count", count, "How many tests must fail before a backend counts as offline; 3 by default", (words, value) => words.With("healthcheck.failure_count", value))
                .Foreign("retries", "write `failure_count`"),
        };
    }

    private static FormsShape<NetworkPeerDefinition> Peer() => new()
    {
        Scalar = s_name.Named((name, other) => other.Split('/', 2) is [var project, var network]
            ? new NetworkPeerDefinition { Name = name, TargetProject = project, TargetNetwork = network }
            : new NetworkPeerDefinition { Name = name, TargetNetwork = other }),
        Mapping = new ObjectShape<NetworkPeerDefinition>(name => new NetworkPeerDefinition { Name = name })
            .Add("target_network", s_name, "The other network", (peer, value) => peer with { TargetNetwork = value })
            .Add("target_project", Scalars.Word("a project's name"), "The other network's project; the stack's own where the key is missing", (peer, value) => peer with { TargetProject = value })
            .Add("target_integration", Scalars.Word("a network integration's name"), "The integration through which the peer is reached, in place of a network", (peer, value) => peer with { TargetIntegration = value })
            .Add("description", Scalars.Text, "Free text for people", (peer, value) => peer with { Description = value })
            .Add("config", CommonShapes.Config("user.owner: web"), "Raw Incus peer configuration", (peer, value) => peer with { Config = value })
            .Foreign("type", "leave it out: a peer with a `target_integration` is remote"),
    };

    /// <summary>A range of addresses.</summary>
    public static ScalarShape<string> Range(AddressFamily family)
    {
        var example = family == AddressFamily.InterNetwork ? "10.20.0.100-10.20.0.199" : "fd42::100-fd42::199";
        return new ScalarShape<string>($"a range of addresses such as `{example}`", text =>
            text.Split('-') is [var first, var last]
            && Addresses.TryParse(first.Trim(), out var from) && from.AddressFamily == family
            && Addresses.TryParse(last.Trim(), out var to) && to.AddressFamily == family
                ? new($"{first.Trim()}-{last.Trim()}")
                : new("", "is not a range of addresses"))
        { ProblemId = "BadAddress", Pattern = "^[0-9A-Fa-f.:]+\\s*-\\s*[0-9A-Fa-f.:]+$" };
    }

    private static IEnumerable<KeyValuePair<string, string>> Routes(string subnets) => subnets.Split(',')
        .GroupBy(subnet => subnet.Contains(':', StringComparison.Ordinal) ? "ipv6.routes" : "ipv4.routes")
        .Select(group => new KeyValuePair<string, string>(group.Key, string.Join(",", group)));

    private static string Whole(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "true" : "false";

    private static IReadOnlyDictionary<string, string> Words(params (string Key, string Value)[] words) => words.ToDictionary(word => word.Key, word => word.Value).AsReadOnly();
}
