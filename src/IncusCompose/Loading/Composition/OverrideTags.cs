using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// compose's tags for what lies under a value: <c>!reset</c> takes it away, <c>!override</c> puts this value in its place.
/// Both stay on the result of a merge, since it may be laid over something else in turn; <see cref="Resolve(DocumentNode, CompositionBudget)"/> ends them.
/// Source: https://docs.docker.com/reference/compose-file/merge/
/// </summary>
internal static class OverrideTags
{
    public const string Reset = "!reset";
    public const string Override = "!override";

    public static bool IsKnown(string tag) => tag is Reset or Override;

    public static bool IsReset(this DocumentNode node) => node.Tag == Reset;

    public static bool IsOverride(this DocumentNode node) => node.Tag == Override;

    /// <summary>The node without what was reset, and without tags; null where the node itself was reset.</summary>
    /// <param name="node">The node; where there is nothing to resolve, the result is the same object.</param>
    /// <param name="budget">Is told of every node.</param>
    public static DocumentNode? Resolve(DocumentNode node, CompositionBudget budget)
    {
        budget.SpendValue();
        if (node.IsReset())
            return null;
        var resolved = node switch
        {
            MappingNode mapping => Resolve(mapping, budget),
            SequenceNode sequence => Resolve(sequence, budget),
            _ => node,
        };
        return resolved.IsOverride() ? resolved with { Tag = null } : resolved;
    }

    private static MappingNode Resolve(MappingNode mapping, CompositionBudget budget)
    {
        List<MappingEntry>? changed = null;
        for (var i = 0; i < mapping.Entries.Count; i++)
        {
            var entry = mapping.Entries[i];
            var value = Resolve(entry.Value, budget);
            if (changed is null && ReferenceEquals(value, entry.Value))
                continue;
            changed ??= [.. mapping.Entries.Take(i)];
            if (value is not null)
                changed.Add(new MappingEntry(entry.Key, value));
        }

        return changed is null ? mapping : mapping with { Entries = changed };
    }

    private static SequenceNode Resolve(SequenceNode sequence, CompositionBudget budget)
    {
        List<DocumentNode>? changed = null;
        for (var i = 0; i < sequence.Items.Count; i++)
        {
            var item = Resolve(sequence.Items[i], budget);
            if (changed is null && ReferenceEquals(item, sequence.Items[i]))
                continue;
            changed ??= [.. sequence.Items.Take(i)];
            if (item is not null)
                changed.Add(item);
        }

        return changed is null ? sequence : sequence with { Items = changed };
    }
}
