using System.Globalization;
using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading;

/// <content>Configuration of networks, projects, pools and the like in words where there are words for it.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private MappingNode Network(NetworkDefinition network)
        {
            var config = new Unsaid(network.Config, mask);
            return new Entries(mask)
                .Text("type", network.Type == "bridge" ? null : network.Type)
                .Text("description", network.Description)
                .Text("ipv4", config.Take("ipv4.address", CommonShapes.NetworkAddress(AddressFamily.InterNetwork).Accepts))
                .Text("ipv6", config.Take("ipv6.address", CommonShapes.NetworkAddress(AddressFamily.InterNetworkV6).Accepts))
                .Node("parent", Of("parent", () => Text(config.Take("parent", IsWord))))
                .Node("uplink", Of("uplink", () => Text(config.Take("network", IsWord))))
                .Node("vlan", Of("vlan", () => Text(config.Take("vlan", text => IsNumber(text, 0, 4094)))))
                .Text("mtu", config.Take(network.Type is "bridge" or "ovn" ? "bridge.mtu" : "mtu", text => IsNumber(text, 68, 65535)))
                .Node("nat", Of("nat", () => EachFamily(config, "nat")))
                .Node("dhcp", Of("dhcp", () => Dhcp(config)))
                .Node("dns", Of("dns", () => Dns(config)))
                .Flag("share_names", network.ShareNames)
                .Node("routes", Of("routes", () => Routes(config)))
                .Node("acls", Of("acls", () => Items(config.Take("security.acls", text => IsList(text, IsWord)))))
                .Node("acl_defaults", Of("acl_defaults", () => AclDefaults(config)))
                .Values("config", config.Rest)
                .Map("members", network.Members, Member)
                .Map("forwards", network.Forwards, Forward)
                .Map("load_balancers", network.LoadBalancers, LoadBalancer)
                .Map("peers", network.Peers, Peer)
                .Flag("external", network.External)
                .ToNode();

            // A word that the type does not have is an error, while of raw configuration the server decides.
            DocumentNode? Of(string word, Func<DocumentNode?> write) => NetworkRules.HasWord(network.Type, word) ? write() : null;
        }

        private static DocumentNode? EachFamily(Unsaid config, string option)
        {
            var (ipv4, ipv6) = (config.Take($"ipv4.{option}", IsFlag), config.Take($"ipv6.{option}", IsFlag));
            return ipv4 == ipv6 ? Text(ipv4) : new Entries(Plain).Text("ipv4", ipv4).Text("ipv6", ipv6).ToNode();
        }

        private static DocumentNode? Dhcp(Unsaid config)
        {
            var (ipv4, ipv6) = (config.Take("ipv4.dhcp", IsFlag), config.Take("ipv6.dhcp", IsFlag));
            var expiry = config["ipv4.dhcp.expiry"] == config["ipv6.dhcp.expiry"] ? config.Take("ipv4.dhcp.expiry", IsWord) : null;
            if (expiry is not null)
                config.Take("ipv6.dhcp.expiry", _ => true);
            var others = new Entries(Plain)
                .Text("ipv4", ipv4)
                .Text("ipv6", ipv6)
                .Node("ranges", Items(config.Take("ipv4.dhcp.ranges", text => IsList(text, NetworkShapes.Range(AddressFamily.InterNetwork)))))
                .Node("ipv6_ranges", Items(config.Take("ipv6.dhcp.ranges", text => IsList(text, NetworkShapes.Range(AddressFamily.InterNetworkV6)))))
                .Text("stateful", config.Take("ipv6.dhcp.stateful", IsFlag))
                .Text("gateway", config.Take("ipv4.dhcp.gateway", CommonShapes.Ipv4Address.Accepts))
                .Text("expiry", expiry)
                .ToNode();
            return ipv4 is not null && ipv4 == ipv6 && others.Entries.Count == 2 ? Text(ipv4) : OrNothing(others);
        }

        private static MappingNode? Dns(Unsaid config) => OrNothing(new Entries(Plain)
            .Text("domain", config.Take("dns.domain", IsWord))
            .Text("mode", config.Take("dns.mode", text => text is "managed" or "dynamic" or "none"))
            .Node("search", Items(config.Take("dns.search", text => IsList(text, IsWord))))
            .Node("nameservers", Items(config.Take("dns.nameservers", text => IsList(text, CommonShapes.AnyAddress))))
            .Node("zones", Items(config.Take("dns.zone.forward", text => IsList(text, IsWord))))
            .Node("reverse_ipv4", Items(config.Take("dns.zone.reverse.ipv4", text => IsList(text, IsWord))))
            .Node("reverse_ipv6", Items(config.Take("dns.zone.reverse.ipv6", text => IsList(text, IsWord))))
            .ToNode());

        private static SequenceNode? Routes(Unsaid config)
        {
            string[] routes = [.. new[] { config.Take("ipv4.routes", text => IsOf(text, ipv6: false)), config.Take("ipv6.routes", text => IsOf(text, ipv6: true)) }.OfType<string>()];
            return Items(routes.Length == 0 ? null : string.Join(',', routes));

            static bool IsOf(string text, bool ipv6) => IsList(text, NetworkShapes.Subnet) && text.Split(',').All(subnet => subnet.Contains(':', StringComparison.Ordinal) == ipv6);
        }

        private static MappingNode? AclDefaults(Unsaid config)
        {
            static bool IsAction(string text) => text is "allow" or "allow-stateless" or "reject" or "drop";
            return OrNothing(new Entries(Plain)
                .Text("ingress", config.Take("security.acls.default.ingress.action", IsAction))
                .Text("egress", config.Take("security.acls.default.egress.action", IsAction))
                .Text("ingress_logged", config.Take("security.acls.default.ingress.logged", IsFlag))
                .Text("egress_logged", config.Take("security.acls.default.egress.logged", IsFlag))
                .ToNode());
        }

        private MappingNode Member(IReadOnlyDictionary<string, string> member)
        {
            var config = new Unsaid(member, mask);
            return new Entries(mask).Text("parent", config.Take("parent", IsWord)).Values("config", config.Rest).ToNode();
        }

        private DocumentNode Forward(NetworkForwardDefinition forward)
        {
            var config = new Unsaid(forward.Config, mask);
            var target = config.Take("target_address", CommonShapes.AnyAddress.Accepts);
            if (target is not null && forward is { Ports.Count: 0, Description: null, Target: null } && config.Rest.Count == 0)
                return Scalar(target);
            return new Entries(mask)
                .Text("target_address", target)
                .Node("ports", forward.Ports.Count == 0 ? null : List(forward.Ports.Select(ForwardPort)))
                .Text("target", forward.Target)
                .Text("description", forward.Description)
                .Values("config", config.Rest)
                .ToNode();
        }

        private MappingNode LoadBalancer(NetworkLoadBalancerDefinition balancer)
        {
            var config = new Unsaid(balancer.Config, mask);
            return new Entries(mask)
                .Map("backends", balancer.Backends, Backend)
                .Node("ports", balancer.Ports.Count == 0 ? null : List(balancer.Ports.Select(BalancedPort)))
                .Node("healthcheck", HealthCheck(config))
                .Text("description", balancer.Description)
                .Values("config", config.Rest)
                .ToNode();
        }

        private static DocumentNode? HealthCheck(Unsaid config)
        {
            // Its mapping says that there is one.
            if (config.Take("healthcheck", text => text == "true") is null)
                return config.Take("healthcheck", IsFlag) is { } none ? Scalar(none) : null;
            var words = new Entries(Plain);
            foreach (var word in new[] { "interval", "timeout", "success_count", "failure_count" })
                words.Text(word, config.Take($"healthcheck.{word}", text => IsNumber(text, 1, int.MaxValue)));
            return (DocumentNode?)OrNothing(words.ToNode()) ?? Scalar("true");
        }

        private DocumentNode Peer(NetworkPeerDefinition peer) => peer is { TargetNetwork: { } network, TargetIntegration: null, Description: null, Config.Count: 0 }
            ? Scalar(mask("target_network", peer.TargetProject is { } project ? $"{project}/{network}" : network))
            : new Entries(mask)
                .Text("target_network", peer.TargetNetwork)
                .Text("target_project", peer.TargetProject)
                .Text("target_integration", peer.TargetIntegration)
                .Text("description", peer.Description)
                .Values("config", peer.Config)
                .ToNode();

        private MappingNode Zone(NetworkZoneDefinition zone)
        {
            var config = new Unsaid(zone.Config, mask);
            return new Entries(mask)
                .Text("description", zone.Description)
                .Node("nameservers", Items(config.Take("dns.nameservers", text => IsList(text, IsWord))))
                .Text("nat", config.Take("network.nat", IsFlag))
                .Map("records", zone.Records, Record)
                .Values("config", config.Rest)
                .Flag("external", zone.External)
                .ToNode();
        }

        private MappingNode Pool(StoragePoolDefinition pool)
        {
            var config = new Unsaid(pool.Config, mask);
            return new Entries(mask)
                .Text("driver", pool.Driver)
                .Text("description", pool.Description)
                .Text("source", config.Take("source", IsWord))
                .Text("size", config.Take("size", CommonShapes.Size.Accepts))
                .Text("wipe", config.Take("source.wipe", IsFlag))
                .Values("config", config.Rest)
                .Map("members", pool.Members, Values)
                .Flag("external", pool.External)
                .ToNode();
        }

        private DocumentNode Project(ProjectDefinition project)
        {
            if (!project.Create && project.Description is null && project.Config.Count == 0)
                return Scalar(project.Name);
            var config = new Unsaid(project.Config, mask);
            return new Entries(mask)
                .Text("name", project.Name)
                .Flag("create", project.Create)
                .Text("description", project.Description)
                .Node("features", Features(config))
                .Node("limits", Limits(config))
                .Text("restricted", config.Take("restricted", IsFlag))
                .Values("restrictions", config.TakeAll("restricted.", (name, _) => ProjectShapes.IsRestriction(name)))
                .Values("config", config.Rest)
                .ToNode();
        }

        private static MappingNode? Features(Unsaid config)
        {
            var words = new Entries(Plain);
            foreach (var (word, key) in ProjectShapes.FeatureKeys)
                words.Text(word, config.Take(key, IsFlag));
            return OrNothing(words.ToNode());
        }

        private static MappingNode? Limits(Unsaid config)
        {
            var words = new Entries(Plain);
            foreach (var (word, key) in ProjectShapes.CountKeys)
                words.Text(word, config.Take(key, text => IsNumber(text, 0, int.MaxValue)));
            return OrNothing(words
                .Text("memory", config.Take("limits.memory", CommonShapes.Size.Accepts))
                .Text("disk", config.Take("limits.disk", CommonShapes.Size.Accepts))
                .Values("disk_pools", config.TakeAll(ProjectShapes.PoolLimit, (_, size) => CommonShapes.Size.Accepts(size)))
                .ToNode());
        }

        /// <summary>A mapping, unless it is empty.</summary>
        private static MappingNode? OrNothing(MappingNode node) => node.Entries.Count == 0 ? null : node;

        private static ScalarNode? Text(string? text) => text is null ? null : Scalar(text);

        private static SequenceNode? Items(string? list) => list is null ? null : List(list.Split(',').Select(Scalar));

        private static bool IsFlag(string text) => text is "true" or "false";

        private static bool IsWord(string text) => text.Length > 0 && !text.Any(character => char.IsWhiteSpace(character) || char.IsControl(character) || character == ',');

        private static bool IsNumber(string text, int least, int most) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most && number.ToString(CultureInfo.InvariantCulture) == text;

        private static bool IsList(string text, Func<string, bool> fits) => text.Split(',').All(fits);

        /// <summary>True for a list that reads back as the same text.</summary>
        private static bool IsList(string text, ScalarShape<string> item) => text.Split(',').All(one => item.Parse(one) is { Problem: null } parsed && parsed.Value == one);

        private static string Plain(string key, string value) => value;
    }

    /// <summary>Configuration that is written in words as far as there are words; what is left is written as it is.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="mask">Shows a value by its key. One that may not be shown has no word: it stays under its key, which tells how to show it.</param>
    private sealed class Unsaid(IReadOnlyDictionary<string, string> config, Func<string, string, string> mask)
    {
        private readonly List<KeyValuePair<string, string>> _rest = [.. config];

        /// <summary>What no word was found for.</summary>
        public IReadOnlyDictionary<string, string> Rest => _rest.ToDictionary();

        /// <summary>What is left of a key; null: nothing.</summary>
        public string? this[string key] => _rest.Find(entry => entry.Key == key).Value;

        /// <summary>Takes a key's value where a word can say it.</summary>
        public string? Take(string key, Func<string, bool> fits)
        {
            if (this[key] is not { } value || !fits(value) || !IsShown(key, value))
                return null;
            _rest.RemoveAll(entry => entry.Key == key);
            return value;
        }

        /// <summary>Takes all values whose keys begin alike, by what follows.</summary>
        public IReadOnlyDictionary<string, string> TakeAll(string prefix, Func<string, string, bool> fits)
        {
            var taken = _rest.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal) && fits(entry.Key[prefix.Length..], entry.Value) && IsShown(entry.Key, entry.Value)).ToList();
            taken.ForEach(entry => _rest.Remove(entry));
            return taken.ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
        }

        private bool IsShown(string key, string value) => mask(key, value) == value;
    }
}
