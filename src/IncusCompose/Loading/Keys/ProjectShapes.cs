using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Features, limits and restrictions of a project as words. Source: Incus doc/reference/projects.md.</summary>
internal static class ProjectShapes
{
    private static readonly (string Word, string Says)[] s_features =
    [
        ("images", "Images of its own"), ("networks", "Networks of its own"), ("networks_zones", "Network zones of its own"),
        ("profiles", "Profiles of its own"), ("storage_buckets", "Storage buckets of its own"), ("storage_volumes", "Volumes of its own"),
    ];

    private static readonly (string Word, string Says)[] s_counts =
    [
        ("instances", "Instances"), ("containers", "Containers"), ("virtual_machines", "Virtual machines"), ("networks", "Networks"), ("processes", "Processes of all its instances, by their limits"), ("cpu", "CPUs of all its instances, by their limits"),
    ];

    private static readonly string[] s_restrictions =
    [
        "backups", "cluster.target", "containers.interception", "containers.lowlevel", "containers.nesting", "containers.privilege", "devices.disk", "devices.gpu", "devices.infiniband", "devices.nic", "devices.pci",
        "devices.proxy", "devices.unix-block", "devices.unix-char", "devices.unix-hotplug", "devices.usb", "images.servers", "networks.access", "networks.integrations", "networks.subnets", "networks.uplinks", "networks.zones", "snapshots", "storage-pools.access", "virtual-machines.lowlevel", "virtual-machines.nesting",
        "cluster.groups", "devices.disk.paths", "idmap.gid", "idmap.uid",
    ];

    // The others are lists of names, ranges and paths. Source: Incus cmd/incusd/api_project.go, projectValidateConfig.
    private static readonly Dictionary<string, string[]> s_restrictionWords = new[]
        {
            "backups", "cluster.target", "containers.lowlevel", "containers.nesting", "devices.gpu", "devices.infiniband", "devices.pci", "devices.proxy",
            "devices.unix-block", "devices.unix-char", "devices.unix-hotplug", "devices.usb", "snapshots", "virtual-machines.lowlevel", "virtual-machines.nesting",
        }
        .ToDictionary(name => name, _ => new[] { "allow", "block" })
        .Concat(new Dictionary<string, string[]>
        {
            ["containers.interception"] = ["allow", "block", "full"],
            ["containers.privilege"] = ["allow", "unprivileged", "isolated"],
            ["devices.disk"] = ["allow", "block", "managed"],
            ["devices.nic"] = ["allow", "block", "managed"],
        })
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>What single pools are limited by: the pool's name follows.</summary>
    public const string PoolLimit = "limits.disk.pool.";

    /// <summary>The words of <c>features</c>, each with its key.</summary>
    public static IEnumerable<(string Word, string Key)> FeatureKeys => s_features.Select(feature => (feature.Word, FeatureKey(feature.Word)));

    /// <summary>The words of <c>limits</c> that count, each with its key.</summary>
    public static IEnumerable<(string Word, string Key)> CountKeys => s_counts.Select(limit => (limit.Word, CountKey(limit.Word)));

    /// <summary>True for a name that <c>restrictions</c> knows.</summary>
    public static bool IsRestriction(string name) => s_restrictions.Contains(name);

    /// <summary>What is wrong with a value of a project's configuration, and what to do; null where nothing is, or no word stands for the key.</summary>
    public static (string Problem, string Advice)? ComplaintOf(string key, string value)
    {
        if (key.StartsWith("restricted.", StringComparison.Ordinal))
            return RestrictionComplaint(key["restricted.".Length..], value);
        if (key is "limits.memory" or "limits.disk" || key.StartsWith(PoolLimit, StringComparison.Ordinal))
            return CommonShapes.Size.ComplaintOf(value);
        return s_counts.Any(limit => CountKey(limit.Word) == key) ? OptionScalars.Number("a number such as `10`", 0, uint.MaxValue).ComplaintOf(value) : null;
    }

