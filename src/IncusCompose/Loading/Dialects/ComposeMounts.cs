using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// What services mount, once all files are known: volumes by the names that they have on the server,
/// what other services mount, and paths alone, for which docker makes a volume without a name. Such a path lies on
/// the instance's own disk, unless something else is mounted around it: what the image has there would be hidden, and so it is
/// a volume of the stack. Source: https://docs.docker.com/engine/storage/volumes/#named-and-anonymous-volumes
/// </summary>
internal sealed class ComposeMounts
{
    private const string From = "volumes_from";

    private readonly IReadOnlyDictionary<string, string> _names;
    private readonly IReadOnlyDictionary<string, MappingNode> _services;
    private readonly Action<Diagnostic> _report;

    private readonly HashSet<string> _taken;
    private readonly List<MappingEntry> _made = [];
    private readonly ComposeBinds _binds;

    /// <param name="names">What the volumes of the file are called on the server.</param>
    /// <param name="volumes">The volumes of the file, by their keys.</param>
    /// <param name="services">The services, by the keys that they have as instances.</param>
    /// <param name="report">Where problems go.</param>
    public ComposeMounts(IReadOnlyDictionary<string, string> names, IReadOnlyList<MappingEntry> volumes, IReadOnlyDictionary<string, MappingNode> services, Action<Diagnostic> report)
    {
        (_names, _services, _report, _taken) = (names, services, report, [.. names.Values]);
        _binds = new(volumes.DistinctBy(Name).ToDictionary(Name, entry => entry.Value, StringComparer.Ordinal), report);

        string Name(MappingEntry entry) => names.GetValueOrDefault(entry.Key.Value, entry.Key.Value);
    }

