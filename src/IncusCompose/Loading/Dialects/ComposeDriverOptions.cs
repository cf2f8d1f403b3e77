using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// Volumes whose driver's options say what docker mounts for them. A folder of the host is one for Incus too, under the services
/// that mount it, and so is a file system in memory; all other kinds the host has to mount itself. What they say is told once all
/// files are laid over one another, since each may say a part. Source: https://docs.docker.com/reference/cli/docker/volume/create/
/// </summary>
internal sealed class ComposeDriverOptions
{
    /// <summary>The options of a volume until all files are known; no file can say it.</summary>
    public const string Word = "\u0001driver_opts";

    private const string Volumes = "volumes";

    private readonly Action<Diagnostic> _report;
    private readonly Dictionary<string, Mounted> _mounted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    private ComposeDriverOptions(Action<Diagnostic> report) => _report = report;

    /// <summary>What stands in a volume's place.</summary>
    /// <param name="Device">The folder of the host; null: a file system in memory.</param>
    /// <param name="Options">How it is mounted.</param>
    /// <param name="Place">Where that is said.</param>
    private sealed record Mounted(ScalarNode? Device, IReadOnlyList<string> Options, MappingNode Place);

    /// <summary>The whole document without such options; the same one where it has none.</summary>
    public static MappingNode Apply(MappingNode root, Action<Diagnostic> report) =>
        root.Find(Volumes) is MappingNode volumes && volumes.Entries.Any(entry => OptionsOf(entry.Value) is not null) ? new ComposeDriverOptions(report).Without(root, volumes) : root;

    private static DocumentNode? OptionsOf(DocumentNode volume) => (volume as MappingNode)?.Find(Word);

    private MappingNode Without(MappingNode root, MappingNode volumes)
    {
        var kept = volumes.Entries.Select(Volume).OfType<MappingEntry>().ToList();
        var entries = root.Entries.Select(entry => entry.Key.Value switch
        {
            Volumes => entry with { Value = volumes with { Entries = kept } },
            "instances" when entry.Value is MappingNode instances => entry with { Value = instances with { Entries = [.. instances.Entries.Select(instance => instance with { Value = Instance(instance.Value) })] } },
            _ => entry,
        }).ToList();
        foreach (var (name, _) in _uses.Where(use => use.Value > 1 && _mounted[use.Key].Device is null))
        {
            _report(Diagnostic.Warning("Approximated", _mounted[name].Place.Location, $"volumes.{name}.driver_opts", "each of the services that mount it gets a file system in memory of its own",
                "leave `driver_opts` out for what they are to share"));
        }

        return root with { Entries = entries };
    }

    /// <summary>A volume as Incus has it; null for one that is none.</summary>
    private MappingEntry? Volume(MappingEntry entry)
    {
        if (OptionsOf(entry.Value) is not { } said)
            return entry;
        var volume = (MappingNode)entry.Value;
        var rest = entry with { Value = volume with { Entries = [.. volume.Entries.Where(word => word.Key.Value != Word)] } };
        if (said is not MappingNode options)
            return rest;
        string Text(string word) => options.Find(word) is ScalarNode { IsNull: false } text ? text.Value : "";
        void Refuse(string message, string advice) => _report(Diagnostic.Error("ForeignWord", options.Location, $"volumes.{entry.Key.Value}.driver_opts", message, advice));

        foreach (var other in options.Entries.Where(option => option.Key.Value is not ("type" or "o" or "device" or "size")))
        {
            _report(Diagnostic.Error("ForeignWord", other.Key.Location, $"volumes.{entry.Key.Value}.driver_opts.{other.Key.Value}", $"the option `{other.Key.Value}` of a volume's driver is docker's own", "leave it out"));
            return rest;
        }

        var mount = Text("o").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var isBind = mount.Contains("bind") || mount.Contains("rbind") || Text("type") is "bind";
        switch (Text("type"))
        {
            case "" or "none" or "bind" when isBind && options.Find("device") is ScalarNode { IsNull: false, Value.Length: > 0 } device:
                foreach (var other in volume.Entries.Where(word => word.Key.Value is not (Word or ComposeWhole.NameWord)))
                    _report(Diagnostic.Warning("IgnoredWord", other.Key.Location, $"volumes.{entry.Key.Value}.{other.Key.Value}", $"`{other.Key.Value}` is passed over: the volume is a folder of the host"));
                _mounted[entry.Key.Value] = new(device, [.. mount.Where(option => option is not ("bind" or "rbind" or "rw"))], options);
                return null;
            case "" or "none" or "bind" when isBind:
                Refuse("nothing says which folder of the host it is", "write it as `device`");
                return rest;
            case "tmpfs":
                _mounted[entry.Key.Value] = new(null, mount, options);
                return null;
            case "" when options.Find("device") is null && mount.Length == 0 && options.Find("size") is ScalarNode { IsNull: false } size:
                if (ComposeWords.Size.Parse(size.Value) is not { Problem: null, Value: var read })
                {
                    Refuse($"{Excerpts.Quote(size.Value)} is not a size", $"write {ComposeWords.Size.Wanted}");
                    return rest;
                }

                return rest with { Value = ((MappingNode)rest.Value) with { Entries = [.. ((MappingNode)rest.Value).Entries, new(new ScalarNode(size.Location, "size"), size with { Value = read })] } };
            case "nfs" or "nfs4" or "cifs" or "smb3" or "smbfs":
                Refuse($"Incus mounts nothing over the network: {Excerpts.Quote(Text("type"))}", "mount it on the host, and write its folder in place of the volume under the service's `volumes`, as in `/mnt/share:/data`");
                return rest;
            case var type:
                Refuse(type.Length == 0 ? "the options of a volume's driver are docker's own" : $"a volume of the type {Excerpts.Quote(type)} is docker's own",
                    Text("device").StartsWith("/dev/", StringComparison.Ordinal)
                        ? $"write the disk under the service's `devices` in a stack file: `{{type: disk, source: {Text("device")}, path: …}}`"
                        : "mount a folder of the host under the service's `volumes` instead");
                return rest;
        }
    }

