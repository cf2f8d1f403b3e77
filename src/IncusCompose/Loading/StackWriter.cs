using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <summary>A definition as a document, in the canonical form: every key in its declared order, defaults left out.</summary>
internal static partial class StackWriter
{
    /// <param name="stack">The definition.</param>
    /// <param name="mask">Shows a value by its key: the value itself, or what may be shown of it.</param>
    public static DocumentNode ToDocument(StackDefinition stack, Func<string, string, string> mask)
    {
        var writer = new Writer(mask);
        return writer.Stack(stack);
    }

    private sealed partial class Writer(Func<string, string, string> mask)
    {
        public MappingNode Stack(StackDefinition stack) => new Entries(mask)
            .Text("name", stack.Name)
            .Text("description", stack.Description)
            .Text("remote", stack.Remote)
            .Node("project", stack.Project is null ? null : Project(stack.Project))
            .Map("projects", stack.Projects, OtherProject)
            .Map("instances", Both(stack.Instances, stack.InactiveInstances), Instance)
            .Map("networks", stack.Networks, Network)
            .Map("network_acls", stack.NetworkAcls, Acl)
            .Map("network_address_sets", stack.NetworkAddressSets, AddressSet)
            .Map("network_zones", stack.NetworkZones, Zone)
            .Map("network_integrations", stack.NetworkIntegrations, Integration)
            .Map("storage_pools", stack.StoragePools, Pool)
            .Map("volumes", stack.Volumes, Volume)
            .Map("buckets", stack.Buckets, Bucket)
            .Map("profiles", stack.Profiles, Profile)
            .Map("images", stack.Images, Image)
            .Map("secrets", stack.Secrets, Secret)
            .Map("configs", stack.Configs, Config)
            .Map("certificates", stack.Certificates, Certificate)
            .Map("cluster_groups", stack.ClusterGroups, ClusterGroup)
            .ToNode();

        private static IReadOnlyDictionary<string, InstanceDefinition> Both(IReadOnlyDictionary<string, InstanceDefinition> active, IReadOnlyDictionary<string, InstanceDefinition> inactive) =>
            inactive.Count == 0 ? active : active.Concat(inactive).ToDictionary(StringComparer.Ordinal);

        private MappingNode OtherProject(ProjectDefinition project) => new Entries(mask)
            .Text("description", project.Description)
            .Values("config", project.Config)
            .ToNode();

        private MappingNode Instance(InstanceDefinition instance) => new Entries(mask)
            .Text("image", instance is { Build: not null, Image: InstanceDefinition.DefaultImage } ? null : instance.Image)
            .Text("pull_policy", instance.PullPolicy?.ToString().ToLowerInvariant())
            .Node("build", instance.Build is null ? null : Build(instance.Build))
            .Text("type", instance.Type == InstanceType.VirtualMachine ? "virtual-machine" : null)
            .Text("description", instance.Description)
            .Node("profiles", instance.Profiles is null ? null : List(instance.Profiles.Select(Scalar)))
            .Text("target", instance.Target)
            .Options(instance.Options, "cpu", "memory")
            .Node("disk", Disk(instance.Disk, instance.Options))
            .Text("processes", instance.Options.GetValueOrDefault("limits.processes"))
            .Node("networks", instance.Networks.Count == 0 ? null : List(instance.Networks.Select(Attachment)))
            .Text("network", instance.Macvlan?.ToString())
            .Node("volumes", instance.Volumes.Count == 0 ? null : List(instance.Volumes.Select(Mount)))
            .Node("persist", instance.Persist.Count == 0 ? null : List(instance.Persist.Select(Folder)))
            .Node("ports", instance.Ports.Count == 0 ? null : List(instance.Ports.Select(Port)))
            .Values("environment", instance.Environment)
            .Node("cloud_init", instance.CloudInit is null ? null : CloudInit(instance.CloudInit))
            .Node("ssh", instance.Ssh is null ? null : Ssh(instance.Ssh))
            .Node("files", instance.Files.Count == 0 ? null : List(instance.Files.Select(GuestFile)))
            .Node("secrets", instance.Secrets.Count == 0 ? null : List(instance.Secrets.Select(Grant)))
            .Node("configs", instance.Configs.Count == 0 ? null : List(instance.Configs.Select(Grant)))
            .Node("depends_on", instance.DependsOn.Count == 0 ? null : DependsOn(instance.DependsOn))
            .Node("ready", instance.Ready is null ? null : Ready(instance.Ready))
            .Node("healthcheck", instance.Healthcheck is { } check ? Healthcheck(check) : instance.HealthTiming is { } timing ? HealthTiming(timing) : instance.NoHealthcheck ? new Entries(mask).Flag("disable", true).ToNode() : null)
            .Node("hooks", instance.Hooks is null ? null : Hooks(instance.Hooks))
            .Node("snapshots", instance.Snapshots is null ? null : Snapshots(instance.Snapshots))
            .Text("replicas", instance.Replicas is { } replicas ? Whole(replicas) : null)
            .Node("update", instance.Update == new UpdateDefinition() ? null : new Entries(mask)
                .Text("strategy", instance.Update.Strategy.ToString().ToLowerInvariant())
                .Text("parallel", Whole(instance.Update.Parallel))
                .Text("on_failure", instance.Update.OnFailure == UpdateFailure.Stop ? null : "rollback")
                .Flag("checkpoint", instance.Update.Checkpoint ? true : null)
                .ToNode())
            .Node("provision", instance.Provision.Count == 0 ? null : List(instance.Provision.Select(Provision)))
            .Flag("autostart", instance.Autostart)
            .Text("boot_priority", instance.BootPriority?.ToString(CultureInfo.InvariantCulture))
            .Node("activate", Words(instance.Activate))
            .Options(WithoutAutostart(instance), "boot", "security", "kernel", "migration", "nvidia", "agent", "oci", "raw")
            .Values("labels", instance.Labels)
            .Flag("ephemeral", instance.Ephemeral)
            .Values("config", instance.Config)
            .Map("devices", instance.Devices, Device)
            .With(entries => Compose(entries, instance))
            .Node("packages", instance.Packages.Count == 0 ? null : List(instance.Packages.Select(Scalar)))
            .Map("users", instance.Users.ToDictionary(user => user.Name), User)
            .ToNode();

