using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// Files of incus-composer: containers, networks, storage pools and profiles.
/// Source: https://github.com/babeloff/incus-composer, SCHEMA.md, version 1.0.
/// </summary>
internal sealed class IncusComposerDialect : InputDialect
{
    private const string Containers = "containers";
    private const string DefaultServer = "images:";

    /// <summary>Marks an instance that is a container there; the value is what the file calls it.</summary>
    private const string ContainerWord = "\u0001container";

    /// <summary>The server of the image, which a file above may say alone.</summary>
    private const string ServerWord = "\u0001image_server";

    /// <summary>Begins an image whose server is said elsewhere.</summary>
    private const char OnServer = '\u0001';

    /// <summary>The pool that a mount says of its volume.</summary>
    private const string PoolWord = "\u0001pool";

    private static readonly DialectTable s_cpu = new DialectTable()
        .Read("limit", (entry, words) => words.Keep(entry, entry.Value is ScalarNode { Value: var text } && text.AsSpan().ContainsAnyExceptInRange('0', '9') ? "set" : "count"))
        .Same("allowance", "priority");

    private static readonly DialectTable s_memory = new DialectTable().Same("limit", "swap", "swap_priority");

    private static readonly DialectTable s_network = new DialectTable().Same("type", "config", "description");

    private static readonly DialectTable s_pool = new DialectTable().Same("driver", "config", "description");

    private static readonly DialectTable s_profile = new DialectTable().Same("description", "config", "devices");

    private static readonly DialectTable s_cloudInit = new DialectTable().Same("user_data", "network_config", "vendor_data");

    private static readonly DialectTable s_mount = new DialectTable().Same("source", "target").Renamed("pool", PoolWord).Renamed("readonly", "read_only");

    private static readonly DialectTable s_instance = new DialectTable()
        .Renamed("instance_type", "type")
        .Read("image", Image)
        .Read("image_server", Server)
        .Same("description", "config", "devices", "networks")
        .Read("volumes", (entry, words) => words.Keep(entry with { Value = Mounts(entry.Value, words) }))
        .Same("profiles")
        .Read("cpu", (entry, words) => words.Keep(entry with { Value = s_cpu.Translate(entry.Value, words.At("cpu"), words.Report) }))
        .Read("memory", (entry, words) => words.Keep(entry with { Value = s_memory.Translate(entry.Value, words.At("memory"), words.Report) }))
        .Same("environment", "autostart", "boot_priority", "depends_on")
        .Read("cloud_init", (entry, words) => words.Keep(entry with { Value = s_cloudInit.Translate(entry.Value, words.At("cloud_init"), words.Report) }));

