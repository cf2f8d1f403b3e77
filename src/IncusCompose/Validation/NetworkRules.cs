using System.Net;
using System.Net.Sockets;
using IncusCompose.Definition;

namespace IncusCompose.Validation;

/// <summary>Networks and what lies on them must fit together. What Incus would refuse is refused here, at its place.</summary>
internal static class NetworkRules
{
    /// <summary>The words of a network, with the types that have them. Source: Incus doc/reference/network_bridge.md and its siblings.</summary>
    private static readonly (string Word, string[] Types)[] s_words =
    [
        ("ipv4", ["bridge", "ovn"]),
        ("ipv6", ["bridge", "ovn"]),
        ("parent", ["macvlan", "sriov", "physical"]),
        ("vlan", ["macvlan", "sriov", "physical"]),
        ("uplink", ["ovn"]),
        ("nat", ["bridge", "ovn"]),
        ("dhcp", ["bridge", "ovn"]),
        ("dns", ["bridge", "ovn", "physical"]),
        ("routes", ["bridge", "physical"]),
        ("acls", ["bridge", "ovn"]),
        ("acl_defaults", ["bridge", "ovn"]),
        ("forwards", ["bridge", "ovn"]),
        ("load_balancers", ["ovn"]),
        ("peers", ["ovn"]),
    ];

    /// <summary>What each member of a cluster has of its own. Source: Incus internal/server/db/networks.go, NodeSpecificNetworkConfig.</summary>
    public static readonly IReadOnlySet<string> MemberKeys = new HashSet<string> { "parent", "bridge.external_interfaces", "bgp.ipv4.nexthop", "bgp.ipv6.nexthop" };

    /// <summary>True for a word that a type of network has.</summary>
    public static bool HasWord(string type, string word) => s_words.Any(known => known.Word == word && known.Types.Contains(type));

    /// <summary>True for a type of network that stands on an interface of the host.</summary>
    public static bool NeedsParent(string type) => type is "macvlan" or "sriov" or "physical";

    /// <summary>Each type of network has words of its own.</summary>
    public static void CheckWords(StackDefinition stack, Findings findings)
    {
        foreach (var network in stack.Networks.Values)
        {
            var path = $"networks.{network.Name}";
            // What an external one is, the server says.
            foreach (var (word, types) in s_words.Where(word => !network.External && !word.Types.Contains(network.Type) && findings.Has($"{path}.{word.Word}")))
            {
                findings.Error("WrongNetworkType", $"{path}.{word}", $"{(network.Type == "ovn" ? "an" : "a")} {network.Type} network has no `{word}`",
                    $"remove it, or give the network a `type` that has it: {string.Join(", ", types)}");
            }

            if (!network.External && NeedsParent(network.Type) && !network.Config.ContainsKey("parent") && !network.Members.Values.Any(member => member.ContainsKey("parent")))
                findings.Error("NoParent", path, $"a {network.Type} network stands on an interface of the host, and none is named", "name it with `parent`");
            CheckMembers(network, path, findings);
        }
    }

    /// <summary>Forwards and load balancers lead to addresses of their network.</summary>
    public static void CheckTargets(StackDefinition stack, Findings findings)
    {
        foreach (var network in stack.Networks.Values)
        {
            foreach (var forward in network.Forwards.Values)
                CheckForward(network, forward, $"networks.{network.Name}.forwards.{forward.ListenAddress}", findings);
            foreach (var balancer in network.LoadBalancers.Values)
                CheckLoadBalancer(network, balancer, $"networks.{network.Name}.load_balancers.{balancer.ListenAddress}", findings);
            foreach (var peer in network.Peers.Values)
            {
                var path = $"networks.{network.Name}.peers.{peer.Name}";
                if ((peer.TargetNetwork is null) == (peer.TargetIntegration is null))
                    findings.Error("BadPeer", path, "a peer is another network, or the far side of an integration", "give it either `target_network` or `target_integration`");
                else if (peer is { TargetIntegration: not null, TargetProject: not null })
                    findings.Error("BadPeer", $"{path}.target_project", "the far side of an integration has no project here", "remove it");
            }
        }
    }

    /// <summary>Entries of a record must not be there twice.</summary>
    public static void CheckRecords(StackDefinition stack, Findings findings)
    {
        foreach (var zone in stack.NetworkZones.Values)
        {
            foreach (var record in zone.Records.Values)
            {
                var path = $"network_zones.{zone.Name}.records.{record.Name}";
                if (record.Entries.Count == 0)
                    findings.Error("NoEntries", path, "a record without entries says nothing", "give it an entry such as `A 192.0.2.10`");
                var seen = new HashSet<(string, string)>();
                foreach (var (index, entry) in record.Entries.Bound())
                {
                    if (ZoneEntryRules.Problem(entry) is { } problem)
                        findings.Error("BadEntry", EntryPath(path, index, findings), problem.Message, problem.Advice);
                    if (!seen.Add((entry.Type, entry.Value)))
                        findings.Error("DuplicateEntry", path, $"`{entry.Type} {entry.Value}` is there twice", "remove one of the two");
                }
            }
        }
    }

    /// <summary>The path of an entry, of a record that is a list or has one.</summary>
    private static string EntryPath(string path, int index, Findings findings) =>
        findings.Has($"{path}.entries[{index}]") ? $"{path}.entries[{index}]" : findings.Has($"{path}[{index}]") ? $"{path}[{index}]" : path;

