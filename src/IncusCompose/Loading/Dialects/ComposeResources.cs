using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>Networks and volumes of a compose file as those of a stack.</summary>
internal static class ComposeResources
{
    /// <summary>What words of a network become; what takes one back takes those back.</summary>
    private static readonly Dictionary<string, string[]> s_wordsOfNetwork = new(StringComparer.Ordinal)
    {
        ["driver"] = ["type"], ["driver_opts"] = ["parent", "mtu"], ["ipam"] = ["ipv4", "ipv6", ComposeWhole.Ipv6Word], ["internal"] = ["nat"], ["external"] = ["external"], ["enable_ipv4"] = [ComposeWhole.EnableIpv4Word], ["enable_ipv6"] = [ComposeWhole.EnableIpv6Word],
        ["name"] = [ComposeWhole.NameWord], ["labels"] = [], ["attachable"] = [],
    };

    private static readonly Dictionary<string, string[]> s_wordsOfVolume = new(StringComparer.Ordinal)
    {
        ["driver"] = [], ["driver_opts"] = [ComposeDriverOptions.Word], ["external"] = ["external"], ["name"] = [ComposeWhole.NameWord], ["labels"] = [],
    };

    /// <summary>Exchanges the words of a network.</summary>
    public static Func<string, DocumentNode, DocumentNode> Network(Action<Diagnostic> report) => (name, node) =>
    {
        if (node is not MappingNode network)
            return node;
        var say = new Words(report, $"networks.{name}");
        var isMacvlan = Text(network.Find("driver")) == "macvlan";
        foreach (var entry in network.Entries)
        {
            if (s_wordsOfNetwork.TryGetValue(entry.Key.Value, out var words) && say.TakesBack(entry, words))
                continue;
            switch (entry.Key.Value)
            {
                case "ipam" or "internal" or "enable_ipv4" or "enable_ipv6" when isMacvlan:
                    say.PassedOver(entry, "addresses and ways out of a macvlan network are those of the network that the host stands in");
                    break;
                case "name":
                    say.Add(entry, ComposeWhole.NameWord);
                    break;
                case "driver":
                    Driver(entry, say);
                    break;
                case "driver_opts" when entry.Value is MappingNode options:
                    foreach (var option in options.Entries)
                    {
                        if (option.Key.Value == "parent")
                            say.Add(option);
                        else if (option.Key.Value == "com.docker.network.driver.mtu")
                            say.Add(option, "mtu");
                        else
                            new Words(report, $"networks.{name}.driver_opts").PassedOver(option, "it is an option of docker's own driver", "write Incus's under `config` of a stack file");
                    }

                    break;
                case "driver_opts" when entry.Value is ScalarNode { IsNull: true }:
                    break;
                case "ipam":
                    Ipam(entry.Value, say);
                    break;
                case "internal":
                    if (!IsTrue(entry.Value))
                    {
                        say.Nothing("nat", entry);
                    }
                    else
                    {
                        say.Add("nat", "false", entry);
                        say.Warn("Approximated", entry, "`internal` becomes a network without address translation, which the outside does not answer", "add `acls` in a stack file where nothing may leave it");
                    }

                    break;
                case "external":
                    External(entry, say);
                    break;
                case "enable_ipv4" or "enable_ipv6":
                    if (entry.Value is ScalarNode { IsNull: false })
                        say.Add(entry.Key.Value == "enable_ipv4" ? ComposeWhole.EnableIpv4Word : ComposeWhole.EnableIpv6Word, IsTrue(entry.Value) ? "true" : "false", entry);
                    break;
                case "attachable":
                    break;
                case "labels":
                    say.PassedOver(entry, "a network has no labels", "write `config: {user.NAME: …}` in a stack file");
                    break;
                default:
                    say.Add(entry);
                    break;
            }
        }

        return network with { Entries = say.Entries };
    };

