using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <summary>Lays one file over another: mappings are merged key by key, lists are joined, and of single values the later wins.</summary>
internal static class DocumentMerger
{
    public static DocumentNode Merge(DocumentNode below, DocumentNode above) => (below, above) switch
    {
        (MappingNode lower, MappingNode upper) => MergeMappings(lower, upper),
        (SequenceNode lower, SequenceNode upper) => lower with { Items = [.. lower.Items, .. upper.Items] },
        // A key without a value says nothing that could replace anything.
        (_, ScalarNode { IsNull: true }) => below,
        _ => above,
    };

    private static MappingNode MergeMappings(MappingNode below, MappingNode above)
    {
        var entries = new List<MappingEntry>(below.Entries);
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < entries.Count; i++)
            positions[entries[i].Key.Value] = i;
        foreach (var entry in above.Entries)
        {
            if (positions.TryGetValue(entry.Key.Value, out var position))
                entries[position] = new MappingEntry(entry.Key, Merge(entries[position].Value, entry.Value));
            else
                entries.Add(entry);
        }

        return below with { Entries = entries };
    }
}