    private DocumentNode Instance(DocumentNode node)
    {
        if (node is not MappingNode instance || instance.Find(Volumes) is not SequenceNode mounts)
            return node;
        var inMemory = new List<DocumentNode>();
        var items = mounts.Items.Select(item => Mount(item, inMemory)).OfType<DocumentNode>().ToList();
        var entries = instance.Entries.Select(entry => entry.Key.Value == Volumes ? entry with { Value = mounts with { Items = items } } : entry).ToList();
        if (inMemory.Count > 0)
        {
            var index = entries.FindIndex(entry => entry.Key.Value == "tmpfs");
            var key = index < 0 ? new ScalarNode(inMemory[0].Location, "tmpfs") : entries[index].Key;
            IReadOnlyList<DocumentNode> there = index < 0 ? [] : entries[index].Value switch { SequenceNode list => list.Items, ScalarNode { IsNull: true } => [], var one => [one] };
            var all = new MappingEntry(key, new SequenceNode(key.Location, [.. there, .. inMemory]) { Origin = instance.Origin });
            if (index < 0)
                entries.Add(all);
            else
                entries[index] = all;
        }

        return instance with { Entries = entries };
    }

    /// <summary>What an instance mounts in a volume's place; null for a file system in memory, which is added to the others.</summary>
    private DocumentNode? Mount(DocumentNode item, List<DocumentNode> inMemory)
    {
        var parts = item is ScalarNode scalar ? scalar.Value.Split(':', 3) : [];
        var source = item is MappingNode mapping ? mapping.Find("source") as ScalarNode : null;
        var name = source?.Value ?? (parts.Length > 1 ? parts[0] : "");
        if (!_mounted.TryGetValue(name, out var mounted))
            return item;
        _uses[name] = _uses.GetValueOrDefault(name) + 1;
        if (mounted.Device is null)
            return InMemory(item, parts, name, mounted, inMemory);

        // The folder's path goes by the file that says it.
        var device = mounted.Device;
        var path = device.Value.StartsWith('/') || device.Value.StartsWith('.') || device.Value.StartsWith('~') ? device.Value : $"./{device.Value}";
        foreach (var option in mounted.Options.Where(option => option != "ro" && !MountShapes.Propagations.Contains(option)))
            _report(Diagnostic.Warning("IgnoredWord", mounted.Place.Location, $"volumes.{name}.driver_opts.o", $"`{option}` is passed over: Incus mounts folders in its own way", "leave it out"));
        var options = mounted.Options.Where(option => option == "ro" || MountShapes.Propagations.Contains(option)).ToList();
        if (item is ScalarNode text)
        {
            string[] all = [.. parts.Length == 3 ? parts[2].Split(',') : [], .. options];
            return text with { Value = $"{path}:{parts[1]}{(all.Length == 0 ? "" : ":" + string.Join(',', all.Distinct()))}", Origin = device.Origin };
        }

        var mount = (MappingNode)item;
        var subpath = ((mount.Find("volume") as MappingNode)?.Find("subpath") as ScalarNode)?.Value;
        var entries = mount.Entries.Where(entry => entry.Key.Value is not ("type" or "volume" or "source")).ToList();
        Say("type", "bind");
        entries.Add(new(source! with { Value = "source" }, device with { Value = string.IsNullOrEmpty(subpath) ? path : $"{path}/{subpath}" }));
        if (options.Contains("ro"))
            Say("read_only", "true");
        if (options.Find(option => option != "ro") is { } propagation && mount.Find("bind") is null)
            entries.Add(new(new ScalarNode(device.Location, "bind"), new MappingNode(device.Location, [new(new ScalarNode(device.Location, "propagation"), new ScalarNode(device.Location, propagation))])));
        return mount with { Entries = entries, Origin = device.Origin };

        void Say(string word, string value)
        {
            entries.RemoveAll(entry => entry.Key.Value == word);
            entries.Add(new(new ScalarNode(mount.Location, word), new ScalarNode(mount.Location, value)));
        }
    }

    private ScalarNode? InMemory(DocumentNode item, string[] parts, string name, Mounted mounted, List<DocumentNode> inMemory)
    {
        var target = item is MappingNode mapping ? (mapping.Find("target") as ScalarNode)?.Value ?? "" : parts[1];
        if (mounted.Options.Contains("noexec"))
            _report(Diagnostic.Warning("IgnoredWord", mounted.Place.Location, $"volumes.{name}.driver_opts.o", "`noexec` is passed over: Incus makes file systems in memory that programs can be run from"));
        var isReadOnly = item is MappingNode mount ? (mount.Find("read_only") ?? mount.Find("readonly")) is ScalarNode { Value: "true" } : parts.Length == 3 && parts[2].Split(',').Contains("ro");
        if (isReadOnly)
            _report(Diagnostic.Warning("IgnoredWord", item.Location, $"volumes.{name}", "`ro` is passed over: it is a file system in memory, in which nothing would ever be", "leave it out"));
        var options = string.Join(',', mounted.Options.Where(option => option != "noexec"));
        inMemory.Add(new ScalarNode(item.Location, options.Length == 0 ? target : $"{target}:{options}") { Origin = item.Origin });
        return null;
    }
}
