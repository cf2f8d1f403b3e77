using System.Net;
using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Validation;

/// <summary>Addresses of instances and networks must fit together.</summary>
internal static class AddressRules
{
    /// <summary>What stands against an address.</summary>
    internal sealed record AddressProblem(string Id, bool IsError, string Message, string Advice);

    private sealed record Attachment(InstanceDefinition Instance, NetworkAttachment Nic, string Path);

    /// <summary>Fixed addresses must be free addresses of their network.</summary>
    public static void CheckFixedAddresses(StackDefinition stack, Findings findings)
    {
        foreach (var (_, nic, path) in Attachments(stack, findings))
        {
            if (stack.Networks.GetValueOrDefault(nic.Network) is not { } network || network.External || network.Type is not ("bridge" or "ovn"))
                continue;
            if (nic.Ipv4 is not null)
                CheckFixedAddress(network, IPAddress.Parse(nic.Ipv4), AddressFamily.InterNetwork, $"{path}.ipv4", findings);
            if (nic.Ipv6 is not null)
            {
                CheckFixedAddress(network, IPAddress.Parse(nic.Ipv6), AddressFamily.InterNetworkV6, $"{path}.ipv6", findings);
                // Source: Incus internal/server/device/nic_bridged.go.
                if (network.Type == "bridge" && !ConfigTruth.IsTrue(network.Config.GetValueOrDefault("ipv6.dhcp.stateful")))
                {
                    findings.Error("NoStatefulDhcp", $"{path}.ipv6", $"the network `{network.Name}` does not hand out IPv6 addresses",
                        $"write `ipv6.dhcp.stateful: true` under `config` of the network `{network.Name}`");
                }
            }
        }
    }

    /// <summary>Two interfaces on one network must not have the same address or MAC address.</summary>
    public static void CheckDuplicates(StackDefinition stack, Findings findings)
    {
        var owners = new Dictionary<(string Network, string Address), (InstanceDefinition Instance, string Path)>();
        foreach (var instance in stack.Instances.Values)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                var path = findings.AttachmentPath(instance, index);
                names.Add(nic.Name ?? $"eth{index}");
                Claim(instance, nic.Network, nic.Ipv4, $"{path}.ipv4");
                Claim(instance, nic.Network, nic.Ipv6, $"{path}.ipv6");
                Claim(instance, nic.Network, nic.Mac, $"{path}.mac");
            }

