using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// A docker compose file as a stack file: the words that mean something else there are exchanged, and every value keeps its
/// place. What a service says that Incus has no counterpart for, the table of foreign words answers as everywhere; what is
/// said of networks and volumes, this does. Nothing is passed over without a word. What only all files together tell comes
/// after them (<see cref="ComposeWhole"/>).
/// Source: https://docs.docker.com/reference/compose-file/.
/// </summary>
/// <param name="report">Where problems go.</param>
internal sealed class ComposeDialect(Action<Diagnostic> report)
{
    private const string Services = "services";

    /// <summary>True for a document of docker compose: it has services, and no instances.</summary>
    public static bool Recognizes(MappingNode root) => root.Find(Services) is not null && root.Find("instances") is null;

    /// <summary>The document in the words of a stack file.</summary>
    public MappingNode Translate(MappingNode root)
    {
        var service = new ComposeService(report);
        var entries = new List<MappingEntry>();
        foreach (var entry in root.Entries)
        {
            switch (entry.Key.Value)
            {
                // It says which words there were once; compose itself passes it over.
                case "version":
                    break;
                case Services:
                    entries.Add(new(entry.Key with { Value = "instances" }, Each(entry.Value, Services, service.Translate, ComposeService.NamesOf(entry.Value))));
                    break;
                case "networks":
                    entries.Add(entry with { Value = Each(entry.Value, "networks", ComposeResources.Network(report)) });
                    if (entry.Value is MappingNode networks)
                        entries.Add(Declared(entry.Key, networks));
                    break;
                case "volumes":
                    entries.Add(entry with { Value = Each(entry.Value, "volumes", ComposeResources.Volume(report)) });
                    break;
                default:
                    entries.Add(entry);
                    break;
            }
        }

        return root with { Entries = entries };
    }

    /// <summary>
    /// Which networks compose files declare: those are called as in docker, a stack file's own as it says. It stands beside
    /// them, so that what two files say alike stays alike.
    /// </summary>
    private static MappingEntry Declared(ScalarNode key, MappingNode networks) => new(
        key with { Value = ComposeWhole.NetworksWord },
        new MappingNode(networks.Location, [.. networks.Entries.Select(network => network.Key).DistinctBy(name => name.Value).Select(name => new MappingEntry(name, new ScalarNode(name.Location, "true")))]));

    private DocumentNode Each(DocumentNode section, string name, Func<string, DocumentNode, DocumentNode> translate, IReadOnlyDictionary<string, string>? names = null)
    {
        if (section is not MappingNode mapping)
            return section;
        var entries = new List<MappingEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var key = names?.GetValueOrDefault(entry.Key.Value) ?? entry.Key.Value;
            if (!seen.Add(key))
            {
                report(Diagnostic.Error("DuplicateName", entry.Key.Location, $"{name}.{entry.Key.Value}", $"another one of {name} is called {Excerpts.Quote(key)}, too", "give one of the two another name, or write one for both"));
                continue;
            }

            entries.Add(new(entry.Key with { Value = key }, key.StartsWith("x-", StringComparison.Ordinal) ? entry.Value : translate(entry.Key.Value, entry.Value)));
        }

        return mapping with { Entries = entries };
    }
}
