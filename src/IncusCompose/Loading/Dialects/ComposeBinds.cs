using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// Paths of the host that services mount, as docker mounts them: owners have the numbers there that they have on the host
/// (Incus's <c>shift</c>), and a folder that is not there is made. What Incus shifts it mounts after all that it does not, and so
/// over it: volumes within are shifted as well, and a folder with something in it that cannot be keeps the host's owners.
/// Source: https://docs.docker.com/engine/storage/bind-mounts/, Incus doc/reference/devices_disk.md, <c>shift</c>.
/// </summary>
/// <param name="volumes">The volumes of the file, by the names that they have on the server.</param>
/// <param name="report">Where problems go.</param>
internal sealed class ComposeBinds(IReadOnlyDictionary<string, DocumentNode> volumes, Action<Diagnostic> report)
{
    private const string ShiftedKey = "security.shifted";

    // File systems of the kernel, which map no owners, and sockets, which are whose they are.
    private static readonly string[] s_unshifted = ["/proc", "/sys", "/dev", "/run", "/var/run"];

    private readonly HashSet<string> _shifted = new(StringComparer.Ordinal);

    /// <summary>The mounts of a service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="mounts">What it mounts, volumes by the names that they have on the server.</param>
    /// <param name="own">Volumes that were made for paths alone.</param>
    /// <param name="path">Where that stands, for messages.</param>
    public IReadOnlyList<DocumentNode> Of(MappingNode service, IReadOnlyList<DocumentNode> mounts, IReadOnlySet<string> own, string path)
    {
        var all = mounts.Select(mount => Read(mount, path)).ToList();
        if (IsUnmapped(service))
            return [.. all.Select(mount => mount.Node)];
        var inMemory = Tmpfs(service).Concat(all.Where(mount => mount.Kind == Kind.Memory).Select(mount => mount.Target)).ToList();
        // Whether an outer one can be shifted depends on those within.
        foreach (var mount in all.Where(mount => mount.Kind == Kind.Bind).OrderByDescending(mount => mount.Target.Length))
        {
            var within = all.Where(other => other != mount && IsWithin(other.Target, mount.Target)).ToList();
            if (mount.CanShift)
            {
                var obstacle = inMemory.Find(target => IsWithin(target, mount.Target))
                    ?? within.Find(other => other.Kind == Kind.Bind ? !other.IsShifted : other.Kind == Kind.Volume && !CanShift(other.Source, own))?.Target;
                if (obstacle is null)
                    mount.Shift();
                else if (!IsOfKernel(mount.Source))
                    report(Diagnostic.Warning("Approximated", mount.Node.Location, path, $"files below `{mount.Target}` keep the owners that they have on the host, who are nobody in the instance: what is mounted at `{obstacle}` would be hidden otherwise", "let nothing be mounted within it, or say `privileged` where the instance may be trusted with that"));
            }

            if (mount.IsShifted)
                _shifted.UnionWith(within.Where(other => other.Kind == Kind.Volume).Select(other => other.Source));
        }

        return [.. all.Select(mount => mount.Node)];
    }

    /// <summary>The volumes, with what those need that are mounted within what is shifted.</summary>
    public DocumentNode Apply(DocumentNode section) => section is not MappingNode mapping || _shifted.Count == 0 ? section : mapping with
    {
        Entries = [.. mapping.Entries.Select(entry => _shifted.Contains(entry.Key.Value) && CanBeTold(entry.Value) ? entry with { Value = Shifted(entry) } : entry)],
    };

    private static MappingNode Shifted(MappingEntry entry)
    {
        var place = entry.Key.Location;
        var volume = entry.Value as MappingNode ?? new MappingNode(place, []) { Origin = entry.Key.Origin };
        var config = volume.Find("config") as MappingNode ?? new MappingNode(place, []);
        var word = new MappingEntry(new ScalarNode(place, ShiftedKey), new ScalarNode(place, "true", ScalarStyle.Quoted));
        return config.Find(ShiftedKey) is not null ? volume : volume with { Entries = [.. volume.Entries.Where(other => other.Key.Value != "config"), new MappingEntry(new ScalarNode(place, "config"), config with { Entries = [.. config.Entries, word] })] };
    }

    private bool CanShift(string volume, IReadOnlySet<string> own) => own.Contains(volume) || (volumes.TryGetValue(volume, out var said) && CanBeTold(said));

    /// <summary>True for a volume of the file that does not say that it is not to be shifted.</summary>
    private static bool CanBeTold(DocumentNode said) =>
        said is not MappingNode volume || (volume.Find("external") is null or ScalarNode { Value: "false" } && (volume.Find("config") as MappingNode)?.Find(ShiftedKey) is null or ScalarNode { Value: "true" });

    /// <summary>True for what has no owners of its own to map: it has those of the host anyway, or is a machine.</summary>
    private static bool IsUnmapped(MappingNode service) =>
        IsTrue(service.Find("privileged")) || IsTrue((service.Find("config") as MappingNode)?.Find("security.privileged"))
        || (service.Find("type") is ScalarNode { IsNull: false } type && type.Value != "container");

