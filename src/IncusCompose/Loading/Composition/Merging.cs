using System.Globalization;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Composition;

/// <summary>The ways in which <see cref="MergeRules"/> merges. Short and long forms of a value are merged as what they mean.</summary>
internal static class Merging
{
    /// <summary>The one above takes the place of the one below.</summary>
    public static DocumentNode Replace(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path) => above;

    /// <summary>What may stand alone or in a list: the ones above come after those below.</summary>
    public static DocumentNode Several(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path) =>
        List(below, merger.Join(Items(below), Items(above)));

    /// <summary>As <see cref="Several"/>, but a mapping is a form of its own.</summary>
    public static DocumentNode SeveralUnlessMapping(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        if (below is MappingNode && above is MappingNode)
            return merger.MergeByKind(below, above, rules, path);
        return below is MappingNode || above is MappingNode
            ? merger.Refuse(below, above, path)
            : List(below, merger.Join(Items(below), Items(above), MergeKeys.Text));
    }

    /// <summary>Words alone or in a list, each once.</summary>
    public static DocumentNode Words(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path) =>
        below is MappingNode || above is MappingNode
            ? merger.MergeByKind(below, above, rules, path)
            : List(below, merger.Join(Items(below), Items(above), MergeKeys.Text));

    /// <summary>What stands alone, with commas, or in a list. Of two alone the one above counts; otherwise each is in the list once.</summary>
    public static DocumentNode Listed(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        static IReadOnlyList<DocumentNode> Items(DocumentNode node) => node is ScalarNode scalar
            ? [.. scalar.Value.Split(',', StringSplitOptions.TrimEntries).Select(part => scalar with { Value = part })]
            : Merging.Items(node);
        if (below is MappingNode || above is MappingNode || (below is ScalarNode && above is ScalarNode))
            return merger.MergeByKind(below, above, rules, path);
        return List(below, merger.Join(Items(below), Items(above), MergeKeys.Text));
    }

    /// <summary>What may stand alone or in a list, each with a key.</summary>
    public static MergeRule SeveralBy(Func<DocumentNode, string?> keyOf) => (merger, below, above, rules, path) =>
        List(below, merger.Join(Items(below), Items(above), keyOf));

    /// <summary>A list whose items have a key. Where it is a mapping, its own keys do.</summary>
    public static MergeRule By(Func<DocumentNode, string?> keyOf) => (merger, below, above, rules, path) =>
        (below, above) switch
        {
            (SequenceNode or ScalarNode, SequenceNode or ScalarNode) => List(below, merger.Join(Items(below), Items(above), keyOf)),
            _ => merger.MergeByKind(below, above, rules, path),
        };

    /// <summary>A single value that is short for a mapping with one key.</summary>
    public static MergeRule ShortFormOf(string key) => (merger, below, above, rules, path) =>
        below is ScalarNode && above is ScalarNode
            ? above
            : merger.MergeByKind(Long(below, key), Long(above, key), rules, path);

    /// <summary>A value or a list that is short for a mapping with one key.</summary>
    public static MergeRule FormOf(string key) => (merger, below, above, rules, path) =>
    {
        DocumentNode Long(DocumentNode node) => node is ScalarNode or SequenceNode ? Mapping(node, (key, node with { Tag = null })) : node;
        return merger.MergeByKind(Long(below), Long(above), rules, path);
    };

    /// <summary>A list of names, or a mapping with them as its keys.</summary>
    /// <param name="value">What a name in a list says in the mapping.</param>
    public static MergeRule Names(string value) => (merger, below, above, rules, path) =>
    {
        if (below is SequenceNode && above is SequenceNode)
            return List(below, merger.Join(Items(below), Items(above), MergeKeys.Text));
        return AsNames(below, name => new ScalarNode(name.Location, value) { Origin = name.Origin }) is { } lower && AsNames(above, name => new ScalarNode(name.Location, value) { Origin = name.Origin }) is { } upper
            ? merger.MergeByKind(lower, upper, rules, path)
            : above;
    };

    /// <summary><c>soft:hard</c>, one for both, or a mapping.</summary>
    public static DocumentNode Limit(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        static DocumentNode Long(DocumentNode node)
        {
            if (node is not ScalarNode scalar)
                return node;
            var cut = scalar.Value.IndexOf(':', StringComparison.Ordinal);
            return cut < 0
                ? Merging.Long(node, "soft", "hard")
                : Mapping(node, ("soft", scalar with { Value = scalar.Value[..cut], Tag = null }), ("hard", scalar with { Value = scalar.Value[(cut + 1)..], Tag = null }));
        }

        return below is ScalarNode && above is ScalarNode ? above : merger.MergeByKind(Long(below), Long(above), rules, path);
    }

