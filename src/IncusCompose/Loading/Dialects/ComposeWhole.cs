using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;
using IncusCompose.Validation;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// What of a compose file can only be told once all files are laid over one another: what networks and volumes are called,
/// whether there is a default network, and what one word of a service makes of another one. Until then the dialect leaves it
/// under words that no file can say.
/// </summary>
internal sealed class ComposeWhole
{
    /// <summary>Marks a service; the value is what the file calls it.</summary>
    public const string ServiceWord = "\u0001service";

    /// <summary>Beside the sections: the networks that compose files declare.</summary>
    public const string NetworksWord = "\u0001networks";

    /// <summary>What a network or volume is called.</summary>
    public const string NameWord = "\u0001name";

    /// <summary>Marks a network that hands out IPv6 addresses, as it does IPv4 ones.</summary>
    public const string Ipv6Word = "\u0001ipv6";

    /// <summary>Other names of a service on a network.</summary>
    public const string AliasesWord = "\u0001aliases";

    /// <summary>Other names that a service has for those it is linked to.</summary>
    public const string LinksWord = "\u0001links";

    /// <summary>Of a service on a network: raw configuration of the interface, which makes a device of it.</summary>
    public const string NicWord = "\u0001nic";

    /// <summary>Whether a network has IPv4 addresses; a file above may say otherwise.</summary>
    public const string EnableIpv4Word = "\u0001enable_ipv4";

    /// <inheritdoc cref="EnableIpv4Word"/>
    public const string EnableIpv6Word = "\u0001enable_ipv6";

    /// <summary>What of an interface's configuration there are words for, and what compose files call them.</summary>
    public static readonly IReadOnlyList<(string Raw, string Foreign, string Word)> RawOfInterface =
        [("ipv4.address", "ipv4_address", "ipv4"), ("ipv6.address", "ipv6_address", "ipv6"), ("hwaddr", "mac_address", "mac"), ("security.acls", "acls", "acls")];

    /// <summary>The network of what names none.</summary>
    public const string DefaultNetwork = "default";

    /// <summary>The longest name that an interface of Linux, which a bridge is, can have.</summary>
    private const int LongestInterface = 15;

    private static readonly string[] s_families = ["ipv4", "ipv6"];

    private readonly Action<Diagnostic> _report;
    private readonly MappingNode _root;
    private readonly Dictionary<string, string> _networks;
    private readonly Dictionary<string, string> _volumes;

    /// <summary>The networks that compose files declare; the others are a stack file's, which says itself what they are.</summary>
    private readonly HashSet<string> _declared;

    private readonly Dictionary<string, MappingNode> _services;
    private readonly ComposeAliases _aliases;
    private readonly ComposeMounts _mounts;

    /// <summary>Networks that a service is on beside others: in docker it finds its neighbours on all of them.</summary>
    private readonly HashSet<string> _shared;

    private readonly string _stack;

