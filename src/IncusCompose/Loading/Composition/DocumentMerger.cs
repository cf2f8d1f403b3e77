using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// Lays one document over another as compose does: mappings are merged key by key, lists are joined, and of single values
/// the later wins. What compose merges otherwise is in <see cref="MergeRules"/>.
/// </summary>
internal sealed class DocumentMerger(DiagnosticList diagnostics, CompositionBudget budget)
{
    /// <summary>Lays a stack file over those below it.</summary>
    public MappingNode Merge(MappingNode below, MappingNode above) => (MappingNode)Merge(below, above, MergeRules.Root, "");

    /// <summary>Lays what is said of one instance over what else is said of it.</summary>
    public DocumentNode MergeInstance(DocumentNode below, DocumentNode above, string name) =>
        Merge(below, above, MergeRules.Instance, $"instances.{name}");

    /// <param name="below">What is there.</param>
    /// <param name="above">What is laid over it.</param>
    /// <param name="rules">What is said about merging at this place and below it; null: nothing.</param>
    /// <param name="path">The place, for messages.</param>
    internal DocumentNode Merge(DocumentNode below, DocumentNode above, MergeRules? rules, string path)
    {
        // A key without a value says nothing that could replace anything.
        if (above is ScalarNode { IsNull: true, Tag: null })
            return below;
        if (above.Tag is not null)
            return above;
        // What lies under both counts no more.
        if (below.IsReset())
            return above with { Tag = OverrideTags.Override };
        var merged = Combine(below, above, rules, path);
        return below.IsOverride() ? merged with { Tag = OverrideTags.Override } : merged;
    }

    /// <summary>Merges by the kinds of the two nodes, whatever is said about their place.</summary>
    internal DocumentNode MergeByKind(DocumentNode below, DocumentNode above, MergeRules? rules, string path) => (below, above) switch
    {
        (MappingNode lower, MappingNode upper) => MergeMappings(lower, upper, rules, path),
        (SequenceNode lower, SequenceNode upper) => lower with { Items = Join(lower.Items, upper.Items) },
        (ScalarNode or UnusableNode, _) or (_, UnusableNode) => above,
        _ => Refuse(below, above, path),
    };

    /// <summary>Two forms of which neither can become the other: nothing is dropped silently.</summary>
    internal DocumentNode Refuse(DocumentNode below, DocumentNode above, string path)
    {
        diagnostics.Add(Diagnostic.Error("CannotMerge", above.Location, path,
            $"{FormOf(above)} stands here and {FormOf(below)} at {below.Location}, which cannot be merged",
            "write both in the same form, or put `!override` before the one that is to stand alone"));
        return new UnusableNode(above.Location);
    }

    /// <summary>Joins two lists. An item with <c>!reset</c> takes away those below that are the same text.</summary>
    internal IReadOnlyList<DocumentNode> Join(IReadOnlyList<DocumentNode> below, IReadOnlyList<DocumentNode> above)
    {
        budget.SpendMerged(below.Count + above.Count);
        var items = new List<DocumentNode>(below);
        foreach (var item in above)
        {
            if (item.IsReset() && item is ScalarNode reset)
                items.RemoveAll(other => other is ScalarNode scalar && scalar.Value == reset.Value);
            items.Add(item);
        }

        return items;
    }

    /// <summary>Joins two lists whose items have a key: an item above takes the place of the one below with the same key.</summary>
    /// <param name="below">What is there.</param>
    /// <param name="above">What is laid over it.</param>
    /// <param name="keyOf">The key of an item; null for one that has none, which is always added.</param>
    /// <param name="combine">What becomes of two with the same key; null: the one above.</param>
    internal IReadOnlyList<DocumentNode> Join(
        IReadOnlyList<DocumentNode> below,
        IReadOnlyList<DocumentNode> above,
        Func<DocumentNode, string?> keyOf,
        Func<DocumentNode, DocumentNode, DocumentNode>? combine = null)
    {
        budget.SpendMerged(below.Count + above.Count);
        var items = new List<DocumentNode>(below);
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (keyOf(items[i]) is { } key)
                positions.TryAdd(key, i);
        }

        foreach (var item in above)
        {
            var key = keyOf(item);
            if (key is not null && positions.TryGetValue(key, out var position))
            {
                items[position] = combine is null || item.IsReset() || items[position].IsReset() ? item : combine(items[position], item);
                continue;
            }

            if (key is not null)
                positions[key] = items.Count;
            items.Add(item);
        }

        return items;
    }

    /// <summary>Joins two mappings: a value above takes the place of the one below, even where it is no value.</summary>
    internal MappingNode Overlay(MappingNode below, MappingNode above)
    {
        budget.SpendMerged(below.Entries.Count + above.Entries.Count);
        var named = new Dictionary<string, MappingEntry>(StringComparer.Ordinal);
        foreach (var entry in above.Entries)
            named[entry.Key.Value] = entry;
        List<MappingEntry> entries = [.. below.Entries.Select(entry => named.Remove(entry.Key.Value, out var upper) ? upper : entry)];
        entries.AddRange(above.Entries.Where(entry => named.ContainsKey(entry.Key.Value)));
        return below with { Entries = entries };
    }

    private DocumentNode Combine(DocumentNode below, DocumentNode above, MergeRules? rules, string path) =>
        below is ScalarNode { IsNull: true } || rules?.Rule is not { } rule
            ? MergeByKind(below, above, rules, path)
            : rule(this, below, above, rules, path);

    private MappingNode MergeMappings(MappingNode below, MappingNode above, MergeRules? rules, string path)
    {
        budget.SpendMerged(below.Entries.Count + above.Entries.Count);
        var entries = new List<MappingEntry>(below.Entries);
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < entries.Count; i++)
            positions[entries[i].Key.Value] = i;
        foreach (var entry in above.Entries)
        {
            var name = entry.Key.Value;
            if (!positions.TryGetValue(name, out var position))
            {
                entries.Add(entry);
                continue;
            }

            var value = Merge(entries[position].Value, entry.Value, rules?.At(name), path.Length == 0 ? name : $"{path}.{name}");
            entries[position] = new MappingEntry(entry.Key, value);
        }

        return below with { Entries = entries };
    }

    private static string FormOf(DocumentNode node) => node switch
    {
        MappingNode => "a mapping",
        SequenceNode => "a list",
        _ => "a single value",
    };
}