    /// <summary>Exchanges the words of a volume.</summary>
    public static Func<string, DocumentNode, DocumentNode> Volume(Action<Diagnostic> report) => (name, node) =>
    {
        if (node is not MappingNode volume)
            return node;
        var say = new Words(report, $"volumes.{name}");
        foreach (var entry in volume.Entries)
        {
            if (s_wordsOfVolume.TryGetValue(entry.Key.Value, out var words) && say.TakesBack(entry, words))
                continue;
            switch (entry.Key.Value)
            {
                case "name":
                    say.Add(entry, ComposeWhole.NameWord);
                    break;
                case "driver":
                    if (Text(entry.Value) is not ("" or "local" or "default"))
                        say.Refuse(entry, $"the volume driver {Excerpts.Quote(Text(entry.Value))} is docker's own", "leave it out for a volume on Incus's default pool, or name a `pool` in a stack file");
                    break;
                case "driver_opts":
                    if (entry.Value is MappingNode { Entries.Count: > 0 } && (Text(volume.Find("driver")) is "" or "local" or "default"))
                        say.Add(entry, ComposeDriverOptions.Word);
                    else if (entry.Value is MappingNode { Entries.Count: > 0 } or ScalarNode { IsNull: false })
                        say.Refuse(entry, "the options of a volume's driver are docker's own", "mount a folder of the host under the service's `volumes` instead");
                    break;
                case "external":
                    External(entry, say);
                    break;
                case "labels":
                    say.PassedOver(entry, "a volume has no labels", "write `config: {user.NAME: …}` in a stack file");
                    break;
                default:
                    say.Add(entry);
                    break;
            }
        }

        return volume with { Entries = say.Entries };
    };

    /// <summary>Old files say the name below `external`.</summary>
    private static void External(MappingEntry entry, Words say)
    {
        if (entry.Value is not MappingNode && !IsTrue(entry.Value))
        {
            say.Nothing("external", entry);
            return;
        }

        say.Add("external", "true", entry);
        if ((entry.Value as MappingNode)?.Find("name") is ScalarNode { IsNull: false } name && say.Entries.All(said => said.Key.Value != ComposeWhole.NameWord))
            say.Entries.Add(new(entry.Key with { Value = ComposeWhole.NameWord }, name));
    }

    private static void Driver(MappingEntry entry, Words say)
    {
        switch (Text(entry.Value))
        {
            case "" or "bridge" or "default":
                say.Nothing("type", entry);
                break;
            case "macvlan":
                say.Add("type", "macvlan", entry);
                break;
            case "overlay":
                say.Refuse(entry, "a network over several hosts is one of type `ovn`", "write a stack file with `type: ovn`, or leave `driver` out");
                break;
            case var other:
                say.Refuse(entry, $"the network driver {Excerpts.Quote(other)} has no counterpart", "leave it out for a bridge");
                break;
        }
    }

    /// <summary>A subnet with its gateway is the host's own address on the bridge.</summary>
    private static void Ipam(DocumentNode node, Words say)
    {
        if (node is not MappingNode ipam)
            return;
        foreach (var entry in ipam.Entries)
        {
            if (entry.Key.Value == "config" && entry.Value is SequenceNode configs)
            {
                foreach (var config in configs.Items.OfType<MappingNode>())
                    Subnet(config, say);
            }
            else if (!(entry.Key.Value == "driver" && Text(entry.Value) is "" or "default"))
            {
                say.PassedOver(entry, "addresses are handed out by the network's own DHCP");
            }
        }
    }