    /// <summary>A service with what it mounts of others (<c>volumes_from</c>); what cannot be found stays, and is answered as a word without a counterpart.</summary>
    public MappingNode WithOthers(string key, MappingNode service, string path)
    {
        if (service.Find(From) is not SequenceNode { Items.Count: > 0 } others)
            return service;
        var found = new List<DocumentNode>();
        if (!Gather(key, service, isReadOnly: false, new HashSet<string>(StringComparer.Ordinal), found, path))
            return service;
        var targets = Own(service).Select(TargetOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var mounts = new SequenceNode(others.Location, [.. Own(service), .. found.Where(mount => TargetOf(mount) is { } target && targets.Add(target))]);
        var rest = service.Entries.Where(entry => entry.Key.Value != From);
        return service with
        {
            Entries = service.Find("volumes") is null
                ? [.. rest, new(new ScalarNode(others.Location, "volumes"), mounts)]
                : [.. rest.Select(entry => entry.Key.Value == "volumes" ? entry with { Value = mounts } : entry)],
        };
    }

    /// <summary>Follows what services mount of one another.</summary>
    private bool Gather(string key, MappingNode service, bool isReadOnly, HashSet<string> open, List<DocumentNode> found, string path)
    {
        if (!open.Add(key) || service.Find(From) is not SequenceNode others)
            return true;
        foreach (var item in others.Items)
        {
            if (item is not ScalarNode { IsNull: false } other || other.Value.Split(':') is not [var name, ..] parts || parts is not ([_] or [_, "ro" or "rw"]) || !_services.TryGetValue(ComposeService.Allowed(name) ?? name, out var named))
                return false;
            var isOnlyRead = isReadOnly || other.Value.EndsWith(":ro", StringComparison.Ordinal);
            foreach (var mount in Own(named))
            {
                if (AnonymousTarget(mount) is { } target)
                    _report(Diagnostic.Error("AnonymousVolume", other.Location, $"{path}.{From}", $"{Excerpts.Quote(target)} of `{name}` has no name by which another service could mount it, too", $"write a volume's name before it there, as in `data:{target}`"));
                else
                    found.Add(isOnlyRead ? ReadOnly(mount) : mount);
            }

            if (!Gather(ComposeService.Allowed(name) ?? name, named, isOnlyRead, open, found, path))
                return false;
        }

        return true;
    }

    private static IReadOnlyList<DocumentNode> Own(MappingNode service) => (service.Find("volumes") as SequenceNode)?.Items ?? [];

    private static DocumentNode ReadOnly(DocumentNode mount) => mount switch
    {
        ScalarNode scalar => scalar with { Value = $"{string.Join(':', scalar.Value.Split(':').Take(2))}:ro" },
        MappingNode mapping => mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value is not ("read_only" or "readonly")), new(new ScalarNode(mapping.Location, "read_only"), new ScalarNode(mapping.Location, "true"))] },
        _ => mount,
    };

    /// <summary>The volumes that were made; null where there are none.</summary>
    public MappingNode? Section => _made.Count == 0 ? null : (MappingNode)_binds.Apply(Made);

    private MappingNode Made => new(_made[0].Key.Location, _made);

    /// <summary>The volumes of the file, and those that were made.</summary>
    public DocumentNode AddTo(DocumentNode volumes) => _binds.Apply(volumes switch
    {
        _ when _made.Count == 0 => volumes,
        MappingNode mapping => mapping with { Entries = [.. mapping.Entries, .. _made] },
        ScalarNode { IsNull: true } => Made,
        _ => volumes,
    });

    /// <summary>The mounts of a service.</summary>
    /// <param name="key">The service's key as an instance.</param>
    /// <param name="service">The service.</param>
    /// <param name="mounts">What it lists.</param>
    /// <param name="path">Where that stands, for messages.</param>
    public SequenceNode Of(string key, MappingNode service, SequenceNode mounts, string path)
    {
        var named = mounts.Items.Where(item => AnonymousTarget(item) is null).Select(TargetOf).OfType<string>().ToList();
        var kept = new List<DocumentNode>(mounts.Items.Count);
        foreach (var item in mounts.Items)
        {
            if (AnonymousTarget(item) is not { } target)
            {
                kept.Add(Renamed(item));
                continue;
            }

            if (named.Exists(mount => target.StartsWith(mount + "/", StringComparison.Ordinal)))
            {
                if (Make(key, service, item, target, path) is { } made)
                    kept.Add(made);
                continue;
            }

            _report(Diagnostic.Warning("IgnoredWord", item.Location, path, $"{Excerpts.Quote(target)} is passed over: it is on the instance's own disk, and goes when that is made anew",
                $"write a volume's name before it, as in `data:{target}`, to keep it"));
        }

        return mounts with { Items = _binds.Of(service, kept, _made.Select(made => made.Key.Value).ToHashSet(StringComparer.Ordinal), path) };
    }

    /// <summary>Whether there are to be several instances of a service.</summary>
    public static bool IsSeveral(MappingNode service) =>
        (service.Find("scale") ?? (service.Find("deploy") as MappingNode)?.Find("replicas")) is ScalarNode { IsNull: false, Value: not "1" };

    private DocumentNode? Make(string key, MappingNode service, DocumentNode item, string target, string path)
    {
        if (IsSeveral(service))
        {
            _report(Diagnostic.Error("AnonymousVolume", item.Location, path, $"{Excerpts.Quote(target)} would be a volume of its own for each of the instances",
                $"write a volume's name before it, as in `data:{target}`, for one that they share"));
            return null;
        }

        var place = item.Location;
        var name = $"{key}-{string.Concat(target.Trim('/').Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' ? letter : '-'))}";
        while (!_taken.Add(name))
            name += "-2";
        _made.Add(new(Text(name), new ScalarNode(place, "")));
        return item is MappingNode mount
            ? mount with { Entries = [new(Text("source"), Text(name)), .. mount.Entries.Where(entry => entry.Key.Value != "source")] }
            : new ScalarNode(place, $"{name}:{target}", ScalarStyle.Quoted) { Origin = item.Origin };

        ScalarNode Text(string text) => new(place, text);
    }

    /// <summary>The path of a volume without a name; null for any other mount.</summary>
    private static string? AnonymousTarget(DocumentNode item) => item switch
    {
        ScalarNode { IsNull: false, Value: ['/', _, ..] text } when !text.Contains(':', StringComparison.Ordinal) => text.TrimEnd('/'),
        MappingNode mount when (mount.Find("source") is null or ScalarNode { IsNull: true }) && mount.Find("tmpfs") is null && mount.Find("type") is ScalarNode { Value: "volume" } && mount.Find("target") is ScalarNode { IsNull: false } target => target.Value.TrimEnd('/'),
        _ => null,
    };

    private static string? TargetOf(DocumentNode mount) => mount switch
    {
        ScalarNode scalar when scalar.Value.Split(':') is [_, var target, ..] => target.TrimEnd('/'),
        MappingNode mapping => (mapping.Find("target") as ScalarNode)?.Value.TrimEnd('/'),
        _ => null,
    };

    /// <summary>A mount of a volume by the name that it has on the server.</summary>
    private DocumentNode Renamed(DocumentNode item)
    {
        switch (item)
        {
            case ScalarNode scalar when scalar.Value.IndexOf(':', StringComparison.Ordinal) is > 0 and var cut:
                return _names.TryGetValue(scalar.Value[..cut], out var name) && name != scalar.Value[..cut] ? scalar with { Value = name + scalar.Value[cut..] } : scalar;
            case MappingNode mapping when mapping.Find("source") is ScalarNode source && _names.TryGetValue(source.Value, out var called):
                return mapping with { Entries = [.. mapping.Entries.Select(entry => entry.Key.Value == "source" ? entry with { Value = source with { Value = called } } : entry)] };
            default:
                return item;
        }
    }
}
