using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>A service of a compose file as an instance.</summary>
/// <param name="report">Where problems go.</param>
/// <param name="networks">What networks are called, where that is not their key.</param>
/// <param name="volumes">What volumes are called, where that is not their key.</param>
/// <param name="hasDefaultNetwork">Whether the file says something of the network that compose makes by itself.</param>
internal sealed partial class ComposeService(
    Action<Diagnostic> report, IReadOnlyDictionary<string, string> networks, IReadOnlyDictionary<string, string> volumes, bool hasDefaultNetwork)
{
    private const string DefaultNetwork = "default";

    /// <summary>Words of a service's network that Incus has no counterpart for, and why it is as good without.</summary>
    private static readonly Dictionary<string, string> s_passedOfNetwork = new(StringComparer.Ordinal)
    {
        ["aliases"] = "an instance is known on its networks by its own name",
        ["priority"] = "interfaces are connected in the order of the file",
        ["gw_priority"] = "the way out leads over the first interface that has one",
        ["link_local_ips"] = "addresses are the network's to give",
        ["driver_opts"] = "they are docker's own",
    };

    /// <summary>The service in the words of an instance.</summary>
    public DocumentNode Translate(string name, DocumentNode node)
    {
        if (node is not MappingNode service)
            return node;
        var path = $"services.{name}";
        var entries = service.Entries.Select(entry => entry.Key.Value switch
        {
            "image" when entry.Value is ScalarNode { IsNull: false, Value.Length: > 0 } image => entry with { Value = image with { Value = OciReference.Translate(image.Value), Template = image.Template } },
            "profiles" => entry with { Key = entry.Key with { Value = "activate" } },
            ComposeExtensions.ProfilesWord => entry with { Key = entry.Key with { Value = "profiles" } },
            "networks" => entry with { Value = Networks(entry.Value, $"{path}.networks") },
            "volumes" => entry with { Value = Volumes(entry.Value) },
            "depends_on" or "links" => entry with { Value = ServicesIn(entry.Value) },
            "extends" => entry with { Value = Extended(entry.Value) },
            "container_name" when entry.Value is ScalarNode said && Allowed(said.Value) is { } allowed => entry with { Value = said with { Value = allowed } },
            _ => entry,
        }).Where(entry => !(entry.Key.Value == "networks" && entry.Value is SequenceNode { Items.Count: 0, Tag: null })).ToList();

        if (Allowed(name) is { } other && service.Find("container_name") is null)
        {
            report(Diagnostic.Warning("ServiceName", node.Location, path, $"no instance can be called {Excerpts.Quote(name)}: it is called `{other}`, and the others reach it by that name",
                $"give it the name `{other}`, or a `container_name`"));
        }

        // On the network that the file calls `default` is whatever says nothing else; a file that only adds to others' services does.
        if (hasDefaultNetwork && service.Find("networks") is null && service.Find("network_mode") is null && service.Find("extends") is null && (service.Find("image") ?? service.Find("build")) is not null)
            entries.Add(new(new ScalarNode(node.Location, "networks"), new SequenceNode(node.Location, [new ScalarNode(node.Location, Renamed(DefaultNetwork))])));
        return service with { Entries = entries };
    }

    /// <summary>What services are called, where their keys are no names for instances.</summary>
    public static IReadOnlyDictionary<string, string> NamesOf(DocumentNode services) =>
        ((services as MappingNode)?.Entries ?? []).Where(entry => !entry.Key.Value.StartsWith("x-", StringComparison.Ordinal) && Allowed(entry.Key.Value) is not null)
            .ToDictionary(entry => entry.Key.Value, entry => Allowed(entry.Key.Value)!, StringComparer.Ordinal);

    /// <summary>A name that Incus takes in place of one that it does not; null for a name that it does.</summary>
    private static string? Allowed(string name) => name.AsSpan().IndexOfAny('_', '.') < 0 ? null : Separators().Replace(name, "-").Trim('-');

    private static DocumentNode Service(DocumentNode node) => node is ScalarNode { IsNull: false } name && Allowed(name.Value) is { } other ? name with { Value = other } : node;

    /// <summary>Names of other services, as a list or as keys.</summary>
    private static DocumentNode ServicesIn(DocumentNode node) => node switch
    {
        SequenceNode list => list with { Items = [.. list.Items.Select(Service)] },
        MappingNode map => map with { Entries = [.. map.Entries.Select(entry => entry with { Key = (ScalarNode)Service(entry.Key) })] },
        _ => node,
    };

    private static DocumentNode Extended(DocumentNode node) => node is MappingNode map
        ? map with { Entries = [.. map.Entries.Select(entry => entry.Key.Value == "service" ? entry with { Value = Service(entry.Value) } : entry)] }
        : Service(node);

    private DocumentNode Networks(DocumentNode node, string path)
    {
        switch (node)
        {
            // On the network that compose makes by itself they find each other by name, as on that of Incus's default profile.
            case SequenceNode list:
                return list with { Items = [.. list.Items.Where(item => !IsImplied((item as ScalarNode)?.Value)).Select(item => item is ScalarNode scalar ? scalar with { Value = Renamed(scalar.Value) } : item)] };
            case MappingNode map:
                var kept = map.Entries.Where(entry => !IsImplied(entry.Key.Value)).Select(entry => new MappingEntry(entry.Key with { Value = Renamed(entry.Key.Value) }, Attachment(entry.Value, $"{path}.{entry.Key.Value}"))).ToList();
                return kept.Count == 0 ? new SequenceNode(map.Location, []) : map with { Entries = kept };
            default:
                return node;
        }
    }

    private bool IsImplied(string? network) => network == DefaultNetwork && !hasDefaultNetwork;

    private string Renamed(string network) => networks.GetValueOrDefault(network, network);

    private DocumentNode Attachment(DocumentNode node, string path)
    {
        if (node is not MappingNode attachment)
            return node;
        var entries = new List<MappingEntry>();
        foreach (var entry in attachment.Entries)
        {
            if (s_passedOfNetwork.TryGetValue(entry.Key.Value, out var reason))
            {
                report(Diagnostic.Warning("IgnoredWord", entry.Key.Location, $"{path}.{entry.Key.Value}", $"`{entry.Key.Value}` is passed over: {reason}"));
                continue;
            }

            var word = entry.Key.Value switch { "ipv4_address" => "ipv4", "ipv6_address" => "ipv6", "mac_address" => "mac", "interface_name" => "name", var same => same };
            entries.Add(entry with { Key = entry.Key with { Value = word } });
        }

        return attachment with { Entries = entries };
    }

    private DocumentNode Volumes(DocumentNode node) => volumes.Count == 0 || node is not SequenceNode list ? node : list with
    {
        Items = [.. list.Items.Select(item => item switch
        {
            ScalarNode scalar when scalar.Value.IndexOf(':', StringComparison.Ordinal) is > 0 and var cut && volumes.TryGetValue(scalar.Value[..cut], out var name) => scalar with { Value = name + scalar.Value[cut..] },
            MappingNode mapping => mapping with
            {
                Entries = [.. mapping.Entries.Select(entry => entry.Key.Value == "source" && entry.Value is ScalarNode source && volumes.TryGetValue(source.Value, out var name) ? entry with { Value = source with { Value = name } } : entry)],
            },
            _ => item,
        })],
    };

    [GeneratedRegex("[_.]+")]
    private static partial Regex Separators();
}