    public override bool Recognizes(MappingNode root) =>
        root.Find(Containers) is MappingNode && root.Find("services") is null
        && (root.Find("version") is not null || root.Entries.All(entry => entry.Key.Value is Containers or "networks" or "storage" or "profiles" || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal)));

    public override bool Continues(MappingNode root) =>
        root.Entries.All(entry => entry.Key.Value is "version" or "networks" or "storage" or "profiles" || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal));

    public override MappingNode Translate(MappingNode root, Action<Diagnostic> report)
    {
        var table = new DialectTable()
            .Read("version", Version)
            .Read(Containers, (entry, words) => words.Keep(entry with { Value = Instances(entry.Value, report) }, "instances"))
            .Read("networks", (entry, words) => words.Keep(entry with { Value = s_network.Each(entry.Value, "networks", report) }))
            .Read("storage", (entry, words) => words.Keep(entry with { Value = s_pool.Each(entry.Value, "storage", report) }, "storage_pools"))
            .Read("profiles", (entry, words) => words.Keep(entry with { Value = s_profile.Each(entry.Value, "profiles", report) }));
        var words = new DialectWords(report, "");
        table.Read(root, "", words);
        return words.In(root);
    }

    private static void Version(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is ScalarNode { IsNull: false, Value: not ("1" or "1.0") } version)
            words.Warn("IgnoredWord", entry.Value, "version", $"this is read as version 1.0 of incus-composer's files, and the file says {Excerpts.Quote(version.Value)}");
    }

    private static DocumentNode Instances(DocumentNode section, Action<Diagnostic> report)
    {
        if (section is not MappingNode mapping)
            return section;
        return mapping with
        {
            Entries = [.. mapping.Entries.Select(entry =>
            {
                if (entry.Value is not MappingNode container || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal))
                    return entry;
                var words = new DialectWords(report, $"{Containers}.{entry.Key.Value}");
                words.Say(ContainerWord, entry.Key.Value, entry.Key);
                s_instance.Read(container, "", words);
                return entry with { Value = words.In(container) };
            })],
        };
    }

    private static void Image(MappingEntry entry, DialectWords words) =>
        words.Keep(entry.Value is ScalarNode { IsNull: false } image ? entry with { Value = image with { Value = OnServer + image.Value, Template = image.Template is null ? null : OnServer + image.Template } } : entry);

    private static void Server(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is ScalarNode)
            words.Keep(entry, ServerWord);
        else
            words.Wrong(entry.Value, "image_server", "a server such as `images:`");
    }

    private static DocumentNode Mounts(DocumentNode node, DialectWords instance) => node is not SequenceNode list ? node : list with
    {
        Items = [.. list.Items.Select((item, index) =>
        {
            if (item is not MappingNode mount)
                return item;
            var words = new DialectWords(instance.Report, $"{instance.At("volumes")}[{index}]");
            s_mount.Read(mount, "", words);
            // What it mounts is a volume of the stack, on whichever pool.
            if (mount.Find("pool") is null)
                words.Say(PoolWord, "", mount);
            return words.In(mount);
        })],
    };

    /// <inheritdoc/>
    /// <remarks>A file above may say as little of a container as it likes: what is missing is filled in here.</remarks>
    public override MappingNode Finish(MappingNode root, string stack, Action<Diagnostic> report)
    {
        if (root.Find("instances") is not MappingNode instances || !instances.Entries.Any(entry => IsContainer(entry.Value)))
            return root;
        var volumes = new Volumes();
        var finished = instances with { Entries = [.. instances.Entries.Select(entry => IsContainer(entry.Value) ? entry with { Value = Finish((MappingNode)entry.Value, volumes, report) } : entry)] };
        return volumes.DeclareIn(root with { Entries = [.. root.Entries.Select(entry => entry.Key.Value == "instances" ? entry with { Value = finished } : entry)] });
    }

    private static bool IsContainer(DocumentNode node) => node is MappingNode instance && instance.Find(ContainerWord) is not null;

    private static MappingNode Finish(MappingNode container, Volumes volumes, Action<Diagnostic> report)
    {
        var called = (ScalarNode)container.Find(ContainerWord)!;
        var server = container.Find(ServerWord) as ScalarNode;
        var words = new DialectWords(report, $"{Containers}.{called.Value}");
        foreach (var entry in container.Entries)
        {
            switch (entry.Key.Value)
            {
                case ContainerWord or ServerWord:
                    break;
                case "image" when entry.Value is ScalarNode image:
                    words.Keep(entry with { Value = Image(image, server) });
                    break;
                case "volumes" when entry.Value is SequenceNode list:
                    words.Keep(entry with { Value = list with { Items = [.. list.Items.Select((mount, index) => mount is MappingNode mapping ? volumes.Mounted(mapping, new DialectWords(report, $"{words.At("volumes")}[{index}]")) : mount)] } });
                    break;
                default:
                    words.Keep(entry);
                    break;
            }
        }

        if (container.Find("image") is null or ScalarNode { IsNull: true })
            words.Refuse("MissingKey", called, "image", "the key `image` is missing", "add `image:` with an image such as `debian/12`");
        // There it starts with the host where nothing else is said.
        if (container.Find("autostart") is null)
            words.Say("autostart", "true", called);
        return words.In(container);
    }

    /// <summary>An image and the server that it is on, as one reference.</summary>
    private static ScalarNode Image(ScalarNode image, ScalarNode? server)
    {
        if (image.Value is not [OnServer, .. var name])
            return image;
        // Who names a remote in the image itself means that one.
        var on = server is { IsNull: false } ? server.Value.TrimEnd(':') + (server.Value.Length == 0 ? "" : ":") : name.Contains(':', StringComparison.Ordinal) ? "" : DefaultServer;
        return image with { Value = on + name, Template = image.Template is null ? null : on + image.Template.TrimStart(OnServer) };
    }

    /// <summary>Volumes have no section of their own there: each is known by the mounts that name it.</summary>
    private sealed class Volumes
    {
        private readonly OrderedDictionary<string, (ScalarNode Source, ScalarNode? Pool)> _mounted = new(StringComparer.Ordinal);

        /// <summary>A mount in the words of a stack file alone.</summary>
        public MappingNode Mounted(MappingNode mount, DialectWords words)
        {
            if (mount.Find(PoolWord) is not { } said)
                return mount;
            if (said is not ScalarNode)
                words.Wrong(said, "pool", "a storage pool's name");
            var pool = said is ScalarNode { IsNull: false, Value.Length: > 0 } named ? named : null;
            if (mount.Find("source") is not ScalarNode { IsNull: false } source || source.Value.StartsWith('/') || source.Value.StartsWith('.') || source.Value.StartsWith('~'))
            {
                if (pool is not null)
                    words.Warn("IgnoredWord", pool, "pool", "`pool` is passed over: a path of the host lies on no storage pool");
            }
            else if (!_mounted.TryGetValue(source.Value, out var known))
            {
                _mounted[source.Value] = (source, pool);
            }
            else if (known.Pool?.Value != pool?.Value)
            {
                words.Refuse("VolumeOnTwoPools", pool ?? source, "pool", $"the volume {Excerpts.Quote(source.Value)} is on {Where(pool)} here and on {Where(known.Pool)} at {(known.Pool ?? known.Source).Location}", "a volume lies on one pool: give one of the two another name, or both the same pool");
            }

            return mount with { Entries = [.. mount.Entries.Where(entry => entry.Key.Value != PoolWord)] };
        }

        /// <summary>The document with the volumes; what it says itself of one counts.</summary>
        public MappingNode DeclareIn(MappingNode root)
        {
            if (_mounted.Count == 0 || root.Find("volumes") is not (null or MappingNode or ScalarNode { IsNull: true }))
                return root;
            var said = (root.Find("volumes") as MappingNode)?.Entries ?? [];
            var named = said.ToDictionary(entry => entry.Key.Value, entry => entry.Value, StringComparer.Ordinal);
            List<MappingEntry> volumes =
            [
                .. said.Select(entry => _mounted.TryGetValue(entry.Key.Value, out var mounted) ? entry with { Value = On(mounted.Pool, entry.Value) } : entry),
                .. _mounted.Values.Where(volume => !named.ContainsKey(volume.Source.Value)).Select(volume => new MappingEntry(volume.Source, On(volume.Pool, new ScalarNode(volume.Source.Location, "")))),
            ];
            var section = new MappingNode(volumes[0].Key.Location, volumes);
            return root with
            {
                Entries = root.Find("volumes") is null
                    ? [.. root.Entries, new(new ScalarNode(section.Location, "volumes"), section)]
                    : [.. root.Entries.Select(entry => entry.Key.Value == "volumes" ? entry with { Value = section with { Origin = entry.Value.Origin } } : entry)],
            };
        }

        private static DocumentNode On(ScalarNode? pool, DocumentNode volume) => pool is null ? volume : volume switch
        {
            ScalarNode { IsNull: true } => new MappingNode(pool.Location, [Word(pool)]),
            MappingNode mapping when mapping.Find("pool") is null && mapping.Find("external") is null => mapping with { Entries = [Word(pool), .. mapping.Entries] },
            _ => volume,
        };

        private static MappingEntry Word(ScalarNode pool) => new(new ScalarNode(pool.Location, "pool"), pool);

        private static string Where(ScalarNode? pool) => pool is null ? "the default pool" : Excerpts.Quote(pool.Value);
    }
}
