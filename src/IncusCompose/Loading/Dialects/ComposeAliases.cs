using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// Names of services beside the one that their instances have: docker knows a service by its key, whatever its container is
/// called, and by what its networks and links call it. An Incus network knows instances by their own names; other names of them
/// are lines for its name server, where the network is the stack's own. Source: dnsmasq(8), --cname.
/// </summary>
internal sealed class ComposeAliases
{
    /// <summary>To a name server letters are the same whatever their case: a line that leads from `DB` to `db` is a loop, and it does not start.</summary>
    private static readonly StringComparer s_names = StringComparer.OrdinalIgnoreCase;

    private readonly Action<Diagnostic> _report;
    private readonly IReadOnlyDictionary<string, MappingNode> _services;
    private readonly Func<string, string> _nameOf;

    /// <summary>The lines of each network, by the other name.</summary>
    private readonly Dictionary<string, OrderedDictionary<string, string>> _lines = new(StringComparer.Ordinal);

    /// <summary>What instances are called.</summary>
    private readonly HashSet<string> _instances;

    /// <summary>The bridges that the stack makes.</summary>
    private readonly HashSet<string> _own;

    /// <param name="report">Where problems go.</param>
    /// <param name="root">The document.</param>
    /// <param name="services">Its services, by the keys that they have as instances.</param>
    /// <param name="nameOf">What a network is called.</param>
    public ComposeAliases(Action<Diagnostic> report, MappingNode root, IReadOnlyDictionary<string, MappingNode> services, Func<string, string> nameOf)
    {
        (_report, _services, _nameOf) = (report, services, nameOf);
        _instances = services.Keys.Select(NameOf).ToHashSet(s_names);
        _own = ((root.Find("networks") as MappingNode)?.Entries ?? []).Where(entry => !(entry.Value is MappingNode mapping && (mapping.Find("external") is ScalarNode { Value: "true" } || mapping.Find("type") is not null)))
            .Select(entry => entry.Key.Value).ToHashSet(StringComparer.Ordinal);
        var dependents = new Lazy<ILookup<string, string>>(() => services.SelectMany(service => Names(service.Value.Find("depends_on")).Concat(Names(service.Value.Find("links"))).Select(name => (Name: name, Dependent: service.Key))).ToLookup(pair => pair.Name, pair => pair.Dependent, StringComparer.Ordinal));
        // The services' own names come first, whatever the order of the file: no other name takes one away.
        foreach (var (key, service) in services)
        {
            foreach (var (network, _) in NetworksOf(service))
            {
                foreach (var own in new[] { CalledIn(key, service), key }.Distinct(s_names))
                    _ = Add(network, own, NameOf(key));
            }
        }

        foreach (var (key, service) in services)
        {
            var name = NameOf(key);
            var called = CalledIn(key, service);
            foreach (var (network, attachment) in NetworksOf(service))
            {
                foreach (var alias in Texts((attachment as MappingNode)?.Find(ComposeWhole.AliasesWord)))
                {
                    if (Add(network, alias.Value, name) is var (reason, advice))
                        report(Diagnostic.Warning("IgnoredWord", alias.Location, $"services.{called}.networks.{network}.aliases", $"`{alias.Value}` of `aliases` is passed over: {reason}", advice));
                }
            }

            foreach (var link in Texts(service.Find(ComposeWhole.LinksWord)))
            {
                var (target, alias) = link.Value.Split(':') is [var one, var other] ? (one, other) : (link.Value, "");
                var shared = services.TryGetValue(target, out var linked) ? NetworksOf(linked).Select(pair => pair.Network).Intersect(NetworksOf(service).Select(pair => pair.Network)).ToList() : [];
                if (IsSame(alias, NameOf(target)) || IsSame(alias, target))
                    continue;
                if (!shared.Any(IsOwn))
                {
                    _report(Diagnostic.Error("BadLink", link.Location, $"services.{called}.links", $"{Excerpts.Quote(link.Value)} gives `{target}` another name, `{alias}`, which the network of Incus's default profile does not know",
                        $"write `{target}`, call the service `{alias}`, or put both on a network of `networks`"));
                }

                // Whoever asks for it would reach another service, or none.
                if (shared.Where(IsOwn).Select(network => Add(network, alias, NameOf(target))).ToList().Find(refused => refused is not null) is var (why, _))
                    _report(Diagnostic.Error("BadLink", link.Location, $"services.{called}.links", $"{Excerpts.Quote(link.Value)} cannot give `{target}` another name, `{alias}`: {why}", $"write `{target}`, or another name"));
            }

            if (!IsSame(name, called) && service.Find("container_name") is ScalarNode { Value.Length: > 0 } && !NetworksOf(service).Any(pair => IsOwn(pair.Network)) && dependents.Value[key].FirstOrDefault() is { } dependent)
            {
                _report(Diagnostic.Warning("ServiceName", (service.Find("container_name") ?? service).Location, $"services.{called}.container_name",
                    $"others, such as `{dependent}`, reach it by this name alone, and not as `{called}`", "leave it out, or put both on a network of `networks`"));
            }
        }
    }

