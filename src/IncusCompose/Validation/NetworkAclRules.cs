using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Validation;

/// <summary>Rules of network ACLs. Source: Incus internal/server/network/acl/driver_common.go.</summary>
internal static class NetworkAclRules
{
    /// <summary>What the fields of a rule say must go together.</summary>
    public static void Check(StackDefinition stack, Findings findings)
    {
        foreach (var acl in stack.NetworkAcls.Values)
        {
            CheckAll(acl.Ingress, isIngress: true, $"network_acls.{acl.Name}.ingress", stack, findings);
            CheckAll(acl.Egress, isIngress: false, $"network_acls.{acl.Name}.egress", stack, findings);
        }
    }

    /// <summary>Names in rules are known to ovn networks alone. Source: Incus doc/howto/network_acls.md, "Bridge limitations".</summary>
    public static void CheckBridges(StackDefinition stack, Findings findings)
    {
        foreach (var network in stack.Networks.Values.Where(network => network is { External: false, Type: "bridge" }))
            CheckUse(network.Config.GetValueOrDefault("security.acls"), network.Name, findings.Has($"networks.{network.Name}.acls") ? $"networks.{network.Name}.acls" : $"networks.{network.Name}");
        foreach (var instance in stack.Instances.Values)
        {
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                if (stack.Networks.GetValueOrDefault(nic.Network) is { External: false, Type: "bridge" })
                    CheckUse(nic.Acls, nic.Network, findings.AttachmentPath(instance, index));
            }
        }

        void CheckUse(string? acls, string network, string path)
        {
            foreach (var acl in NetworkText.Items(acls).Select(name => stack.NetworkAcls.GetValueOrDefault(name)).OfType<NetworkAclDefinition>())
            {
                var names = acl.Ingress.Bound().Where(rule => rule.Item.State != "disabled").Select(rule => rule.Item.Source)
                    .Concat(acl.Egress.Bound().Where(rule => rule.Item.State != "disabled").Select(rule => rule.Item.Destination));
                if (names.SelectMany(NetworkText.Items).FirstOrDefault(subject => FamilyOf(subject) is null && subject[0] != '$') is { } name)
                    findings.Error("NamesOnBridge", path, $"a rule of `{acl.Name}` names `{name}`, and the bridge `{network}` knows addresses only: names of ACLs, `@internal` and the like are for ovn networks", "write addresses or an address set in that rule, or give the network the `type: ovn`");
            }
        }
    }

    private static void CheckAll(IReadOnlyList<NetworkAclRuleDefinition> rules, bool isIngress, string path, StackDefinition stack, Findings findings)
    {
        var seen = new Dictionary<NetworkAclRuleDefinition, int>();
        foreach (var (index, rule) in rules.Bound())
        {
            var here = $"{path}[{index}]";
            if (!seen.TryAdd(rule, index))
                findings.Error("DuplicateRule", here, $"this rule is there already ({findings.Place($"{path}[{seen[rule]}]")})", "remove one of the two");
            CheckFields(rule, here, findings);
            CheckSubjects(isIngress ? rule.Destination : rule.Source, isIngress ? "destination" : "source", here, findings);
            foreach (var set in NetworkText.Items(rule.Source).Concat(NetworkText.Items(rule.Destination)).Where(subject => subject[0] == '$'))
                ReferenceRules.Compare("network address set", set[1..], stack.NetworkAddressSets, here, findings);
            foreach (var acl in NetworkText.Items(isIngress ? rule.Source : rule.Destination).Where(subject => char.IsAsciiLetter(subject[0]) && !subject.Contains(':', StringComparison.Ordinal)))
                ReferenceRules.Compare("network ACL", acl, stack.NetworkAcls, here, findings);
        }
    }

    private static void CheckFields(NetworkAclRuleDefinition rule, string path, Findings findings)
    {
        var (hasPorts, hasIcmp) = (rule.Protocol is "tcp" or "udp", rule.Protocol is "icmp4" or "icmp6");
        foreach (var (word, value) in new[] { ("source_port", rule.SourcePort), ("destination_port", rule.DestinationPort) })
        {
            if (value is not null && !hasPorts)
                findings.Error("BadRule", $"{path}.{word}", $"only tcp and udp have ports{(rule.Protocol is null ? ", and the rule names no protocol" : "")}", "write `protocol: tcp` or `protocol: udp`, or remove the port");
        }

        foreach (var (word, value) in new[] { ("icmp_type", rule.IcmpType), ("icmp_code", rule.IcmpCode) })
        {
            if (value is not null && !hasIcmp)
                findings.Error("BadRule", $"{path}.{word}", $"only icmp4 and icmp6 have types and codes{(rule.Protocol is null ? ", and the rule names no protocol" : "")}", "write `protocol: icmp4` or `protocol: icmp6`, or remove it");
        }

        foreach (var (word, value) in new[] { ("source", rule.Source), ("destination", rule.Destination) })
        {
            var families = NetworkText.Items(value).Select(FamilyOf).OfType<AddressFamily>().ToHashSet();
            if (rule.Protocol == "icmp4" && families.Contains(AddressFamily.InterNetworkV6))
                findings.Error("BadRule", $"{path}.{word}", "icmp4 has IPv4 addresses only", "write `protocol: icmp6`, or other addresses");
            if (rule.Protocol == "icmp6" && families.Contains(AddressFamily.InterNetwork))
                findings.Error("BadRule", $"{path}.{word}", "icmp6 has IPv6 addresses only", "write `protocol: icmp4`, or other addresses");
        }
    }

    private static void CheckSubjects(string? subjects, string word, string path, Findings findings)
    {
        foreach (var name in NetworkText.Items(subjects).Where(subject => FamilyOf(subject) is null && subject[0] != '$'))
        {
            findings.Error("BadSubject", $"{path}.{word}", $"`{name}` is a name, and the {word} of {(word == "destination" ? "an ingress" : "an egress")} rule is addresses only",
                word == "destination" ? "an ingress rule's `source` may be a name" : "an egress rule's `destination` may be a name");
        }
    }

    private static AddressFamily? FamilyOf(string subject) =>
        Addresses.TryParse(subject.Split('/', '-')[0], out var address) ? address.AddressFamily : null;
}