            CheckOwnMac(instance);
            // A device of an interface's name adds to it.
            foreach (var (name, device) in instance.Devices.Where(device => device.Value.GetValueOrDefault("type") == "nic" && !names.Contains(device.Key)))
            {
                var network = device.GetValueOrDefault("network") ?? device.GetValueOrDefault("parent") ?? "";
                foreach (var key in NicOptions.Addresses)
                    Claim(instance, network, device.GetValueOrDefault(key), $"instances.{instance.Name}.devices.{name}.{key}");
            }
        }

        void CheckOwnMac(InstanceDefinition instance)
        {
            var path = $"instances.{instance.Name}.mac_address";
            var first = instance.Networks.Bound().FirstOrDefault(entry => entry.Index == 0).Item;
            if (first?.Mac is { } said)
            {
                if (instance.MacAddress is not null && !instance.MacAddress.Equals(said, StringComparison.OrdinalIgnoreCase))
                    findings.Error("SaidTwice", path, $"its first interface has another one, {said} ({findings.Place(findings.AttachmentPath(instance, 0) + ".mac")})", "remove one of the two");
                return;
            }

            Claim(instance, first?.Network ?? "", instance.MacAddress, path);
        }

        void Claim(InstanceDefinition instance, string network, string? address, string path)
        {
            if (address is null)
                return;
            var isMac = !IPAddress.TryParse(address, out var parsed);
            var normal = isMac ? address.ToLowerInvariant() : parsed!.ToString();
            if (owners.TryAdd((network, normal), (instance, path)))
                return;
            var first = owners[(network, normal)];
            findings.Error(isMac ? "DuplicateMac" : "DuplicateAddress", path,
                $"instance `{first.Instance.Name}` already has the {(isMac ? "MAC address" : "address")} {normal} on this network ({findings.Place(first.Path)})", "choose another");
        }
    }

    /// <summary>The interfaces of an instance must have different names.</summary>
    public static void CheckInterfaceNames(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                var name = nic.Name ?? $"eth{index}";
                if (!names.Add(name))
                {
                    findings.Error("DuplicateInterface", findings.AttachmentPath(instance, index), $"another interface of this instance is called `{name}` already",
                        "give one of them another `name`");
                }
            }
        }
    }

    /// <summary>Two interfaces of an instance on one bridge would have one name in its DNS, which Incus refuses. Source: Incus internal/server/device/nic_bridged.go.</summary>
    public static void CheckNetworkTwice(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                // A raw device of its name may say more, such as another VLAN.
                if (instance.Devices.ContainsKey(nic.Name ?? $"eth{index}"))
                    continue;
                if (!seen.Add(nic.Network) && stack.Networks.GetValueOrDefault(nic.Network) is { External: false, Type: "bridge" } network && network.Config.GetValueOrDefault("dns.mode") != "none")
                {
                    findings.Error("NetworkTwice", findings.AttachmentPath(instance, index), $"the instance is on the network `{nic.Network}` already, where it would have its name twice",
                        "remove one of the two, or give the network `dns: {mode: none}`");
                }
            }
        }
    }

    /// <summary>The networks' own addresses must be addresses with prefix length, and must not overlap.</summary>
    public static void CheckNetworks(StackDefinition stack, Findings findings)
    {
        var ranges = new List<(Cidr Range, NetworkDefinition Network, string Path)>();
        foreach (var network in stack.Networks.Values)
        {
            if (network.Type is not ("bridge" or "ovn"))
                continue;
            foreach (var (key, family, shortKey) in NetworkKeys)
            {
                if (!network.Config.TryGetValue(key, out var value) || value is "" or "auto" or "none")
                    continue;
                var path = Said(network, shortKey, key, findings);
                if (!Cidr.TryParse(value, family, out var range))
                {
                    var example = family == AddressFamily.InterNetwork ? "10.20.0.1/24" : "fd42:1::1/64";
                    findings.Error("BadCidr", path, $"`{value}` is not an address with prefix length", $"write one such as `{example}`, `auto` or `none`");
                    continue;
                }

                if (range.IsNetworkAddress)
                {
                    findings.Error("BadCidr", path, $"`{value}` is the network itself, not the host's address on it", $"write `{range.FirstHost}/{range.PrefixLength}`");
                }

                CheckWithin(network, range, family, findings);
                if (!network.External)
                    ranges.Add((range, network, path));
            }
        }

        // Ranges are apart or one inside the other: in the order in which they begin, it is enough to remember the one that reaches furthest.
        ranges.Sort((a, b) => a.Range.CompareTo(b.Range));
        for (int i = 1, widest = 0; i < ranges.Count; i++)
        {
            var (range, network, path) = ranges[i];
            var (before, other, otherPath) = ranges[widest];
            if (!range.Overlaps(before))
                widest = i;
            else if (other != network)
                findings.Error("OverlappingNetworks", path, $"{range} overlaps {before} of the network `{other.Name}` ({findings.Place(otherPath)})", "choose another range");
        }
    }

    /// <summary>What a bridge hands out must be of its own addresses, and what it leads elsewhere must not.</summary>
    private static void CheckWithin(NetworkDefinition network, Cidr range, AddressFamily family, Findings findings)
    {
        var version = family == AddressFamily.InterNetwork ? "ipv4" : "ipv6";
        foreach (var text in Resources.Networks.NetworkText.Items(network.Config.GetValueOrDefault($"{version}.dhcp.ranges")))
        {
            var path = Said(network, "dhcp", $"{version}.dhcp.ranges", findings);
            if (text.Split('-', StringSplitOptions.TrimEntries) is not [var from, var to] || !Addresses.TryParse(from, out var first) || !Addresses.TryParse(to, out var last))
                findings.Error("BadRange", path, $"`{text}` is not a range of addresses", "write the first address and the last, such as `10.20.0.50-10.20.0.99`");
            else if (!range.Contains(first) || !range.Contains(last))
                findings.Error("BadRange", path, $"`{text}` is not within {range}, the addresses of the network `{network.Name}`", "choose addresses of that range");
            else if (Addresses.Number(first) > Addresses.Number(last))
                findings.Error("BadRange", path, $"`{text}` ends before it begins", $"write `{last}-{first}`");
        }

        foreach (var text in Resources.Networks.NetworkText.Items(network.Config.GetValueOrDefault($"{version}.routes")))
        {
            // A part of them may well be led elsewhere, as the uplinks of OVN networks have it.
            if (family == AddressFamily.InterNetwork && Cidr.TryParse(text, family, out var route) && route.PrefixLength == range.PrefixLength && route.Overlaps(range))
                findings.Error("BadRoute", Said(network, "routes", $"{version}.routes", findings), $"`{text}` is the network `{network.Name}` itself, which needs no route", "remove it, or choose addresses beyond the network");
        }
    }

    // Raw configuration wins over the word that means the same.
    private static string Said(NetworkDefinition network, string word, string key, Findings findings) =>
        findings.Has($"networks.{network.Name}.config.{key}") ? $"networks.{network.Name}.config.{key}" : $"networks.{network.Name}.{word}";

    /// <summary>Where a network says its own addresses: Incus's key, the family, and the word of the file.</summary>
    internal static readonly (string Key, AddressFamily Family, string ShortKey)[] NetworkKeys =
    [
        ("ipv4.address", AddressFamily.InterNetwork, "ipv4"),
        ("ipv6.address", AddressFamily.InterNetworkV6, "ipv6"),
    ];

    private static void CheckFixedAddress(NetworkDefinition network, IPAddress address, AddressFamily family, string path, Findings findings)
    {
        switch (ProblemOf(network.Name, network.Config, address, family))
        {
            case { IsError: true } problem:
                findings.Error(problem.Id, path, problem.Message, problem.Advice);
                break;
            case { } doubt:
                findings.Warning(doubt.Id, path, doubt.Message, doubt.Advice);
                break;
        }
    }

    /// <summary>What stands against a fixed address on a network of this configuration; null where nothing does.</summary>
    internal static AddressProblem? ProblemOf(string network, IReadOnlyDictionary<string, string> config, IPAddress address, AddressFamily family)
    {
        var (key, _, shortKey) = NetworkKeys.Single(known => known.Family == family);
        var value = config.GetValueOrDefault(key);
        if (value == "none")
            return new("AddressOutsideNetwork", true, $"the network `{network}` has no addresses of this kind: its {key} is `none`", "remove one of the two");
        if (value is null or "" or "auto")
        {
            return new("AddressOfUnknownNetwork", false, $"Incus chooses the addresses of the network `{network}`, so {address} is probably not one of them",
                $"give the network an `{shortKey}` of its own");
        }

        if (!Cidr.TryParse(value, family, out var range))
            return null;
        if (!range.Contains(address))
            return new("AddressOutsideNetwork", true, $"{address} is not an address of the network `{network}`, which is {range}", "choose one of that range");
        if (range.Address.Equals(address))
            return new("AddressOfHost", true, $"{address} is the host's own address on the network `{network}`", "choose another");
        return range.IsReserved(address)
            ? new("ReservedAddress", true, $"{address} is the first or the last address of {range}, which no machine can have", "choose another")
            : null;
    }

    private static IEnumerable<Attachment> Attachments(StackDefinition stack, Findings findings) =>
        from instance in stack.Instances.Values
        from entry in instance.Networks.Bound()
        select new Attachment(instance, entry.Item, findings.AttachmentPath(instance, entry.Index));
}