    /// <summary>The document, whose own networks know the other names.</summary>
    public MappingNode AddTo(MappingNode document)
    {
        if (_lines.Count == 0)
            return document;
        return document with
        {
            Entries = [.. document.Entries.Select(entry => entry.Key.Value == "networks" && entry.Value is MappingNode networks
                ? entry with { Value = networks with { Entries = [.. networks.Entries.Select(network => _lines.TryGetValue(network.Key.Value, out var lines) ? network with { Value = With(network, lines) } : network)] } }
                : entry)],
        };
    }

    private static MappingNode With(MappingEntry network, OrderedDictionary<string, string> lines)
    {
        const string Key = "raw.dnsmasq";
        var place = network.Key.Location;
        var mapping = network.Value as MappingNode ?? new MappingNode(place, []) { Origin = network.Key.Origin };
        var config = mapping.Find("config") as MappingNode ?? new MappingNode(place, []) { Origin = network.Key.Origin };
        // The short name, and the one with the domain that resolvers add to it. Source: Incus doc/reference/network_bridge.md, dns.domain.
        var domain = (config.Find("dns.domain") as ScalarNode)?.Value ?? (mapping.Find("share_names") is null ? NetworkNames.TopDomain : NetworkNames.OwnDomain(network.Key.Value));
        var text = string.Join('\n', lines.Select(line => $"cname={line.Key},{line.Key}.{domain},{line.Value}"));
        if (config.Find(Key) is ScalarNode { Value.Length: > 0 } own)
            text = $"{own.Value.TrimEnd('\n')}\n{text}";
        config = config with { Entries = [.. config.Entries.Where(entry => entry.Key.Value != Key), new MappingEntry(new ScalarNode(place, Key), new ScalarNode(place, text, ScalarStyle.Block))] };
        return mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value != "config"), new MappingEntry(new ScalarNode(place, "config"), config)] };
    }

    /// <summary>Lets an instance be known by another name, too.</summary>
    /// <returns>Why that cannot be, and what to do; null where it is.</returns>
    private (string Reason, string Advice)? Add(string network, string alias, string instance)
    {
        if (IsSame(alias, instance))
            return null;
        if (!IsOwn(network))
            return ("only a network of the stack's own can be told other names", "");
        if (alias.Length == 0 || alias.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
            return ("it is no host name", "use letters, digits and dashes");
        var lines = _lines.TryGetValue(_nameOf(network), out var known) ? known : _lines[_nameOf(network)] = new OrderedDictionary<string, string>(s_names);
        if (lines.TryGetValue(alias, out var other) && other == instance)
            return null;
        if (_instances.Contains(alias) || !lines.TryAdd(alias, instance))
            return ("another service has this name, and a name leads to one", "");
        return null;
    }

    /// <summary>What its file calls a service.</summary>
    private static string CalledIn(string key, MappingNode service) => (service.Find(ComposeWhole.ServiceWord) as ScalarNode)?.Value ?? key;

    private static bool IsSame(string one, string other) => s_names.Equals(one, other);

    /// <summary>True for a bridge that the stack makes.</summary>
    public bool IsOwn(string network) => _own.Contains(network);

    /// <summary>What the instance of a service is called; of several the first, since a name leads to one.</summary>
    private string NameOf(string key)
    {
        if (!_services.TryGetValue(key, out var service))
            return key;
        if ((service.Find("container_name") as ScalarNode)?.Value is { Length: > 0 } said)
            return said;
        return ComposeMounts.IsSeveral(service) ? $"{key}-1" : key;
    }

    private static IEnumerable<string> Names(DocumentNode? node) => node is MappingNode map ? map.Entries.Select(entry => entry.Key.Value) : Texts(node).Select(text => text.Value);

    private static IEnumerable<ScalarNode> Texts(DocumentNode? node) => (node as SequenceNode)?.Items.OfType<ScalarNode>().Where(text => !text.IsNull) ?? [];

    /// <summary>The networks that a service is on, and what it says of each.</summary>
    public IEnumerable<(string Network, DocumentNode? Attachment)> NetworksOf(MappingNode service) => service.Find("networks") switch
    {
        SequenceNode { Items.Count: > 0 } list => list.Items.Select(item => item switch
        {
            ScalarNode scalar => (scalar.Value, (DocumentNode?)null),
            MappingNode nic when nic.Find("network") is ScalarNode network => (network.Value, nic),
            _ => ("", null),
        }),
        MappingNode { Entries.Count: > 0 } map => map.Entries.Select(entry => (entry.Key.Value, (DocumentNode?)entry.Value)),
        _ => service.Find("network_mode") is null && IsOwn(ComposeWhole.DefaultNetwork) ? [(ComposeWhole.DefaultNetwork, null)] : [],
    };
}