        /// <summary>A word of a command: an option such as <c>--password</c> is the key of the word after it.</summary>
        private ScalarNode Word(IReadOnlyList<string> command, string word, int index) =>
            Scalar(mask(index > 0 && command[index - 1].StartsWith("--", StringComparison.Ordinal) ? command[index - 1] : "exec", word));

        private MappingNode Certificate(CertificateDefinition certificate) => new Entries((_, value) => value)
            .Text("certificate", certificate.Certificate)
            .Text("type", certificate.Type == "client" ? null : certificate.Type)
            .Flag("restricted", certificate.Restricted)
            .Node("projects", certificate.Projects is null ? null : List(certificate.Projects.Select(Scalar)))
            .Text("description", certificate.Description)
            .ToNode();

        private MappingNode ClusterGroup(ClusterGroupDefinition group) => new Entries(mask)
            .Node("members", group.Members.Count == 0 ? null : List(group.Members.Select(Scalar)))
            .Text("description", group.Description)
            .Values("config", group.Config)
            .ToNode();

        /// <summary>A text that stays one, whatever it looks like.</summary>
        private ScalarNode Text(string key, string value) => Scalar(mask(key, value)) is { Style: ScalarStyle.Block } block ? block : Scalar(mask(key, value)) with { Style = ScalarStyle.Quoted };

        private static SequenceNode? Words(IReadOnlyList<string> words) => words.Count == 0 ? null : List(words.Select(Scalar));

        private SequenceNode Command(IReadOnlyList<string> command) => List(command.Select((word, index) => Word(command, word, index)));

        private static string? Time(TimeSpan? time) => time is null ? null : Duration.Format(time.Value);

        private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

        private MappingNode Profile(ProfileDefinition profile) => new Entries(mask)
            .Text("description", profile.Description)
            .Options(profile.Options, "cpu", "memory")
            .Node("disk", Disk(profile.Disk, profile.Options))
            .Text("processes", profile.Options.GetValueOrDefault("limits.processes"))
            .Values("environment", profile.Environment)
            .Node("cloud_init", profile.CloudInit is null ? null : CloudInit(profile.CloudInit))
            .Node("snapshots", profile.Snapshots is null ? null : Snapshots(profile.Snapshots))
            .Options(profile.Options, "boot", "security", "kernel", "migration", "nvidia", "agent", "oci", "raw")
            .Values("config", profile.Config)
            .Map("devices", profile.Devices, Device)
            .Flag("external", profile.External)
            .ToNode();

        private MappingNode Values(IReadOnlyDictionary<string, string> values)
        {
            var entries = new Entries(mask);
            foreach (var (key, value) in values)
                entries.Text(key, value);
            return entries.ToNode();
        }

        private static SequenceNode List(IEnumerable<DocumentNode> items) => new(SourceLocation.None, [.. items]);
    }

    /// <summary>The entries of a mapping under construction; what is null or at its default is not written.</summary>
    private sealed partial class Entries(Func<string, string, string> mask)
    {
        private readonly List<MappingEntry> _entries = [];

        public Entries Text(string key, string? value) => Node(key, value is null ? null : Scalar(mask(key, value)));

        public Entries Flag(string key, bool? value) => Node(key, value is null ? null : Scalar(value.Value ? "true" : "false"));

        public Entries Flag(string key, bool value) => Flag(key, value ? true : null);

        public Entries Values(string key, IReadOnlyDictionary<string, string> values) => Map(key, values.ToDictionary(pair => pair.Key, pair => mask(pair.Key, pair.Value)), Scalar);

        public Entries Map<T>(string key, IReadOnlyDictionary<string, T> items, Func<T, DocumentNode> write)
        {
            if (items.Count == 0)
                return this;
            return Node(key, new MappingNode(SourceLocation.None, [.. items.Select(item => new MappingEntry(Key(item.Key), write(item.Value)))]));
        }

        public Entries Node(string key, DocumentNode? node)
        {
            if (node is not null)
                _entries.Add(new MappingEntry(Key(key), node));
            return this;
        }

        public Entries With(Action<Entries> entries)
        {
            entries(this);
            return this;
        }

        public MappingNode ToNode() => new(SourceLocation.None, _entries);
    }

    /// <summary>A key: as written, since variables in keys are not replaced.</summary>
    private static ScalarNode Key(string key) => Unambiguous(new ScalarNode(SourceLocation.None, key));

    /// <summary>Text that reads back as the same text.</summary>
    private static ScalarNode Scalar(string value) =>
        Unambiguous(new ScalarNode(SourceLocation.None, value.Replace("$", "$$", StringComparison.Ordinal)));

    /// <summary>Quotes what would else be no value, a merge key, or another spelling of true and false.</summary>
    private static ScalarNode Unambiguous(ScalarNode node)
    {
        if (node.IsNull || node.Value is "<<" or "True" or "TRUE" or "False" or "FALSE")
            return node with { Style = ScalarStyle.Quoted };
        return node.Value.Contains('\n', StringComparison.Ordinal) ? node with { Style = ScalarStyle.Block } : node;
    }
}
