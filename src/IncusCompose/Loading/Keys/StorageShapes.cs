using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Storage pools and custom volumes.</summary>
internal static class StorageShapes
{
    private const int MostId = int.MaxValue;

    // These stand first: what is below is made of them.
    private static ScalarShape<string> HostPath(string example) => Scalars.Word($"a path on this machine such as `{example}`");

    private static ScalarShape<int> Id { get; } = Scalars.Number("a number such as `1000`", 0, MostId);

    /// <summary>Permissions, kept as they are written: Incus reads the digits as octal ones.</summary>
    public static ScalarShape<string> Mode { get; } = new("permissions such as `0770`", text =>
        text.Length is 3 or 4 && text.All(digit => digit is >= '0' and <= '7') ? new(text) : new("", "are not permissions in octal digits"))
    { ProblemId = "BadMode", Pattern = "^[0-7]{3,4}$" };

    private static ScalarShape<string> Target { get; } = new("an absolute path in the volume such as `/conf`", text =>
        !text.StartsWith('/') ? new("", "is not absolute", $"write `/{text.TrimStart('.', '/')}`")
        : text.Split('/').Contains("..") ? new("", "leads out of the volume", "leave `..` out")
        : new(text.Length > 1 ? text.TrimEnd('/') : text))
    { ProblemId = "BadPath", Pattern = "^/" };

    /// <summary>A value of <c>storage_pools</c>.</summary>
    public static ObjectShape<StoragePoolDefinition> Pool { get; } = new ObjectShape<StoragePoolDefinition>(name => new StoragePoolDefinition { Name = name })
        .Add("driver", Scalars.Word("a driver such as `dir` or `btrfs`"), "Incus's storage driver", (pool, value) => pool with { Driver = value })
        .Add("description", Scalars.Text, "Free text for people", (pool, value) => pool with { Description = value })
        .Add("source", Scalars.Word("a path, a device or a name on the server such as `/dev/sdb`"), "What the pool is made of on the server: a folder, a block device, or a dataset, volume group or pool that is there; a loop file or folder of Incus's own where the key is missing", (pool, value) => pool with { Config = pool.Config.Fill("source", value) })
        .Add("size", CommonShapes.Size, "The size of a loop file; it can be made larger in place", (pool, value) => pool with { Config = pool.Config.Fill("size", value) })
        .Add("wipe", Scalars.Boolean, "Whether what is on the block device `source` is wiped before the pool is made", (pool, value) => pool with { Config = pool.Config.Fill("source.wipe", value ? "true" : "false") })
        .Add("config", CommonShapes.Config("btrfs.mount_options: compress=zstd"), "Raw Incus pool configuration; wins over the words above", (pool, value) => pool with { Config = pool.Config.Override(value) })
        .Add("members", new MapShape<IReadOnlyDictionary<string, string>>(CommonShapes.Config("source: /dev/sdb"), "node1: {source: /dev/sdb}"), "What members of a cluster have of their own, by their names: `source`, `size` and the names of what lies there", (pool, value) => pool with { Members = value })
        .Add("external", Scalars.Boolean, "Whether the pool must exist and is never changed", (pool, value) => pool with { External = value });

