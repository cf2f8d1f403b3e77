using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// What compose files say to tools for Incus, in the words of a stack file: <c>x-incus</c> and <c>x-incus-compose</c> of
/// lxc/incus-compose, and the <c>x-incus-*</c> of bketelsen/incus-compose. It is read before the compose words are.
/// Sources: https://docs.incus-compose.org/extras and https://github.com/bketelsen/incus-compose, samples and pkg/application.
/// </summary>
/// <param name="report">Where problems go.</param>
internal sealed partial class ComposeExtensions(Action<Diagnostic> report)
{
    /// <summary>The Incus profiles of a service: its <c>profiles</c> are what activates it.</summary>
    public const string ProfilesWord = "x-incus-profiles";

    private const string Raw = "x-incus";
    private const string Own = "x-incus-compose";
    private const string DefaultProfile = "default";

    // What mounts and services say of volumes, which is said of the volumes themselves in a stack file.
    private readonly Dictionary<string, DialectWords> _volumes = new(StringComparer.Ordinal);
    private List<DocumentNode>? _profiles;

    private static readonly DialectTable s_healthd = new DialectTable().Same("scope", "incus", "network", "workers", "restart-workers", "external", Raw);

    private static readonly DialectTable s_backup = new DialectTable().Same("pool", "meta_volume");

    private static readonly DialectTable s_ofProject = new DialectTable()
        .Read("healthd", (entry, words) =>
        {
            if (s_healthd.Read(entry.Value, "healthd", new DialectWords(words.Report, words.At("healthd"))))
                words.Warn("IgnoredWord", entry.Key, "healthd", "`healthd` is passed over: health checks are made by the command or cmdlet that waits or watches, and nothing runs beside the instances", "keep an eye on a stack with `watch --repair`");
        })
        .Read("backup", (entry, words) =>
        {
            _ = s_backup.Read(entry.Value, "backup", new DialectWords(words.Report, words.At("backup")));
            words.Warn("IgnoredWord", entry.Key, "backup", "`backup` is passed over: what is kept, and where, is said when a backup is made", "see `backup` and `checkpoint`");
        })
        .Passed("allow-local-storage", "replicas may lie on any pool here", "", "false")
        .Refused("network-profile", "it was taken out of lxc/incus-compose, and says on which networks everything is", "write `profiles` for the instances of a stack file")
        .Refused("network", "it was taken out of lxc/incus-compose, and says on which networks everything is", "write `profiles` for the instances of a stack file");

    private static readonly DialectTable s_ofNetwork = new DialectTable()
        .Renamed("network", "name")
        .Refused("acl", "its rules name services and networks in a way of their own", "write them under `network_acls` of a stack file, and `acls` for the network")
        .Refused("parent", "it is the uplink of an ovn network", "write `type: ovn` and `uplink` in a stack file");

    private static readonly DialectTable s_ofVolume = new DialectTable().Same("pool");

    private static readonly DialectTable s_snapshots = new DialectTable().Same("schedule", "expiry", "pattern");

    private static readonly string[] s_families = ["ipv4", "ipv6"];

    private static readonly string[] s_projectWords = [Raw, Own, "x-incus-default-profiles", "x-incus-project"];

    private static readonly string[] s_networkWords = [Raw, Own];

    private static readonly string[] s_volumeWords = [Raw, Own, "x-incus-snapshot"];