    private static IEnumerable<string> Tmpfs(MappingNode service) => (service.Find("tmpfs") switch { SequenceNode list => list.Items, { } one => [one], null => [] })
        .OfType<ScalarNode>().Select(mount => mount.Value.Split(':')[0].TrimEnd('/'));

    private static bool IsWithin(string target, string outer) => target.StartsWith(outer + "/", StringComparison.Ordinal);

    private static bool IsOfKernel(string source) => Array.Exists(s_unshifted, folder => source == folder || source.StartsWith(folder + "/", StringComparison.Ordinal));

    private static bool IsTrue(DocumentNode? node) => node is ScalarNode { IsNull: false } scalar && scalar.Value.ToLowerInvariant() is "true" or "yes" or "on" or "1";

    private Mounted Read(DocumentNode node, string path)
    {
        switch (node)
        {
            case ScalarNode { IsNull: false } text when text.Value.Split(':') is [{ Length: > 0 } source, ['/', ..] target, ..] parts && parts.Length <= 3:
                return MountShapes.LooksLikePath(source) && LongForm(text, parts, path) is { } bind
                    ? new(bind, Kind.Bind, source, target.TrimEnd('/'))
                    : new(text, MountShapes.LooksLikePath(source) ? Kind.Other : Kind.Volume, source, target.TrimEnd('/'));
            case MappingNode mount when mount.Find("target") is ScalarNode { IsNull: false } target:
                var from = (mount.Find("source") as ScalarNode)?.Value ?? "";
                var kind = (mount.Find("type") as ScalarNode)?.Value switch { "bind" => Kind.Bind, "volume" => Kind.Volume, "tmpfs" => Kind.Memory, null => MountShapes.LooksLikePath(from) ? Kind.Bind : Kind.Volume, _ => Kind.Other };
                return new(kind == Kind.Bind ? WithFolder(mount, from) : mount, kind, from, target.Value.TrimEnd('/'));
            default:
                // What is wrong with it is said once it is bound.
                return new(node, Kind.Other, "", "");
        }
    }

    /// <summary>A short form in the long one; null for one with options that it does not have.</summary>
    private MappingNode? LongForm(ScalarNode text, string[] parts, string path)
    {
        var options = parts.Length == 3 ? parts[2].Split(',') : [];
        if (Array.Exists(options, option => option is not ("ro" or "rw" or "z" or "Z" or "cached" or "delegated" or "consistent" or "nocopy" or "shift") && !MountShapes.Propagations.Contains(option)))
            return null;
        foreach (var label in options.Where(option => option is "z" or "Z"))
            report(Diagnostic.Warning("IgnoredWord", text.Location, path, $"`{label}` is passed over: Incus labels no files", "leave it out"));
        List<MappingEntry> entries = [Entry("type", "bind"), Entry("source", parts[0]), Entry("target", parts[1])];
        if (options.Contains("ro"))
            entries.Add(Entry("read_only", "true"));
        if (options.Contains("shift"))
            entries.Add(Entry("shift", "true"));
        if (Array.Find(options, MountShapes.Propagations.Contains) is { } propagation)
            entries.Add(new(Scalar("bind"), new MappingNode(text.Location, [Entry("propagation", propagation)])));
        return WithFolder(new MappingNode(text.Location, entries) { Origin = text.Origin }, parts[0]);

        MappingEntry Entry(string word, string value) => new(Scalar(word), Scalar(value));
        ScalarNode Scalar(string value) => text with { Value = value, Style = ScalarStyle.Plain };
    }

    /// <summary>Docker makes a folder that is not there, unless it is told not to.</summary>
    private static MappingNode WithFolder(MappingNode mount, string source)
    {
        const string Word = "create_host_path";
        var bind = mount.Find("bind") as MappingNode;
        if (IsOfKernel(source) || bind?.Find(Word) is not null || mount.Find("bind") is not (null or MappingNode or ScalarNode { IsNull: true }))
            return mount;
        var place = mount.Location;
        var words = bind ?? new MappingNode(place, []);
        words = words with { Entries = [.. words.Entries, new MappingEntry(new ScalarNode(place, Word), new ScalarNode(place, "true"))] };
        return mount with { Entries = [.. mount.Entries.Where(entry => entry.Key.Value != "bind"), new MappingEntry(new ScalarNode(place, "bind"), words)] };
    }

    private enum Kind
    {
        Bind,
        Volume,
        Memory,
        Other,
    }

    private sealed class Mounted(DocumentNode node, Kind kind, string source, string target)
    {
        public DocumentNode Node { get; private set; } = node;

        public Kind Kind => kind;

        public string Source => source;

        public string Target => target;

        public bool CanShift => kind == Kind.Bind && !IsOfKernel(source) && ((MappingNode)Node).Find("shift") is null;

        public bool IsShifted => Node is MappingNode mount && IsTrue(mount.Find("shift"));

        public void Shift()
        {
            var mount = (MappingNode)Node;
            Node = mount with { Entries = [.. mount.Entries, new(new ScalarNode(mount.Location, "shift"), new ScalarNode(mount.Location, "true"))] };
        }
    }
}
