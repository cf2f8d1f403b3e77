using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// What <c>incus admin init --preseed</c> takes, and <c>--dump</c> writes: lists of networks, pools, volumes, profiles and so
/// on. What is the server's own, and no stack's, is passed over or refused.
/// Source: Incus doc/howto/initialize.md and shared/api/init.go.
/// </summary>
internal sealed class PreseedDialect : InputDialect
{
    private const string DefaultProject = "default";

    private static readonly string[] s_lists = ["networks", "storage_pools", "storage_volumes", "profiles", "projects", "certificates", "cluster_groups"];

    private static readonly DialectTable s_pool = new DialectTable().Same("driver").Read("config", Config).Read("description", Said);

    private static readonly DialectTable s_network = new DialectTable().Read("type", Said).Read("config", Config).Read("description", Said).Read("project", Placed);

    private static readonly DialectTable s_profile = new DialectTable().Read("config", Config).Same("devices").Read("description", Said).Read("project", Placed);

    private static readonly DialectTable s_project = new DialectTable().Read("config", Config).Read("description", Said);

    private static readonly DialectTable s_group = new DialectTable().Read("description", Said).Same("members", "config");

    private static readonly DialectTable s_volume = new DialectTable()
        .Same("pool")
        .Read("type", (entry, words) =>
        {
            if (Text(entry.Value) is not ("" or "custom"))
                words.Refuse("ForeignWord", entry.Key, "type", $"volumes of the type {Excerpts.Quote(Text(entry.Value))} are Incus's own", "leave it out for a custom volume");
        })
        .Read("content_type", Said)
        .Read("config", Config)
        .Read("description", Said)
        .Read("project", Placed)
        .Read("source", (entry, words) =>
        {
            if (entry.Value is MappingNode source && source.Entries.Any(part => Text(part.Value) is not ("" or "false")))
                words.Refuse("ForeignWord", entry.Key, "source", "`source` has no counterpart: copying a volume of another server is done once, and not by a stack file", "write `import` or `content` in a stack file");
        });

    private static readonly DialectTable s_certificate = new DialectTable()
        .Read("type", Said)
        .Same("restricted", "projects")
        .Read("description", Said)
        .Read("certificate", (entry, words) => words.Keep(entry.Value is ScalarNode { IsNull: false } text ? entry with { Value = Pem(text) } : entry))
        .Refused("token", "a token is for one client, who is not known yet", "name the client's certificate, or say `incus config trust add NAME`", "false")
        .Refused("trust_token", "a token is for one client, who is not known yet", "name the client's certificate", "");

    public override bool Recognizes(MappingNode root)
    {
        if (root.Entries.Any(entry => StackOnly(entry.Key.Value)))
            return false;
        return root.Entries.Any(entry => entry.Key.Value switch
        {
            "storage_volumes" or "cluster" => true,
            // A stack file has them by name.
            "projects" => entry.Value is not MappingNode,
            "config" => entry.Value is MappingNode config && config.Entries.Any(key => key.Key.Value.Contains('.', StringComparison.Ordinal)),
            var list => s_lists.Contains(list) && entry.Value is SequenceNode { Items.Count: > 0 } items && items.Items.All(item => item is MappingNode),
        });
    }

    private static bool StackOnly(string key) => key is "name" or "description" or "remote" or "project" or "include" or "volumes" or "buckets" or "images" or "secrets" or "configs"
        or "network_acls" or "network_address_sets" or "network_zones" or "network_integrations" or "services" or "containers" or "version";

    public override MappingNode Translate(MappingNode root, Action<Diagnostic> report)
    {
        var home = new Home(root);
        var words = new DialectWords(report, "");
        var table = new DialectTable()
            .Read("config", Settings)
            .Read("networks", (entry, into) => List(entry, into, "networks", s_network, home.HoldsNetwork))
            .Read("storage_pools", (entry, into) => List(entry, into, "storage_pools", s_pool))
            .Read("storage_volumes", (entry, into) => List(entry, into, "volumes", s_volume, home.Holds))
            .Read("profiles", (entry, into) => List(entry, into, "profiles", s_profile, home.Holds))
            .Read("projects", (entry, into) => Projects(entry, into, home))
            .Read("certificates", (entry, into) => List(entry, into, "certificates", s_certificate, complete: Trusted))
            .Read("cluster_groups", (entry, into) => List(entry, into, "cluster_groups", s_group))
            .Read("cluster", Cluster);
        table.Read(root, "", words);
        // Laid over a stack file it moves nothing by saying nothing.
        if (home.IsNamed && words.Find("project") is null)
            words.Say("project", home.Project, root);
        return words.In(root);
    }