    /// <summary>The document without the extensions, and with what they say.</summary>
    public MappingNode Read(MappingNode root)
    {
        var words = new DialectWords(report, "");
        var project = new DialectWords(report, "");
        foreach (var entry in root.Entries.Where(entry => IsOurs(entry.Key.Value)))
            OfProject(entry, words, project);
        if (project.Entries is [{ Key.Value: "name" } only])
            words.Say("project", only.Value, only.Key);
        else if (project.Entries.Count > 0)
            words.Say("project", project.In(new MappingNode(project.Entries[0].Key.Location, [])), project.Entries[0].Key);

        // Services say what is to become of volumes.
        var networks = Section(root, "networks", OfNetwork);
        var services = Section(root, "services", OfService);
        var volumes = Section(root, "volumes", OfVolume);
        foreach (var entry in root.Entries.Where(entry => !IsOurs(entry.Key.Value)))
        {
            words.Keep(entry.Key.Value switch
            {
                "networks" => entry with { Value = networks! },
                "services" => entry with { Value = services! },
                "volumes" => entry with { Value = volumes! },
                _ => entry,
            });
        }

        // Those that this file only mounts are declared in another one, which is laid together with it.
        var declared = (root.Find("volumes") as MappingNode)?.Entries.Select(entry => entry.Key.Value).ToHashSet(StringComparer.Ordinal) ?? [];
        var mounted = _volumes.Where(volume => !declared.Contains(volume.Key) && volume.Value.Entries.Count > 0)
            .Select(volume => (Said: volume.Value, Place: volume.Value.Entries[0].Key, Name: volume.Key)).ToList();
        if (mounted.Count > 0)
            words.Fill("volumes", mounted.Select(volume => new MappingEntry(new ScalarNode(volume.Place.Location, volume.Name), volume.Said.In(new MappingNode(volume.Place.Location, [])))), mounted[0].Place);
        return words.In(root);
    }

    private void OfProject(MappingEntry entry, DialectWords words, DialectWords project)
    {
        switch (entry.Key.Value)
        {
            case Raw when Config(entry, words) is { Count: > 0 } config:
                // lxc/incus-compose gives each file a project, and copies the default profile into it.
                project.Say("create", "true", entry.Key);
                if (config.All(key => key.Key.Value != "features.profiles"))
                    config.Insert(0, new(new ScalarNode(entry.Key.Location, "features.profiles"), new ScalarNode(entry.Key.Location, "false", ScalarStyle.Quoted)));
                project.Fill("config", config, entry.Key);
                break;
            case Raw:
                break;
            case Own:
                _ = s_ofProject.Read(entry.Value, Own, new DialectWords(report, Own));
                break;
            case "x-incus-project":
                project.Keep(entry, "name");
                break;
            case "x-incus-default-profiles":
                if (Names(entry, words, "profiles' names") is { Count: > 0 } profiles)
                {
                    _profiles = profiles;
                    words.Say("defaults", new MappingNode(entry.Value.Location, [new(new ScalarNode(entry.Key.Location, "profiles"), new SequenceNode(entry.Value.Location, profiles))]), entry.Key);
                }

                break;
            default:
                words.Unknown(entry, s_projectWords);
                break;
        }
    }

    private DocumentNode OfNetwork(string name, DocumentNode node)
    {
        if (node is not MappingNode network)
            return node;
        var words = Others(network, $"networks.{name}");
        foreach (var entry in network.Entries.Where(entry => IsOurs(entry.Key.Value)))
        {
            switch (entry.Key.Value)
            {
                case Raw:
                    var config = Config(entry, words);
                    words.Fill("config", config, entry.Key);
                    // What has a subnet of its own choosing reaches the outside there all the same, and hands out IPv6 addresses too.
                    if (network.Find("external") is null)
                        words.Fill("config", WithSubnets(config, isInternal: IsTrue(network.Find("internal"))), entry.Key);
                    break;
                case Own:
                    if (s_ofNetwork.Under(entry, words).Find("name") is { Value: not ScalarNode { Value.Length: 0 } } called)
                        words.Say("name", called.Value, called.Key);
                    break;
                default:
                    words.Unknown(entry, s_networkWords);
                    break;
            }
        }

        return words.In(network);
    }

    private static IEnumerable<MappingEntry> WithSubnets(List<MappingEntry> config, bool isInternal)
    {
        foreach (var family in s_families)
        {
            if (config.FirstOrDefault(key => key.Key.Value == $"{family}.address") is not { Value: ScalarNode { IsNull: false, Value: not ("" or "none" or "auto") } } address)
                continue;
            foreach (var option in (string[])[.. isInternal ? [] : (string[])["nat"], .. family == "ipv6" ? (string[])["dhcp.stateful"] : []])
            {
                if (config.All(key => key.Key.Value != $"{family}.{option}"))
                    yield return new(address.Key with { Value = $"{family}.{option}" }, new ScalarNode(address.Value.Location, "true", ScalarStyle.Quoted));
            }
        }
    }