    private static (string Problem, string Advice)? RestrictionComplaint(string name, string value) =>
        value.Length == 0 || !s_restrictionWords.TryGetValue(name, out var words) || words.Contains(value)
            ? null
            : ("is none of its words", Diagnostics.Suggestions.DidYouMean(value, words, $"write {string.Join(" or ", words.Select(word => $"`{word}`"))}"));

    private static string FeatureKey(string word) => $"features.{word.Replace('_', '.')}";

    private static string CountKey(string word) => $"limits.{word.Replace('_', '-')}";

    private static ObjectShape<IReadOnlyDictionary<string, string>> Features { get; } = s_features.Aggregate(
        new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty),
        (shape, feature) => shape.Add(feature.Word, Scalars.Boolean, $"{feature.Says}, instead of those of the project `default`", (config, value) => With(config, FeatureKey(feature.Word), value ? "true" : "false")));

    private static ObjectShape<IReadOnlyDictionary<string, string>> Limits { get; } = s_counts.Aggregate(
            new ObjectShape<IReadOnlyDictionary<string, string>>(_ => Maps.Empty),
            (shape, limit) => shape.Add(limit.Word, Scalars.Number("a number such as `10`", 0, int.MaxValue), $"{limit.Says}, at most", (config, value) => With(config, CountKey(limit.Word), value.ToString(CultureInfo.InvariantCulture))))
        .Add("memory", CommonShapes.Size, "Memory of all its instances, by their limits, at most", (config, value) => With(config, "limits.memory", value))
        .Add("disk", CommonShapes.Size, "Disk space of all its instances and volumes, by their sizes, and of its images, at most", (config, value) => With(config, "limits.disk", value))
        .Add("disk_pools", new MapShape<string>(CommonShapes.Size, "fast: 100GiB"), "The same for single storage pools", (config, value) => value.Aggregate(config, (all, pool) => With(all, PoolLimit + pool.Key, pool.Value)));

    private static Shape<IReadOnlyDictionary<string, string>> Restrictions { get; } = new MapShape<string>(CommonShapes.ConfigValue, "containers.nesting: allow").Then(
        (IReadOnlyDictionary<string, string> written, Documents.DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> config) =>
        {
            config = Maps.Empty;
            foreach (var (key, value) in written)
            {
                if (!s_restrictions.Contains(key))
                    context.Error("UnknownKey", node, site.At(key), $"Incus knows no restriction {Diagnostics.Excerpts.Quote(key)}", Diagnostics.Suggestions.DidYouMean(key, s_restrictions, $"known here: {string.Join(", ", s_restrictions)}; a newer one stands under `config` as `restricted.{key}`"));
                else if (RestrictionComplaint(key, value) is { } complaint)
                    context.Error("BadValue", node, site.At(key), $"{Diagnostics.Excerpts.Quote(value)} {complaint.Problem}", complaint.Advice);
                config = With(config, $"restricted.{key}", value);
            }

            return true;
        });

    /// <summary>Declares the words.</summary>
    public static ObjectShape<ProjectDefinition> Add(ObjectShape<ProjectDefinition> project) => project
        .Add("features", Features, "What it has of its own", (definition, value) => definition with { Config = Merge(definition.Config, value) })
        .Add("limits", Limits, "How much of everything there may be in it", (definition, value) => definition with { Config = Merge(definition.Config, value) })
        .Add("restricted", Scalars.Boolean, "Whether what could harm the host is blocked in it, but for what `restrictions` allow", (definition, value) => definition with { Config = With(definition.Config, "restricted", value ? "true" : "false") })
        .Add("restrictions", Restrictions, "What is allowed or blocked in a restricted project: Incus's `restricted.*` by their names", (definition, value) => definition with { Config = Merge(definition.Config, value) });

    // Raw configuration, which may have been read before, wins.
    private static IReadOnlyDictionary<string, string> Merge(IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> words) =>
        words.Aggregate(config, (all, pair) => With(all, pair.Key, pair.Value));

    private static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> config, string key, string value) =>
        config.ContainsKey(key) ? config : new Dictionary<string, string>(config) { [key] = value }.AsReadOnly();
}