    /// <summary>A server's settings: they are the same for all stacks, and none owns them.</summary>
    private static void Settings(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is not MappingNode settings)
        {
            if (entry.Value is not ScalarNode { IsNull: true })
                words.Wrong(entry.Value, "config", "a mapping such as `core.https_address: :8443`");
            return;
        }

        foreach (var setting in settings.Entries.Where(setting => Text(setting.Value).Length > 0 && !IsServers(setting.Key.Value)))
        {
            words.Warn("IgnoredWord", setting.Key, $"config.{setting.Key.Value}", $"{Excerpts.Quote(setting.Key.Value)} is passed over: settings of the server are no stack's",
                $"set it with `incus config set {Excerpts.Shorten(setting.Key.Value)} VALUE`");
        }
    }

    private static void Cluster(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is not MappingNode cluster)
        {
            if (entry.Value is not ScalarNode { IsNull: true })
                words.Wrong(entry.Value, "cluster", "a mapping with keys such as `server_name` and `enabled`");
            return;
        }

        string[] known = ["server_name", "enabled", "member_config", "cluster_address", "cluster_certificate", "server_address", "cluster_token", "cluster_certificate_path"];
        foreach (var unknown in cluster.Entries.Where(key => !known.Contains(key.Key.Value)))
            new DialectWords(words.Report, "cluster").Unknown(unknown, known);
        if (Text(cluster.Find("cluster_address")).Length > 0 || Text(cluster.Find("cluster_token")).Length > 0)
        {
            words.Refuse("ForeignWord", entry.Key, "cluster", "`cluster` has no counterpart: a server that joins a cluster gets what the cluster has, and no stack",
                "join by `incus admin init --preseed` with a file that has `cluster` alone");
        }
        else if (Text(cluster.Find("enabled")).Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            words.Warn("IgnoredWord", entry.Key, "cluster", "`cluster` is passed over: whether a server is a cluster is no stack's", "say `incus cluster enable NAME` on the server");
        }
    }

    private static void Projects(MappingEntry entry, DialectWords words, Home home)
    {
        List(entry, words, "projects", s_project);
        // The one that a stack lives in stands under another word.
        var others = new List<MappingEntry>();
        var made = words.Find("projects")?.Value as MappingNode;
        words.Drop("projects");
        foreach (var project in made?.Entries ?? [])
        {
            if (project.Key.Value == DefaultProject)
            {
                if (project.Value is MappingNode { Entries.Count: > 0 })
                    words.Warn("IgnoredWord", project.Key, $"projects.{DefaultProject}", "the project `default` is passed over: it is the server's own, and no stack's");
            }
            else if (project.Key.Value == home.Project)
            {
                words.Say("project", new MappingNode(project.Key.Location,
                    [new(new ScalarNode(project.Key.Location, "name"), project.Key), new(new ScalarNode(project.Key.Location, "create"), new ScalarNode(project.Key.Location, "true")), .. (project.Value as MappingNode)?.Entries ?? []]), project.Key);
            }
            else
            {
                others.Add(project);
            }
        }

        if (others.Count > 0)
            words.Say("projects", new MappingNode(entry.Key.Location, [.. others]), entry.Key);
    }

    /// <summary>A list of things that say their own names, as a mapping.</summary>
    /// <param name="entry">The list.</param>
    /// <param name="words">The document.</param>
    /// <param name="word">What a stack file calls it.</param>
    /// <param name="table">What each of them can say.</param>
    /// <param name="isHere">Whether one of a project belongs to the stack.</param>
    /// <param name="complete">What else each says by saying nothing.</param>
    private static void List(MappingEntry entry, DialectWords words, string word, DialectTable table, Func<string, bool>? isHere = null, Action<MappingNode, DialectWords>? complete = null)
    {
        var section = entry.Key.Value;
        if (entry.Value is not SequenceNode list)
        {
            if (entry.Value is not ScalarNode { IsNull: true })
                words.Wrong(entry.Value, section, "a list of mappings that begin with `name`");
            return;
        }

        var things = new List<MappingEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < list.Items.Count; index++)
        {
            var at = $"{section}[{index}]";
            if (list.Items[index] is not MappingNode thing)
            {
                words.Wrong(list.Items[index], at, "a mapping that begins with `name`");
                continue;
            }

            if (thing.Find("name") is not ScalarNode { IsNull: false, Value.Length: > 0 } name)
            {
                words.Refuse("MissingKey", thing, at, "the key `name` is missing", "add `name:` with what it is called on the server");
                continue;
            }

            var path = $"{section}.{name.Value}";
            if (isHere is not null && thing.Find("project") is var project && !isHere(ProjectOf(thing)))
            {
                words.Refuse("OtherProject", project ?? name, path, $"a stack lives in one project, and this is in {Excerpts.Quote(ProjectOf(thing))}", "write it into a file of its own");
                continue;
            }

            if (!names.Add(name.Value))
            {
                words.Refuse("DuplicateName", name, path, $"another one of {section} is called {Excerpts.Quote(name.Value)}, too", "give one of the two another name, or write one for both");
                continue;
            }

            var said = new DialectWords(words.Report, path);
            table.Read(thing with { Entries = [.. thing.Entries.Where(key => key.Key.Value != "name")] }, "", said);
            complete?.Invoke(thing, said);
            things.Add(new(name, said.In(thing)));
        }

        if (things.Count > 0)
            words.Say(word, new MappingNode(list.Location, things) { Tag = list.Tag }, entry.Key);
    }

    /// <summary>Incus restricts only whom it is told to; a stack restricts whom it is not told not to.</summary>
    private static void Trusted(MappingNode certificate, DialectWords words)
    {
        if (Text(certificate.Find("restricted")).Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            if (certificate.Find("projects") is null or ScalarNode { IsNull: true })
                words.Say("projects", new SequenceNode(certificate.Location, []), certificate);
            return;
        }

        words.Say("restricted", "false", certificate.Find("restricted") ?? certificate);
        if (certificate.Find("projects") is null or ScalarNode { IsNull: true } or SequenceNode { Items.Count: 0 })
            words.Drop("projects");
    }

    /// <summary>Configuration without what says nothing: Incus takes an empty value for none.</summary>
    private static void Config(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is not MappingNode config)
        {
            words.Keep(entry);
            return;
        }

        var kept = config.Entries.Where(key => key.Value is not ScalarNode || (Text(key.Value).Length > 0 && !IsServers(key.Key.Value))).ToList();
        if (kept.Count > 0)
            words.Keep(entry with { Value = config with { Entries = kept } });
    }

    /// <summary>What the server notes down for itself, and <c>--dump</c> writes all the same.</summary>
    private static bool IsServers(string key) => key.StartsWith("volatile.", StringComparison.Ordinal);

    private static void Said(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is not ScalarNode || Text(entry.Value).Length > 0)
            words.Keep(entry);
    }

    /// <summary>Where it is has been looked at.</summary>
    private static void Placed(MappingEntry entry, DialectWords words)
    {
        if (entry.Value is not ScalarNode)
            words.Wrong(entry.Value, "project", "a project's name");
    }

    private static ScalarNode Pem(ScalarNode text)
    {
        const int lineLength = 64;
        if (text.Value.Contains("-----BEGIN", StringComparison.Ordinal))
            return text;
        // The API takes the bytes alone, in Base64.
        var body = string.Join('\n', string.Concat(text.Value.Where(letter => !char.IsWhiteSpace(letter))).Chunk(lineLength).Select(line => new string(line)));
        return text with { Value = $"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n" };
    }

    private static string ProjectOf(MappingNode thing) => Text(thing.Find("project")) is { Length: > 0 } project ? project : DefaultProject;

    private static string Text(DocumentNode? node) => node is ScalarNode { IsNull: false } scalar ? scalar.Value : "";

    /// <summary>The one project that the stack lives in.</summary>
    private sealed class Home
    {
        private readonly bool _hasNetworks;

        public Home(MappingNode root)
        {
            var projects = Things(root, "projects").ToList();
            var lived = Things(root, "profiles").Concat(Things(root, "storage_volumes")).Select(ProjectOf).Distinct().ToList();
            var declared = projects.Select(project => Text(project.Find("name"))).Where(name => name is not ("" or DefaultProject)).ToList();
            Project = lived.Contains(DefaultProject) ? DefaultProject : lived.Concat(declared).Concat(Things(root, "networks").Select(ProjectOf).Where(name => name != DefaultProject)).FirstOrDefault() ?? DefaultProject;
            IsNamed = Project != DefaultProject || Things(root, "profiles").Concat(Things(root, "storage_volumes")).Concat(Things(root, "networks")).Any(thing => Text(thing.Find("project")) == DefaultProject);
            _hasNetworks = projects.Any(project => Text(project.Find("name")) == Project && project.Find("config") is MappingNode config && Text(config.Find("features.networks")).Equals("true", StringComparison.OrdinalIgnoreCase))
                || Project == DefaultProject;
        }

        public string Project { get; }

        /// <summary>True where the file says that it is this one.</summary>
        public bool IsNamed { get; }

        public bool Holds(string project) => project == Project;

        /// <summary>Networks of a project without networks of its own are those of the project <c>default</c>.</summary>
        public bool HoldsNetwork(string project) => project == Project || (project == DefaultProject && !_hasNetworks);

        private static IEnumerable<MappingNode> Things(MappingNode root, string section) => (root.Find(section) as SequenceNode)?.Items.OfType<MappingNode>() ?? [];
    }
}