    /// <summary>A port and a path in a word, or a mapping.</summary>
    public static DocumentNode Http(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        static DocumentNode Long(DocumentNode node)
        {
            if (node is not ScalarNode scalar || ReadinessShapes.ParseHttp(scalar.Value) is not { } probe)
                return node;
            DocumentNode Say(string value) => scalar with { Value = value, Tag = null };
            return Mapping(node, ("port", Say(probe.Port.ToString(CultureInfo.InvariantCulture))), ("path", Say(probe.Path)), ("tls", Say(probe.Tls ? "true" : "false")));
        }

        return below is ScalarNode && above is ScalarNode ? above : merger.MergeByKind(Long(below), Long(above), rules, path);
    }

    /// <summary>A number of CPUs or a set of them, each of which takes the place of the other.</summary>
    public static DocumentNode Cpu(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        static DocumentNode Long(DocumentNode node) => node is ScalarNode scalar ? Merging.Long(node, scalar.Value.All(char.IsAsciiDigit) ? "count" : "set") : node;
        if (below is ScalarNode && above is ScalarNode)
            return above;
        var (lower, upper) = (Long(below), Long(above));
        if (lower is MappingNode mapping && upper is MappingNode other && (other.Find("count") is not null || other.Find("set") is not null))
            lower = mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value is not ("count" or "set"))] };
        return merger.MergeByKind(lower, upper, rules, path);
    }

    /// <summary>True, false, a single value that is short for a mapping with one key, or that mapping.</summary>
    /// <param name="key">That key; null where there is no such value.</param>
    public static MergeRule Switch(string? key = null) => (merger, below, above, rules, path) =>
    {
        if (IsFlag(above, isTrue: false) || IsFlag(below, isTrue: false) || IsFlag(below, isTrue: true))
            return above;
        if (IsFlag(above, isTrue: true))
            return below;
        return key is null ? merger.MergeByKind(below, above, rules, path) : ShortFormOf(key)(merger, below, above, rules, path);
    };

    /// <summary>A single value that says the same of several keys of a mapping, or that mapping.</summary>
    public static MergeRule EachOf(params IReadOnlyList<string> keys) => (merger, below, above, rules, path) =>
        below is ScalarNode && above is ScalarNode
            ? above
            : merger.MergeByKind(Long(below, keys), Long(above, keys), rules, path);

    /// <summary><c>network</c> or <c>project/network</c>, or a mapping. What is said in a word says of which project it is, too.</summary>
    public static DocumentNode Peer(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        const string Project = "target_project";
        static DocumentNode Long(DocumentNode node)
        {
            if (node is not ScalarNode { Value: var text } scalar || text.IndexOf('/', StringComparison.Ordinal) is not (>= 0 and var cut))
                return Merging.Long(node, "target_network");
            return Mapping(scalar, (Project, scalar with { Value = text[..cut], Tag = null }), ("target_network", scalar with { Value = text[(cut + 1)..], Tag = null }));
        }

        if (below is ScalarNode && above is ScalarNode)
            return above;
        var lower = Long(below);
        if (above is ScalarNode && lower is MappingNode mapping)
            lower = mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value != Project)] };
        return merger.MergeByKind(lower, Long(above), rules, path);
    }

    /// <summary><c>NAME=value</c> in a list, or a mapping: by name. A name without a value takes the place of one with a value.</summary>
    public static DocumentNode Assignments(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        if (below is SequenceNode && above is SequenceNode)
            return List(below, merger.Join(Items(below), Items(above), MergeKeys.Name));
        if (AsAssignments(below) is not { } lower || AsAssignments(above) is not { } upper)
            return above;
        return merger.Overlay(lower, upper);
    }

    /// <summary>Names and addresses, of which a name may have several: in a list each once, in a mapping by name.</summary>
    public static DocumentNode Hosts(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        if (below is MappingNode && above is MappingNode)
            return merger.MergeByKind(below, above, rules, path);
        return List(below, merger.Join(AsHosts(below), AsHosts(above), MergeKeys.Text));
    }

    /// <summary>A list of names is a mapping in which each has its default condition.</summary>
    public static DocumentNode Dependencies(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        if (below is SequenceNode && above is SequenceNode)
            return List(below, merger.Join(Items(below), Items(above), MergeKeys.Text));
        return AsDependencies(below) is { } lower && AsDependencies(above) is { } upper
            ? merger.MergeByKind(lower, upper, null, path)
            : above;
    }

    /// <summary>By the network's name, whether they stand in a list or in a mapping.</summary>
    public static DocumentNode Networks(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        if (below is MappingNode && above is MappingNode)
            return merger.MergeByKind(below, above, rules, path);
        return List(below, merger.Join(AsAttachments(below), AsAttachments(above), MergeKeys.Network, (lower, upper) =>
            merger.MergeByKind(Long(lower, "network"), Long(upper, "network"), rules.At("*"), path)));
    }

    /// <summary>By name; a list as docker writes them is one of devices by name, where the other one is.</summary>
    public static DocumentNode Devices(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path) => (below, above) switch
    {
        (SequenceNode list, MappingNode) => merger.MergeByKind(ComposeWords.ByName(list), above, null, path),
        (MappingNode, SequenceNode list) => merger.MergeByKind(below, ComposeWords.ByName(list), null, path),
        _ => By(MergeKeys.DeviceTarget)(merger, below, above, rules, path),
    };

    /// <summary>A mapping that becomes text is merged with another; a file or a text stands alone.</summary>
    public static DocumentNode CloudInit(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path)
    {
        static bool IsData(DocumentNode node) => node is MappingNode and not { Entries: [{ Key.Value: "file" }] };
        return IsData(below) && IsData(above) ? merger.MergeByKind(below, above, null, path) : above;
    }

    private static IReadOnlyList<DocumentNode> Items(DocumentNode node) => node is SequenceNode sequence ? sequence.Items : [node];

    private static SequenceNode List(DocumentNode below, IReadOnlyList<DocumentNode> items) => new(below.Location, items) { Origin = below.Origin };

    private static DocumentNode Long(DocumentNode node, params IReadOnlyList<string> keys) => node is ScalarNode
        ? Mapping(node, [.. keys.Select(key => (key, node with { Tag = null }))])
        : node;

    private static MappingNode Mapping(DocumentNode at, params IReadOnlyList<(string Key, DocumentNode Value)> entries) =>
        new(at.Location, [.. entries.Select(entry => new MappingEntry(new ScalarNode(at.Location, entry.Key), entry.Value))]) { Origin = at.Origin };

    private static bool IsFlag(DocumentNode node, bool isTrue) =>
        node is ScalarNode scalar && scalar.Value.ToLowerInvariant() is var text && (isTrue ? text is "true" or "yes" or "on" : text is "false" or "no" or "off");

    /// <summary>The mapping that a list of <c>NAME=value</c> means; null for what is neither, about which binding says more.</summary>
    private static MappingNode? AsAssignments(DocumentNode node)
    {
        if (node is not SequenceNode sequence)
            return node as MappingNode;
        var entries = new List<MappingEntry>(sequence.Items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in sequence.Items)
        {
            if (item is not ScalarNode { IsNull: false } scalar || MergeKeys.Name(scalar) is not { Length: > 0 } name || !names.Add(name))
                return null;
            var hasValue = name.Length < scalar.Value.Length;
            // What a secret stands for is no name.
            if (!hasValue && scalar.Template is not null)
                return null;
            var value = hasValue
                ? scalar with { Value = scalar.Value[(name.Length + 1)..], Style = ScalarStyle.Quoted }
                : new ScalarNode(scalar.Location, "") { Tag = scalar.Tag, Origin = scalar.Origin };
            entries.Add(new MappingEntry(new ScalarNode(scalar.Location, name, ScalarStyle.Quoted), value));
        }

        return new MappingNode(sequence.Location, entries) { Origin = sequence.Origin };
    }

    private static IReadOnlyList<DocumentNode> AsHosts(DocumentNode node) => node is not MappingNode mapping
        ? Items(node)
        :
        [
            .. mapping.Entries.SelectMany(entry => Items(entry.Value).Select(address => address is ScalarNode scalar
                ? scalar with { Value = $"{entry.Key.Value}={scalar.Value}", Template = scalar.Template is null ? null : $"{entry.Key.Value}={scalar.Template}" }
                : address)),
        ];

    private static MappingNode? AsDependencies(DocumentNode node) => AsNames(node, name =>
        new MappingNode(name.Location, [new MappingEntry(new ScalarNode(name.Location, "condition"), new ScalarNode(name.Location, "started"))]) { Origin = name.Origin });

    /// <summary>The mapping that a list of names stands for; null for what is neither, about which binding says more.</summary>
    private static MappingNode? AsNames(DocumentNode node, Func<ScalarNode, DocumentNode> valueOf)
    {
        if (node is not SequenceNode sequence)
            return node as MappingNode;
        var entries = new List<MappingEntry>(sequence.Items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in sequence.Items)
        {
            if (item is not ScalarNode { IsNull: false } name || !names.Add(name.Value))
                return null;
            entries.Add(new MappingEntry(name with { Tag = null }, name.IsReset() ? name : valueOf(name)));
        }

        return new MappingNode(sequence.Location, entries) { Origin = sequence.Origin };
    }

    private static IReadOnlyList<DocumentNode> AsAttachments(DocumentNode node) => node is not MappingNode mapping
        ? Items(node)
        :
        [
            .. mapping.Entries.Select(entry => entry.Value switch
            {
                MappingNode nic => nic with { Entries = [new MappingEntry(new ScalarNode(entry.Key.Location, "network"), entry.Key), .. nic.Entries] },
                ScalarNode { IsNull: true } => entry.Key with { Tag = entry.Value.Tag },
                _ => entry.Value,
            }),
        ];
}