    private static void CheckMembers(NetworkDefinition network, string path, Findings findings)
    {
        if (network.Members.Count == 0)
            return;
        foreach (var (member, config) in network.Members)
        {
            foreach (var key in config.Keys.Where(key => !MemberKeys.Contains(key)))
                findings.Error("NotOfMember", $"{path}.members.{member}", $"`{key}` is the same on all members", "write it under the network itself");
        }
    }

    private static void CheckForward(NetworkDefinition network, NetworkForwardDefinition forward, string path, Findings findings)
    {
        if (Listen(forward.ListenAddress, path, findings) is not { } listen)
            return;
        var target = forward.Config.GetValueOrDefault("target_address");
        if (target is not null)
            CheckTarget(network, listen, target, findings.Has($"{path}.target_address") ? $"{path}.target_address" : path, findings);
        var taken = new HashSet<(string, int)>();
        foreach (var (index, port) in forward.Ports.Bound())
        {
            var portPath = $"{path}.ports[{index}]";
            CheckTarget(network, listen, port.TargetAddress, $"{portPath}.target_address", findings);
            if (target is not null && Same(target, port.TargetAddress))
                findings.Error("SameTarget", $"{portPath}.target_address", $"everything goes to {target} already", "remove the port, or the forward's `target_address`");
            CheckPorts(port.Protocol, port.ListenPort, port.TargetPort, portPath, taken, findings);
        }
    }

    private static void CheckLoadBalancer(NetworkDefinition network, NetworkLoadBalancerDefinition balancer, string path, Findings findings)
    {
        if (Listen(balancer.ListenAddress, path, findings) is not { } listen)
            return;
        foreach (var backend in balancer.Backends.Values)
            CheckTarget(network, listen, backend.TargetAddress, findings.Has($"{path}.backends.{backend.Name}.target_address") ? $"{path}.backends.{backend.Name}.target_address" : $"{path}.backends.{backend.Name}", findings);
        var taken = new HashSet<(string, int)>();
        foreach (var (index, port) in balancer.Ports.Bound())
        {
            var portPath = $"{path}.ports[{index}]";
            foreach (var name in port.Backends.Where(name => !balancer.Backends.ContainsKey(name)))
                findings.Error("UnknownBackend", $"{portPath}.target_backend", $"there is no backend `{name}` here", findings.DidYouMean(name, balancer.Backends, "add it under `backends`"));
            if (balancer.Backends.Count == 0)
                findings.Error("NoBackends", portPath, "there is no backend that the port could lead to", "add one under `backends`");
            CheckPorts(port.Protocol, port.ListenPort, null, portPath, taken, findings);
            foreach (var backend in balancer.Backends.Values.Where(backend => backend.TargetPort is not null && (port.Backends.Count == 0 || port.Backends.Contains(backend.Name))))
                CheckCount(port.ListenPort, backend.TargetPort!, $"{path}.backends.{backend.Name}.target_port", findings);
        }
    }

    private static IPAddress? Listen(string text, string path, Findings findings)
    {
        if (Addresses.TryParse(text, out var address))
            return address;
        findings.Error("BadListenAddress", path, $"`{text}` is not an IP address", "write the address to listen on as the key, such as `192.0.2.10:`");
        return null;
    }

    private static void CheckTarget(NetworkDefinition network, IPAddress listen, string text, string path, Findings findings)
    {
        if (!Addresses.TryParse(text, out var target))
            return;
        if (target.AddressFamily != listen.AddressFamily)
        {
            findings.Error("MixedFamilies", path, $"{text} and {listen} are not of one kind, IPv4 or IPv6", "choose another address");
            return;
        }

        var key = target.AddressFamily == AddressFamily.InterNetwork ? "ipv4.address" : "ipv6.address";
        if (!network.External && network.Config.GetValueOrDefault(key) is { } own && Cidr.TryParse(own, target.AddressFamily, out var range) && !range.Contains(target))
            findings.Error("AddressOutsideNetwork", path, $"{text} is not an address of the network `{network.Name}`, which is {range}", "choose one of that range");
    }

    private static void CheckPorts(string protocol, string listen, string? target, string path, HashSet<(string, int)> taken, Findings findings)
    {
        foreach (var port in Numbers(listen).Where(port => !taken.Add((protocol, port))).Take(1))
            findings.Error("DuplicatePort", $"{path}.listen_port", $"port {port}/{protocol} is listened on by another entry of this list", "remove one of the two");
        if (target is not null)
            CheckCount(listen, target, $"{path}.target_port", findings);
    }

    private static void CheckCount(string listen, string target, string path, Findings findings)
    {
        var (listened, aimed) = (Numbers(listen).Count(), Numbers(target).Count());
        if (aimed != 1 && aimed != listened)
            findings.Error("PortCount", path, $"{listened} {(listened == 1 ? "port is" : "ports are")} listened on, and {aimed} are at the target", "write as many, or one");
    }

    private static bool Same(string one, string other) =>
        Addresses.TryParse(one, out var first) && Addresses.TryParse(other, out var second) && first.Equals(second);

    private static IEnumerable<int> Numbers(string ports) => ports.Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(range =>
    {
        var ends = Array.ConvertAll(range.Split('-'), end => int.Parse(end, System.Globalization.CultureInfo.InvariantCulture));
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    });
}
