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

    private static readonly DialectTable s_cpu = new DialectTable()
        .Read("limit", (entry, words) => words.Keep(entry, entry.Value is ScalarNode { Value: var text } && text.AsSpan().ContainsAnyExceptInRange('0', '9') ? "set" : "count"))
        .Same("allowance", "priority");

    private static readonly DialectTable s_memory = new DialectTable().Same("limit", "swap", "swap_priority");

    private static readonly DialectTable s_network = new DialectTable().Same("type", "config", "description");

    private static readonly DialectTable s_pool = new DialectTable().Same("driver", "config", "description");

    private static readonly DialectTable s_profile = new DialectTable().Same("description", "config", "devices");

    private static readonly DialectTable s_cloudInit = new DialectTable().Same("user_data", "network_config", "vendor_data");

    public override bool Recognizes(MappingNode root) =>
        root.Find(Containers) is MappingNode && root.Find("services") is null
        && (root.Find("version") is not null || root.Entries.All(entry => entry.Key.Value is Containers or "networks" or "storage" or "profiles" || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal)));

    public override bool Continues(MappingNode root) =>
        root.Entries.All(entry => entry.Key.Value is "version" or "networks" or "storage" or "profiles" || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal));

    public override MappingNode Translate(MappingNode root, Action<Diagnostic> report)
    {
        var volumes = new Volumes();
        var instances = InstanceTable(volumes);
        var table = new DialectTable()
            .Read("version", Version)
            .Read(Containers, (entry, words) => words.Keep(entry with { Value = Instances(entry.Value, instances, report) }, "instances"))
            .Read("networks", (entry, words) => words.Keep(entry with { Value = s_network.Each(entry.Value, "networks", report) }))
            .Read("storage", (entry, words) => words.Keep(entry with { Value = s_pool.Each(entry.Value, "storage", report) }, "storage_pools"))
            .Read("profiles", (entry, words) => words.Keep(entry with { Value = s_profile.Each(entry.Value, "profiles", report) }));
        var words = new DialectWords(report, "");
        table.Read(root, "", words);
        volumes.Declare(words);
        return words.In(root);
    }

    private static void Version(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is ScalarNode { IsNull: false, Value: not ("1" or "1.0") } version)
            words.Warn("IgnoredWord", entry.Value, "version", $"this is read as version 1.0 of incus-composer's files, and the file says {Excerpts.Quote(version.Value)}");
    }

    private static DialectTable InstanceTable(Volumes volumes) => new DialectTable()
        .Renamed("instance_type", "type")
        .Read("image", (_, _) => { })
        .Read("image_server", (_, _) => { })
        .Same("description", "config", "devices", "networks")
        .Read("volumes", (entry, words) => words.Keep(entry with { Value = volumes.Mounts(entry.Value, words) }))
        .Same("profiles")
        .Read("cpu", (entry, words) => words.Keep(entry with { Value = s_cpu.Translate(entry.Value, words.At("cpu"), words.Report) }))
        .Read("memory", (entry, words) => words.Keep(entry with { Value = s_memory.Translate(entry.Value, words.At("memory"), words.Report) }))
        .Same("environment", "autostart", "boot_priority", "depends_on")
        .Read("cloud_init", (entry, words) => words.Keep(entry with { Value = s_cloudInit.Translate(entry.Value, words.At("cloud_init"), words.Report) }));

    private static DocumentNode Instances(DocumentNode section, DialectTable table, Action<Diagnostic> report)
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
                Image(container, words);
                table.Read(container, "", words);
                // There it starts with the host where nothing else is said.
                if (container.Find("autostart") is null)
                    words.Say("autostart", "true", entry.Key);
                return entry with { Value = words.In(container) };
            })],
        };
    }

    /// <summary>An image and the server that it is on, as one reference.</summary>
    private static void Image(MappingNode container, DialectWords words)
    {
        var server = container.Entries.FirstOrDefault(entry => entry.Key.Value == "image_server" && entry.Value is not ScalarNode { IsNull: true });
        var image = container.Entries.FirstOrDefault(entry => entry.Key.Value == "image" && entry.Value is not ScalarNode { IsNull: true });
        if (image is null)
        {
            words.Refuse("MissingKey", container, "image", "the key `image` is missing", "add `image:` with an image such as `debian/12`");
            return;
        }

        if (server is not null && server.Value is not ScalarNode)
            words.Wrong(server.Value, "image_server", "a server such as `images:`");
        if (image.Value is not ScalarNode { Value: var name } written)
        {
            words.Keep(image);
            return;
        }

        // Who names a remote in the image itself means that one.
        var on = server?.Value is ScalarNode said ? said.Value.TrimEnd(':') + (said.Value.Length == 0 ? "" : ":") : name.Contains(':', StringComparison.Ordinal) ? "" : DefaultServer;
        words.Keep(image with { Value = written with { Value = on + name, Template = written.Template is null ? null : on + written.Template } });
    }

    /// <summary>Volumes have no section of their own there: each is known by the mounts that name it.</summary>
    private sealed class Volumes
    {
        private readonly Dictionary<string, (string Pool, SourceLocation Place)> _pools = new(StringComparer.Ordinal);
        private readonly List<MappingEntry> _declared = [];
        private DialectTable? _table;

        private DialectTable Table => _table ??= new DialectTable().Same("source", "target").Read("pool", (_, _) => { }).Renamed("readonly", "read_only");

        public DocumentNode Mounts(DocumentNode node, DialectWords instance) => node is not SequenceNode list ? node : list with
        {
            Items = [.. list.Items.Select((item, index) =>
            {
                if (item is not MappingNode mount)
                    return item;
                var words = new DialectWords(instance.Report, $"{instance.At("volumes")}[{index}]");
                Table.Read(mount, "", words);
                if (mount.Find("source") is ScalarNode { IsNull: false } source && !source.Value.StartsWith('/') && !source.Value.StartsWith('.') && !source.Value.StartsWith('~'))
                    Know(source, mount.Find("pool"), words);
                else if (mount.Entries.FirstOrDefault(entry => entry.Key.Value == "pool") is { Value: not ScalarNode { IsNull: true } } pool)
                    words.Warn("IgnoredWord", pool.Key, "pool", "`pool` is passed over: a path of the host lies on no storage pool");
                return words.In(mount);
            })],
        };

        public void Declare(DialectWords document)
        {
            if (_declared.Count > 0)
                document.Say("volumes", new MappingNode(_declared[0].Key.Location, _declared), _declared[0].Key);
        }

        private void Know(ScalarNode source, DocumentNode? pool, DialectWords words)
        {
            var on = pool is ScalarNode { IsNull: false } said ? said.Value : "";
            if (_pools.TryGetValue(source.Value, out var known))
            {
                if (known.Pool != on)
                    words.Refuse("VolumeOnTwoPools", pool ?? source, "pool", $"the volume {Excerpts.Quote(source.Value)} is on {Where(on)} here and on {Where(known.Pool)} at {known.Place}", "a volume lies on one pool: give one of the two another name, or both the same pool");
                return;
            }

            _pools[source.Value] = (on, source.Location);
            _declared.Add(new(source, pool is ScalarNode { IsNull: false } ? new MappingNode(pool.Location, [new(new ScalarNode(pool.Location, "pool"), pool)]) : new ScalarNode(source.Location, "")));
        }

        private static string Where(string pool) => pool.Length == 0 ? "the default pool" : Excerpts.Quote(pool);
    }
}