    private static void Subnet(MappingNode config, Words say)
    {
        foreach (var entry in config.Entries.Where(entry => entry.Key.Value is not ("subnet" or "gateway")))
            say.PassedOver(entry, "addresses are handed out by the network's own DHCP", "write `dhcp: {ranges: …}` in a stack file");
        var gateway = config.Entries.FirstOrDefault(entry => entry.Key.Value == "gateway");
        if (config.Entries.FirstOrDefault(entry => entry.Key.Value == "subnet") is not { } subnet)
        {
            if (gateway is not null)
                say.PassedOver(gateway, "without a subnet it says nothing");
            return;
        }

        var text = Text(subnet.Value);
        var isIpv4 = Cidr.TryParse(text, AddressFamily.InterNetwork, out var cidr);
        if (!isIpv4 && !Cidr.TryParse(text, AddressFamily.InterNetworkV6, out cidr))
        {
            say.Refuse(subnet, $"{Excerpts.Quote(text)} is not a subnet", "write one such as `10.20.0.0/24`");
            return;
        }

        if (cidr.PrefixLength > (isIpv4 ? 30 : 126))
        {
            say.Refuse(subnet, $"{Excerpts.Quote(text)} has no room for the host and an instance", "write one such as `10.20.0.0/24`");
            return;
        }

        var word = isIpv4 ? "ipv4" : "ipv6";
        if (say.Entries.Any(entry => entry.Key.Value == word && !entry.Value.IsReset()))
            say.PassedOver(subnet, $"a bridge has one {(isIpv4 ? "IPv4" : "IPv6")} subnet, and there is one before it");
        else
            say.Add(word, $"{(gateway?.Value is ScalarNode { IsNull: false } said ? said.Value : $"{cidr.FirstHost}")}/{cidr.PrefixLength}", subnet);
        // Docker gives every container an address of it.
        if (!isIpv4)
            say.Add(ComposeWhole.Ipv6Word, "true", subnet);
    }

    private static string Text(DocumentNode? node) => node is ScalarNode { IsNull: false } scalar ? scalar.Value : "";

    private static bool IsTrue(DocumentNode node) => Text(node).ToLowerInvariant() is "true" or "yes" or "on";

    /// <summary>The words of one network or volume as they come out.</summary>
    private sealed class Words(Action<Diagnostic> report, string path)
    {
        public List<MappingEntry> Entries { get; } = [];

        public void Add(MappingEntry entry, string? word = null)
        {
            Entries.RemoveAll(known => known.Key.Value == (word ?? entry.Key.Value) && known.Value.IsReset());
            Entries.Add(word is null ? entry : entry with { Key = entry.Key with { Value = word } });
        }

        /// <summary>Puts back what the words of a file below became, where this says nothing of its own.</summary>
        public void Nothing(string word, MappingEntry said)
        {
            if (Entries.All(entry => entry.Key.Value != word))
                Entries.Add(new(said.Key with { Value = word }, new ScalarNode(said.Value.Location, "") { Tag = OverrideTags.Reset }));
        }

        /// <summary>Takes back what a word became, where that is what it says; of what is put in its place, the rest goes too.</summary>
        public bool TakesBack(MappingEntry said, IReadOnlyList<string> words)
        {
            if (said.Value.IsReset() || said.Value.IsOverride() && said.Value is MappingNode)
            {
                foreach (var word in words)
                    Nothing(word, said);
            }

            return said.Value.IsReset();
        }

        public void Add(string word, string value, MappingEntry said)
        {
            // What was put back before is said now.
            Entries.RemoveAll(entry => entry.Key.Value == word && entry.Value.IsReset());
            AddNow(word, value, said);
        }

        private void AddNow(string word, string value, MappingEntry said) =>
            Entries.Add(new(said.Key with { Value = word }, new ScalarNode(said.Value.Location, value) { Tag = said.Value.Tag }));

        public void Warn(string id, MappingEntry entry, string message, string advice = "") =>
            report(Diagnostic.Warning(id, entry.Key.Location, $"{path}.{entry.Key.Value}", message, advice));

        public void PassedOver(MappingEntry entry, string reason, string advice = "") =>
            Warn("IgnoredWord", entry, $"`{entry.Key.Value}` is passed over: {reason}", advice);

        public void Refuse(MappingEntry entry, string message, string advice) =>
            report(Diagnostic.Error("ForeignWord", entry.Key.Location, $"{path}.{entry.Key.Value}", message, advice));
    }
}