    private static Shape<IReadOnlyDictionary<string, string>> Initial { get; } = new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty)
        .Add("uid", Id, "The number of the user, in the instance, who owns it", (config, value) => config.Fill("initial.uid", value.ToString(CultureInfo.InvariantCulture)))
        .Add("gid", Id, "The number of the group, in the instance, that owns it", (config, value) => config.Fill("initial.gid", value.ToString(CultureInfo.InvariantCulture)))
        .Add("mode", Mode, "Its permissions", (config, value) => config.Fill("initial.mode", value));

    private static Shape<VolumeContent> ContentEntry { get; } = new FormsShape<VolumeContent>
    {
        Scalar = HostPath("./seed").As(path => new VolumeContent { Source = path }),
        Mapping = new ObjectShape<VolumeContent>(_ => new VolumeContent { Source = "" })
            .Add("source", HostPath("./seed"), "A file on this machine, or a folder whose content it is", (content, value) => content with { Source = value }, required: true)
            .Add("target", Target, "The folder in the volume that it goes to; the volume itself where the key is missing", (content, value) => content with { Target = value })
            .Add("uid", Id, "The number of the user who owns it; who owns the volume where the key is missing", (content, value) => content with { Uid = value })
            .Add("gid", Id, "The number of the group that owns it; the one that owns the volume where the key is missing", (content, value) => content with { Gid = value })
            .Foreign("owner", "write `uid`: names of users are an instance's own")
            .Foreign("group", "write `gid`: names of groups are an instance's own")
            .Foreign("mode", "leave it out: files keep the permissions that they have here"),
    }.Then((VolumeContent draft, DocumentNode _, Site site, BindingContext context, out VolumeContent content) =>
    {
        content = draft with { Source = MountShapes.Absolute(draft.Source, context, site) };
        // A source that is missing has been reported.
        return draft.Source.Length > 0;
    });

    private static FormsShape<IReadOnlyList<VolumeContent>> Content { get; } = new()
    {
        Scalar = ContentEntry.As<VolumeContent, IReadOnlyList<VolumeContent>>(entry => [entry]),
        Mapping = ContentEntry.As<VolumeContent, IReadOnlyList<VolumeContent>>(entry => [entry]),
        Sequence = new ListShape<VolumeContent>(ContentEntry, "[./seed, {source: ./app.conf, target: /conf}]").As<IReadOnlyList<VolumeContent>, IReadOnlyList<VolumeContent>>(entries => [.. entries.Where(entry => (VolumeContent?)entry is not null)]),
    };

    /// <summary>A value of <c>volumes</c>.</summary>
    public static ObjectShape<VolumeDefinition> Volume { get; } = new ObjectShape<VolumeDefinition>(name => new VolumeDefinition { Name = name })
        .Add("pool", Scalars.Word("a storage pool's name"), "The storage pool that it lies on", (volume, value) => volume with { Pool = value })
        .Add("target", TargetShapes.OfVolume, "The member of the cluster that it lies on, on a pool that each member has for itself; where those instances are that use it where the key is missing", (volume, value) => volume with { Target = value })
        .Add("size", CommonShapes.Size, "The volume's size; the pool's default where the key is missing. It can be made larger in place", (volume, value) => volume with { Size = value })
        .Add("content_type", Scalars.Choice(("filesystem", "filesystem"), ("block", "block"), ("iso", "iso")), "`filesystem` (the default), `block` or `iso`", (volume, value) => volume with { ContentType = value })
        .Add("source", Absolute("./install.iso"), "The file that an `iso` volume is made from", (volume, value) => volume with { Source = value })
        .Add("import", Absolute("./data.tar.gz"), "A backup that it is made from (`incus storage volume export`)", (volume, value) => volume with { Import = value })
        .Add("content", Content, "Files and folders that lie in it when it is made; nothing of them is written later", (volume, value) => volume with { Content = value })
        .Add("initial", Initial, "Who owns it when it is made, and its permissions", (volume, value) => volume with { Config = value.Aggregate(volume.Config, (config, entry) => config.Fill(entry.Key, entry.Value)) })
        .Add("snapshots", SnapshotShapes.OfVolume, "Snapshots that the server takes of it by itself, at set times", (volume, value) => volume with { Snapshots = value == new SnapshotsDefinition() ? null : value })
        .Add("description", Scalars.Text, "Free text for people", (volume, value) => volume with { Description = value })
        .Add("config", CommonShapes.Config("security.shifted: true"), "Raw Incus volume configuration; wins over the words above", (volume, value) => volume with { Config = volume.Config.Override(value) })
        .Add("external", Scalars.Boolean, "Whether the volume must exist and is never changed", (volume, value) => volume with { External = value })
        .Foreign("driver", "write `pool`: the pool's driver is the volume's")
        .Foreign("name", "leave it out: a volume is called what its key says")
        .Foreign("driver_opts", "write `config`, or `pool` for another storage pool");

    private static Shape<string> Absolute(string example) => HostPath(example).Then((string path, DocumentNode _, Site site, BindingContext context, out string value) =>
    {
        value = MountShapes.Absolute(path, context, site);
        return true;
    });
}