    private ComposeWhole(MappingNode root, string stack, Action<Diagnostic> report)
    {
        (_root, _stack, _report) = (root, stack, report);
        _services = Section("instances").Where(entry => entry.Value is MappingNode service && service.Find(ServiceWord) is not null).ToDictionary(entry => entry.Key.Value, entry => (MappingNode)entry.Value, StringComparer.Ordinal);
        _declared = Section(NetworksWord).Select(entry => entry.Key.Value).ToHashSet(StringComparer.Ordinal);
        _root = root = WithDefaultNetwork();
        _networks = Names("networks", NetworkName);
        _volumes = Names("volumes", (_, name) => name);
        _mounts = new ComposeMounts(_volumes, Section("volumes"), _services, report);
        _aliases = new ComposeAliases(report, root, _services, network => _networks.GetValueOrDefault(network, network));
        _shared = _services.Values.Select(service => _aliases.NetworksOf(service).Select(pair => pair.Network).Where(_aliases.IsOwn).ToHashSet(StringComparer.Ordinal))
            .Where(networks => networks.Count > 1).SelectMany(networks => networks).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The document without those words; the same one where it has none.</summary>
    /// <param name="root">The document.</param>
    /// <param name="stack">The stack's name, docker's project.</param>
    /// <param name="report">Where problems go.</param>
    public static MappingNode Finish(MappingNode root, string stack, Action<Diagnostic> report)
    {
        var isCompose = root.Find(NetworksWord) is not null || new[] { ("instances", ServiceWord), ("networks", NameWord), ("networks", Ipv6Word), ("volumes", NameWord) }
            .Any(word => root.Find(word.Item1) is MappingNode section && section.Entries.Any(entry => entry.Value is MappingNode mapping && mapping.Find(word.Item2) is not null));
        return isCompose ? new ComposeWhole(root, stack, report).Finish() : root;
    }

    /// <summary>An instance with what it extends: where a stack file's takes a service, it is called by its own name, and not by that of the service.</summary>
    /// <param name="name">The instance's name.</param>
    /// <param name="own">What is said of it.</param>
    /// <param name="whole">That laid over what it extends.</param>
    public static DocumentNode CalledAs(string name, DocumentNode own, DocumentNode whole) => whole is MappingNode instance && own is MappingNode said && said.Find(ServiceWord) is null && instance.Find(ServiceWord) is not null
        ? instance with { Entries = [.. instance.Entries.Select(entry => entry.Key.Value == ServiceWord ? entry with { Value = new ScalarNode(said.Location, name) } : entry)] }
        : whole;

    private MappingNode Finish()
    {
        // What services mount without a name makes volumes.
        var services = _root.Find("instances") is { } instances ? Services(instances) : null;
        var entries = new List<MappingEntry>(_root.Entries.Count);
        foreach (var entry in _root.Entries.Where(entry => entry.Key.Value != NetworksWord))
        {
            entries.Add(entry.Key.Value switch
            {
                "instances" => entry with { Value = services! },
                "networks" => entry with { Value = Named(entry.Value, "networks", _networks) },
                "volumes" => entry with { Value = _mounts.AddTo(Named(entry.Value, "volumes", _volumes)) },
                _ => entry,
            });
        }

        if (_root.Find("volumes") is null && _mounts.Section is { } volumes)
            entries.Add(new(new ScalarNode(volumes.Location, "volumes"), volumes));
        return _aliases.AddTo(_root with { Entries = entries });
    }

    /// <summary>
    /// As long as services are on the network that docker makes by itself and on no other, that of Incus's default profile does as
    /// well. Beside another one it must be one of the stack's own, and so for all that are on it.
    /// </summary>
    private MappingNode WithDefaultNetwork()
    {
        var networks = _root.Find("networks");
        if (Section("networks").Any(entry => entry.Key.Value == DefaultNetwork) || networks is not (null or MappingNode or ScalarNode { IsNull: true }))
            return _root;
        if (_services.Values.Select(NamedDefault).FirstOrDefault(named => named is not null) is not { } name)
            return _root;
        var place = name with { Tag = null };
        _declared.Add(DefaultNetwork);
        var made = new MappingEntry(place, new MappingNode(place.Location, []) { Origin = place.Origin });
        return networks is null
            ? _root with { Entries = [.. _root.Entries, new(place with { Value = "networks" }, new MappingNode(place.Location, [made]))] }
            : _root with { Entries = [.. _root.Entries.Select(entry => entry.Key.Value == "networks" ? entry with { Value = new MappingNode(entry.Value.Location, [.. Section("networks"), made]) { Origin = entry.Value.Origin } } : entry)] };
    }

    /// <summary>Where a service says of the default network what takes one of the stack's own; null where it does not.</summary>
    private ScalarNode? NamedDefault(MappingNode service)
    {
        var named = Attached(service);
        // What is said of an interface on it, and other names on it, are for a network that is known, too.
        var attached = named.FirstOrDefault(one => one.Name.Value == DefaultNetwork);
        if (attached.Name is { } name && (named.Count > 1 || (attached.Said is MappingNode said && (said.Find(NicWord) ?? said.Find(AliasesWord)) is not null)))
            return name;
        var isOnIt = attached.Name is not null || (named.Count == 0 && service.Find("network_mode") is null);
        return isOnIt && (service.Find(LinksWord) as SequenceNode)?.Items.OfType<ScalarNode>().FirstOrDefault(NamesOtherwise) is { } link
            ? new ScalarNode(link.Location, DefaultNetwork) { Origin = link.Origin }
            : null;
    }

    /// <summary>Whether a link gives another name to a service of the default network.</summary>
    private bool NamesOtherwise(ScalarNode link) => link.Value.Split(':') is [var target, var alias] && target != alias && _services.TryGetValue(target, out var linked)
        && (linked.Find("container_name") as ScalarNode)?.Value != alias && linked.Find("network_mode") is null
        && Attached(linked) is var named && (named.Count == 0 || named.Exists(one => one.Name.Value == DefaultNetwork));

    /// <summary>The networks that a service names, and what it says of each.</summary>
    private static List<(ScalarNode Name, DocumentNode Said)> Attached(MappingNode service) => service.Find("networks") switch
    {
        SequenceNode list => [.. list.Items.Select(item => (Name: (item as MappingNode)?.Find("network") as ScalarNode ?? item as ScalarNode, Said: item)).Where(one => one.Name is not null).Select(one => (one.Name!, one.Said)).DistinctBy(one => one.Item1.Value)],
        MappingNode map => [.. map.Entries.Select(entry => (entry.Key, entry.Value))],
        _ => [],
    };

    private IReadOnlyList<MappingEntry> Section(string name) => _root.Find(name) is MappingNode section ? section.Entries : [];

    private Dictionary<string, string> Names(string section, Func<MappingEntry, string, string> allowed) =>
        Section(section).Where(entry => !entry.Key.Value.StartsWith("x-", StringComparison.Ordinal)).ToDictionary(
            entry => entry.Key.Value,
            entry => allowed(entry, entry.Value is MappingNode mapping && mapping.Find(NameWord) is ScalarNode { IsNull: false, Value.Length: > 0 } name ? name.Value : entry.Key.Value),
            StringComparer.Ordinal);

    /// <summary>
    /// As in docker a network that says no name is the stack's by its name: bridges are the host's, and many files call one
    /// `backend`. A bridge's name is an interface's, which is short.
    /// </summary>
    private string NetworkName(MappingEntry entry, string name)
    {
        var network = entry.Value as MappingNode;
        if (!_declared.Contains(entry.Key.Value) || network?.Find("external") is ScalarNode { Value: "true" })
            return name;
        var isSaid = network?.Find(NameWord) is ScalarNode { IsNull: false, Value.Length: > 0 };
        var full = isSaid ? name : $"{_stack}-{name}";
        if (full.Length <= LongestInterface || (isSaid && network?.Find("type") is not null))
            return full;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..4];
        var made = $"{name[..Math.Min(name.Length, LongestInterface - 5)].TrimEnd('-', '_', '.')}-{digest}";
        if (NameRules.Network(made, "bridge") is not null)
            return full;
        if (isSaid)
            _report(Diagnostic.Warning("NetworkName", entry.Key.Location, $"networks.{entry.Key.Value}", $"the name of a bridge has at most {LongestInterface} characters: it is called `{made}` on the server", "give it a shorter name"));
        return made;
    }