    private DocumentNode OfVolume(string name, DocumentNode node)
    {
        var volume = node as MappingNode;
        if (volume is null && node is not ScalarNode { IsNull: true })
            return node;
        var words = volume is null ? new DialectWords(report, $"volumes.{name}") : Others(volume, $"volumes.{name}");
        foreach (var entry in volume?.Entries.Where(entry => IsOurs(entry.Key.Value)) ?? [])
        {
            switch (entry.Key.Value)
            {
                case Raw:
                    words.Fill("config", Config(entry, words), entry.Key);
                    break;
                case Own:
                    foreach (var said in s_ofVolume.Under(entry, words).Entries)
                        words.Keep(said);
                    break;
                case "x-incus-snapshot":
                    words.Keep(entry with { Value = s_snapshots.Translate(entry.Value, words.At(entry.Key.Value), report) }, "snapshots");
                    break;
                default:
                    words.Unknown(entry, s_volumeWords);
                    break;
            }
        }

        // bketelsen/incus-compose names the pool as an option of a driver.
        if (volume?.Find("driver") is ScalarNode { Value: "incus" })
        {
            words.Drop("driver");
            if (words.Find("driver_opts") is { Value: MappingNode } options)
            {
                words.Drop("driver_opts");
                foreach (var said in s_ofVolume.Under(options, words).Entries)
                    words.Keep(said);
            }
        }

        if (_volumes.TryGetValue(name, out var mounted))
        {
            foreach (var said in mounted.Entries)
            {
                if (said.Key.Value == "config")
                    words.Fill("config", ((MappingNode)said.Value).Entries, said.Key);
                else if (words.Find(said.Key.Value) is null && volume?.Find("external") is null)
                    words.Keep(said);
            }
        }

        return words.Entries.Count == 0 && volume is null ? node : words.In(node);
    }

    /// <summary>What is said of a volume elsewhere than under its name.</summary>
    private DialectWords Volume(string name) =>
        _volumes.TryGetValue(name, out var said) ? said : _volumes[name] = new DialectWords(report, $"volumes.{name}");

    private static DocumentNode? Section(MappingNode root, string section, Func<string, DocumentNode, DocumentNode> translate) => root.Find(section) is MappingNode mapping
        ? mapping with { Entries = [.. mapping.Entries.Select(entry => entry.Key.Value.StartsWith("x-", StringComparison.Ordinal) ? entry : entry with { Value = translate(entry.Key.Value, entry.Value) })] }
        : root.Find(section);

    /// <summary>What a mapping says beside the extensions.</summary>
    private DialectWords Others(MappingNode mapping, string path)
    {
        var words = new DialectWords(report, path);
        foreach (var entry in mapping.Entries.Where(entry => !IsOurs(entry.Key.Value)))
            words.Keep(entry);
        return words;
    }

    /// <summary>Raw configuration of Incus.</summary>
    private static List<MappingEntry> Config(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is MappingNode config)
            return [.. config.Entries];
        if (entry.Value is not ScalarNode { IsNull: true })
            words.Wrong(entry.Value, entry.Key.Value, "a mapping of Incus's configuration such as `limits.memory: 1GiB`");
        return [];
    }

    private static List<DocumentNode> Names(MappingEntry entry, DialectWords words, string wanted)
    {
        if (entry.Value is SequenceNode list)
            return [.. list.Items];
        if (entry.Value is not ScalarNode { IsNull: true })
            words.Wrong(entry.Value, entry.Key.Value, $"a list of {wanted}");
        return [];
    }

    private static bool IsOurs(string key) => key == Raw || key.StartsWith(Raw + "-", StringComparison.Ordinal);

    private static bool IsTrue(DocumentNode? node) => node is ScalarNode scalar && scalar.Value.ToLowerInvariant() is "true" or "yes" or "on";
}