    private DocumentNode Named(DocumentNode section, string word, Dictionary<string, string> names)
    {
        if (section is not MappingNode mapping)
            return section;
        var entries = new List<MappingEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var name = names.GetValueOrDefault(entry.Key.Value, entry.Key.Value);
            if (!seen.Add(name))
                _report(Diagnostic.Error("DuplicateName", entry.Key.Location, $"{word}.{entry.Key.Value}", $"another one of {word} is called {Excerpts.Quote(name)}, too", "give one of the two another name, or write one for both"));
            else
                entries.Add(new(entry.Key with { Value = name }, word == "networks" ? WithIpv6(Network(entry with { Value = WithFamilies(entry.Value) })) : Without(entry.Value, NameWord)));
        }

        return mapping with { Entries = entries };
    }

    /// <summary>A network with what it has in docker without a word.</summary>
    private DocumentNode Network(MappingEntry entry)
    {
        var node = Without(entry.Value, NameWord);
        var network = node as MappingNode ?? new MappingNode(entry.Key.Location, []) { Origin = entry.Key.Origin };
        if (!_aliases.IsOwn(entry.Key.Value) || !_declared.Contains(entry.Key.Value))
            return node;
        var words = new List<MappingEntry>();
        // Incus translates the addresses of a bridge only where it chose them itself.
        var said = s_families.Where(family => network.Find(family) is ScalarNode { IsNull: false, Value: not ("none" or "auto") }).ToList();
        if (said.Count > 0 && network.Find("nat") is null)
            words.Add(Word("nat", new MappingNode(entry.Key.Location, [.. said.Select(family => Word(family, Text("true")))])));
        if (_shared.Contains(entry.Key.Value))
            words.Add(Word("share_names", Text("true")));
        return words.Count == 0 ? node : network with { Entries = [.. network.Entries, .. words] };

        MappingEntry Word(string key, DocumentNode value) => new(Text(key), value);
        ScalarNode Text(string text) => new(entry.Key.Location, text) { Origin = entry.Key.Origin };
    }

    /// <summary>The last file says whether there are addresses of a family; where there are none, it does not count which.</summary>
    private static DocumentNode WithFamilies(DocumentNode node)
    {
        foreach (var (flag, family) in new[] { (EnableIpv4Word, "ipv4"), (EnableIpv6Word, "ipv6") })
        {
            if (node is not MappingNode network || network.Find(flag) is not ScalarNode enabled)
                continue;
            node = Without(node, flag);
            if (enabled.Value != "false")
                continue;
            var others = ((MappingNode)node).Entries.Where(entry => entry.Key.Value != family && !(family == "ipv6" && entry.Key.Value == Ipv6Word));
            node = network with { Entries = [.. others, new MappingEntry(new ScalarNode(enabled.Location, family), new ScalarNode(enabled.Location, "none"))] };
        }

        return node;
    }

    private static DocumentNode WithIpv6(DocumentNode node)
    {
        const string Key = "ipv6.dhcp.stateful";
        if (node is not MappingNode network || network.Find(Ipv6Word) is not { } mark)
            return node;
        var config = network.Find("config") as MappingNode ?? new MappingNode(mark.Location, []) { Origin = mark.Origin };
        if (config.Find(Key) is null)
            config = config with { Entries = [.. config.Entries, new MappingEntry(new ScalarNode(mark.Location, Key), new ScalarNode(mark.Location, "true", ScalarStyle.Quoted))] };
        return network with { Entries = [.. network.Entries.Where(entry => entry.Key.Value is not (Ipv6Word or "config")), new MappingEntry(new ScalarNode(mark.Location, "config"), config)] };
    }

    private DocumentNode Services(DocumentNode section) => section is not MappingNode mapping ? section : mapping with
    {
        Entries = [.. mapping.Entries.Select(entry => _services.TryGetValue(entry.Key.Value, out var service) ? entry with { Value = Service(entry.Key.Value, service) } : entry)],
    };

    private DocumentNode Service(string key, MappingNode service)
    {
        var path = $"services.{(service.Find(ServiceWord) as ScalarNode)?.Value ?? key}";
        service = _mounts.WithOthers(key, service, path);
        var entries = new List<MappingEntry>();
        var devices = new List<MappingEntry>();
        foreach (var entry in service.Entries)
        {
            switch (entry.Key.Value)
            {
                case ServiceWord or LinksWord:
                    break;
                case "networks":
                    if (Networks(entry.Value, devices) is { } networks)
                        entries.Add(entry with { Value = networks });
                    break;
                // Docker goes by the word of the service.
                case "deploy" when entry.Value is MappingNode deploy && deploy.Entries.FirstOrDefault(word => word.Key.Value == "restart_policy") is { } policy && service.Find("restart") is ScalarNode { IsNull: false }:
                    _report(Diagnostic.Warning("IgnoredWord", policy.Key.Location, $"{path}.deploy.restart_policy", "`restart_policy` is passed over: the service says `restart`"));
                    entries.Add(entry with { Value = deploy with { Entries = [.. deploy.Entries.Where(word => word != policy)] } });
                    break;
                case "healthcheck":
                    if (ComposeHealth.Of(entry, path, _report) is { } check)
                        entries.Add(check);
                    break;
                case "volumes" when entry.Value is SequenceNode volumes:
                    entries.Add(entry with { Value = _mounts.Of(key, service, volumes, $"{path}.volumes") });
                    break;
                default:
                    entries.Add(entry);
                    break;
            }
        }

        // On the network that the file calls `default` is whatever says nothing else.
        if (_networks.TryGetValue(DefaultNetwork, out var name) && entries.TrueForAll(entry => entry.Key.Value != "networks") && service.Find("network_mode") is null)
            entries.Add(new(new ScalarNode(service.Location, "networks") { Origin = service.Origin }, new SequenceNode(service.Location, [new ScalarNode(service.Location, name) { Origin = service.Origin }]) { Origin = service.Origin }));
        AddDevices(entries, devices);
        return service with { Entries = entries };
    }

    /// <summary>Adds devices beside those of the service, whose own words count where both say something.</summary>
    private static void AddDevices(List<MappingEntry> entries, List<MappingEntry> devices)
    {
        if (devices.Count == 0)
            return;
        var index = entries.FindIndex(entry => entry.Key.Value == "devices");
        var said = index < 0 ? null : entries[index].Value;
        var there = said switch
        {
            null or ScalarNode { IsNull: true } => new MappingNode(devices[0].Key.Location, []),
            SequenceNode list => ComposeWords.ByName(list),
            // What is wrong with anything else is said once it is bound.
            _ => said as MappingNode,
        };
        if (there is null)
            return;
        var all = there.Entries.ToList();
        foreach (var device in devices)
        {
            var same = all.FindIndex(entry => entry.Key.Value == device.Key.Value);
            if (same < 0)
                all.Add(device);
            else if (all[same].Value is MappingNode own && device.Value is MappingNode made)
                all[same] = all[same] with { Value = own with { Entries = [.. made.Entries.Where(entry => own.Find(entry.Key.Value) is null), .. own.Entries] } };
        }

        var entry = new MappingEntry(index < 0 ? new ScalarNode(devices[0].Key.Location, "devices") : entries[index].Key, there with { Entries = all });
        if (index < 0)
            entries.Add(entry);
        else
            entries[index] = entry;
    }

    /// <summary>The device of an interface that says more than it has words for; null for any other.</summary>
    /// <param name="attachment">What is said of it.</param>
    /// <param name="network">What its network is called.</param>
    /// <param name="index">Its place: interfaces are called by it.</param>
    private static MappingEntry? Device(DocumentNode attachment, ScalarNode network, int index)
    {
        if (attachment is not MappingNode nic || nic.Find(NicWord) is not MappingNode raw)
            return null;
        var place = network.Location;
        var name = nic.Find("name") is ScalarNode { IsNull: false, Value.Length: > 0 } said ? said : new ScalarNode(place, string.Create(CultureInfo.InvariantCulture, $"eth{index}"));
        var entries = new List<MappingEntry> { new(Text("type"), Text("nic")), new(Text("name"), name), new(Text("network"), network) };
        entries.AddRange(RawOfInterface.Where(pair => raw.Find(pair.Raw) is null && nic.Find(pair.Word) is not null).Select(pair => new MappingEntry(Text(pair.Raw), nic.Find(pair.Word)!)));
        return new(Text(name.Value), new MappingNode(nic.Location, [.. entries, .. raw.Entries]));

        ScalarNode Text(string text) => new(place, text);
    }

    /// <summary>On the network that compose makes by itself they find each other by name, as on that of Incus's default profile.</summary>
    /// <param name="node">The networks of a service.</param>
    /// <param name="devices">Gets the interfaces that are devices.</param>
    private DocumentNode? Networks(DocumentNode node, List<MappingEntry> devices)
    {
        switch (node)
        {
            case SequenceNode list:
                var items = list.Items.Where(item => !IsImplied(NetworkOf(item))).Select((item, index) => item switch
                {
                    ScalarNode scalar => scalar with { Value = Renamed(scalar.Value) },
                    MappingNode nic => Attachment(nic with { Entries = [.. nic.Entries.Select(entry => entry.Key.Value == "network" && entry.Value is ScalarNode network ? entry with { Value = network with { Value = Renamed(network.Value) } } : entry)] }, nic.Find("network") is ScalarNode network ? network with { Value = Renamed(network.Value) } : null, index, devices),
                    _ => item,
                }).ToList();
                return items.Count == 0 ? null : list with { Items = items };
            case MappingNode map:
                var kept = map.Entries.Where(entry => !IsImplied(entry.Key.Value)).Select(entry => entry with { Key = entry.Key with { Value = Renamed(entry.Key.Value) } })
                    .Select((entry, index) => entry with { Value = Attachment(entry.Value, entry.Key, index, devices) }).ToList();
                return kept.Count == 0 ? null : map with { Entries = kept };
            case ScalarNode { IsNull: true }:
                return null;
            default:
                return node;
        }
    }

    /// <summary>A service's interface on a network in the words of a stack file; what those do not say makes a device of it.</summary>
    private static DocumentNode Attachment(DocumentNode node, ScalarNode? network, int index, List<MappingEntry> devices)
    {
        if (network is not null && Device(node, network, index) is { } device)
            devices.Add(device);
        return Without(Without(node, AliasesWord), NicWord);
    }

    private static string? NetworkOf(DocumentNode item) => ((item as MappingNode)?.Find("network") as ScalarNode ?? item as ScalarNode)?.Value;

    private bool IsImplied(string? network) => network == DefaultNetwork && !_networks.ContainsKey(DefaultNetwork);

    private string Renamed(string network) => _networks.GetValueOrDefault(network, network);

    private static DocumentNode Without(DocumentNode node, string word) => node is MappingNode mapping && mapping.Find(word) is not null
        ? mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value != word)] }
        : node;
}
