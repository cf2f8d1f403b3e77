using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

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

        private DocumentNode DependsOn(IReadOnlyList<InstanceDependency> dependencies) =>
            dependencies.All(dependency => dependency == new InstanceDependency(dependency.Instance))
                ? List(dependencies.Select(dependency => Scalar(dependency.Instance)))
                : new MappingNode(SourceLocation.None, [.. dependencies.Select(dependency => new MappingEntry(Key(dependency.Instance), new Entries(mask)
                    .Text("condition", dependency.Condition.ToString().ToLowerInvariant())
                    .Flag("restart", dependency.Restart)
                    .Flag("required", dependency.Required ? null : false)
                    .ToNode()))]);

        private MappingNode Ready(ReadinessDefinition ready)
        {
            var entries = new Entries(mask)
                .Node("address", Several(ready.Gates.OfType<AddressGate>(), gate => new Entries(mask)
                    .Text("nic", gate.Nic)
                    .Text("family", gate.Family.ToString().ToLowerInvariant())
                    .Text("timeout", Time(gate.Timeout))
                    .ToNode()));
            foreach (var (word, gate) in ready.Gates.Select(gate => (Word: WordOf(gate), gate)).Where(pair => pair.Word is not null))
                entries.Text(word!, Time(gate.Timeout) ?? "true");
            if (ready.Gates.OfType<SshGate>().LastOrDefault() is { } ssh)
                entries.Node("ssh", new Entries(mask).Text("port", Whole(ssh.Port)).Flag("verify_login", ssh.VerifyLogin).Text("timeout", Time(ssh.Timeout)).ToNode());
            return entries
                .Node("tcp", Several(ready.Gates.OfType<TcpGate>(), gate => new Entries(mask).Text("port", Whole(gate.Port)).Text("timeout", Time(gate.Timeout)).ToNode()))
                .Node("http", Several(ready.Gates.OfType<HttpGate>(), gate => Http(gate.Request).Text("timeout", Time(gate.Timeout)).ToNode()))
                .Text("timeout", Time(ready.Timeout))
                .ToNode();
        }

        private static string? WordOf(ReadinessGate gate) => gate switch
        {
            AgentGate => "agent",
            CloudInitGate => "cloud_init",
            GuestGate => "guest",
            HealthGate => "healthy",
            _ => null,
        };

        private static SequenceNode? Several<T>(IEnumerable<T> gates, Func<T, DocumentNode> write) =>
            gates.Select(write).ToList() is { Count: > 0 } items ? List(items) : null;

        private Entries Http(HttpProbe probe) => new Entries(mask)
            .Text("port", Whole(probe.Port))
            .Text("path", probe.Path)
            .Text("status", $"{Whole(probe.LeastStatus)}-{Whole(probe.MostStatus)}")
            .Flag("tls", probe.Tls);

        private MappingNode HealthTiming(HealthTiming timing) => new Entries(mask)
            .Text("interval", Time(timing.Interval))
            .Text("timeout", Time(timing.Timeout))
            .Text("retries", timing.Retries is { } retries ? Whole(retries) : null)
            .Text("start_period", Time(timing.StartPeriod))
            .Text("start_interval", Time(timing.StartInterval))
            .ToNode();

        private MappingNode Healthcheck(HealthCheckDefinition check)
        {
            var plain = new HealthCheckDefinition { Probe = check.Probe };
            return new Entries(mask)
                .Node("exec", check.Probe is ExecProbe exec ? Command(exec.Command) : null)
                .Text("tcp", check.Probe is TcpProbe tcp ? Whole(tcp.Port) : null)
                .Node("http", check.Probe is HttpProbe http ? Http(http).ToNode() : null)
                .Text("interval", check.Interval == plain.Interval ? null : Time(check.Interval))
                .Text("timeout", check.Timeout == plain.Timeout ? null : Time(check.Timeout))
                .Text("retries", check.Retries == plain.Retries ? null : Whole(check.Retries))
                .Text("start_period", check.StartPeriod == plain.StartPeriod ? null : Time(check.StartPeriod))
                .Text("start_interval", Time(check.StartInterval))
                .ToNode();
        }

        /// <summary>A word of a command: an option such as <c>--password</c> is the key of the word after it.</summary>
        private ScalarNode Word(IReadOnlyList<string> command, string word, int index) =>
            Scalar(mask(index > 0 && command[index - 1].StartsWith("--", StringComparison.Ordinal) ? command[index - 1] : "exec", word));

        private MappingNode Hooks(HooksDefinition hooks)
        {
            var entries = new Entries(mask);
            foreach (var (point, steps) in hooks.Points)
                entries.Node(HooksDefinition.WordOf(point), List(steps.Select(Step)));
            return entries.ToNode();
        }

        private MappingNode Step(HookStep step) => new Entries(mask)
            .Node(step.OnHost ? "host" : "exec", Command(step.Command))
            .Text("timeout", step.Timeout == HookStep.DefaultTimeout ? null : Time(step.Timeout))
            .Text("on_failure", step.OnFailure == HookFailure.Fail ? null : "continue")
            .Text("user", step.User)
            .Values("environment", step.Environment)
            .ToNode();

        private MappingNode Snapshots(SnapshotsDefinition snapshots) => new Entries(mask)
            .Text("schedule", snapshots.Schedule)
            .Text("expiry", snapshots.Expiry)
            .Text("manual_expiry", snapshots.ManualExpiry)
            .Text("pattern", snapshots.Pattern == SnapshotsDefinition.DefaultPattern ? null : snapshots.Pattern)
            .Flag("stopped", snapshots.Stopped)
            .ToNode();

        private MappingNode Provision(ProvisionStep step) => new Entries(mask)
            .Text("name", step.Name)
            .Node("exec", step.Exec is null ? null : Command(step.Exec))
            .Node("script", step.Script is null ? null : Script(step.Script))
            .Node("files", step.Files is null ? null : List(step.Files.Select(File)))
            .Node("ansible", step.Ansible is null ? null : Ansible(step.Ansible))
            .Text("user", step.User)
            .Text("cwd", step.WorkingDirectory)
            .Values("environment", step.Environment)
            .Text("timeout", step.Timeout == ProvisionStep.DefaultTimeout ? null : Time(step.Timeout))
            .ToNode();

        private MappingNode Script(ScriptDefinition script) => new Entries(mask)
            .Text("content", script.Content)
            .Text("source", script.Source)
            .Node("interpreter", script.Interpreter is null ? null : Command(script.Interpreter))
            .Node("args", script.Arguments.Count == 0 ? null : Command(script.Arguments))
            .ToNode();

        private MappingNode File(FileDefinition file) => new Entries(mask)
            .Text("source", file.Source)
            .Text("content", file.Content)
            .Text("target", file.Target)
            .Text("owner", file.Owner)
            .Text("group", file.Group)
            .Text("mode", file.Mode is { } mode ? Convert.ToString(mode, 8).PadLeft(4, '0') : null)
            .ToNode();

        // Public keys are shown: whoever reads the resolved file must see who may log in.
        private MappingNode User(UserDefinition user) => new Entries((key, value) => key == "password_hash" ? mask(key, value) : value)
            .Node("keys", user.Keys.Count == 0 ? null : List(user.Keys.Select(Scalar)))
            .Flag("sudo", user.Sudo)
            .Node("groups", user.Groups.Count == 0 ? null : List(user.Groups.Select(Scalar)))
            .Text("shell", user.Shell)
            .Text("uid", user.Uid is { } uid ? Whole(uid) : null)
            .Text("password_hash", user.PasswordHash)
            .ToNode();

        // In the order of their declaration, which is another one than that of a step's files.
        private MappingNode GuestFile(FileDefinition file) => new Entries(mask)
            .Text("target", file.Target)
            .Text("content", file.Content)
            .Text("source", file.Source)
            .Text("owner", file.Owner)
            .Text("group", file.Group)
            .Text("mode", Octal(file.Mode))
            .ToNode();

        // Where secrets come from is said, as it stands in the file; what they are is not known here.
        private MappingNode Secret(SecretDefinition secret) => new Entries((_, value) => value)
            .Text("file", secret.File)
            .Text("environment", secret.Environment)
            .Node("command", secret.Command is null ? null : Command(secret.Command))
            .Node("age", secret.Age is { } age ? new Entries((_, value) => value).Text("file", age.File).Text("identity", age.Identity).ToNode() : null)
            .Node("sops", secret.Sops is { } sops ? new Entries((_, value) => value).Text("file", sops.File).Text("key", sops.Key).ToNode() : null)
            .Text("timeout", secret.Timeout == SecretDefinition.DefaultTimeout ? null : Time(secret.Timeout))
            .ToNode();

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

        private MappingNode Config(ConfigDefinition config) => new Entries(mask)
            .Text("file", config.File)
            .Text("content", config.Content)
            .ToNode();

        private static DocumentNode Grant(GrantDefinition grant) => grant == new GrantDefinition { Source = grant.Source }
            ? Scalar(grant.Source)
            : new Entries((_, value) => value)
                .Text("source", grant.Source)
                .Text("target", grant.Target)
                .Text("uid", grant.Owner)
                .Text("gid", grant.Group)
                .Text("mode", Octal(grant.Mode))
                .Text("delivery", grant.Delivery == GrantDelivery.Credential ? "credential" : null)
                .ToNode();

        private static string? Octal(int? mode) => mode is { } bits ? Convert.ToString(bits, 8).PadLeft(4, '0') : null;

        private MappingNode Ansible(AnsibleDefinition ansible) => new Entries(mask)
            .Text("playbook", ansible.Playbook)
            .Text("role", ansible.Role)
            .Node("vars", ansible.Variables is null ? null : PlainValues.Write("vars", JsonNode.Parse(ansible.Variables), Text))
            .Node("tags", Words(ansible.Tags))
            .Node("skip_tags", Words(ansible.SkipTags))
            .Node("groups", Words(ansible.Groups))
            .Flag("become", ansible.Become)
            .Text("connection", ansible.Connection)
            .Node("extra_args", ansible.ExtraArguments.Count == 0 ? null : Command(ansible.ExtraArguments))
            .ToNode();

        /// <summary>A text that stays one, whatever it looks like.</summary>
        private ScalarNode Text(string key, string value) => Scalar(mask(key, value)) is { Style: ScalarStyle.Block } block ? block : Scalar(mask(key, value)) with { Style = ScalarStyle.Quoted };

        private static SequenceNode? Words(IReadOnlyList<string> words) => words.Count == 0 ? null : List(words.Select(Scalar));

        private SequenceNode Command(IReadOnlyList<string> command) => List(command.Select((word, index) => Word(command, word, index)));

        private static string? Time(TimeSpan? time) => time is null ? null : Duration.Format(time.Value);

        private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

        private DocumentNode Attachment(NetworkAttachment nic) => nic == new NetworkAttachment { Network = nic.Network }
            ? Scalar(nic.Network)
            : new Entries(mask)
                .Text("network", nic.Network)
                .Text("ipv4", nic.Ipv4)
                .Text("ipv6", nic.Ipv6)
                .Text("mac", nic.Mac)
                .Text("name", nic.Name)
                .Text("acls", nic.Acls)
                .ToNode();

        private DocumentNode Mount(VolumeMount mount)
        {
            if (mount.Tmpfs is { } tmpfs)
            {
                return new Entries(mask).Text("type", "tmpfs").Text("target", mount.Target)
                    .Node("tmpfs", tmpfs is { Size: null, Mode: null } ? null : new Entries(mask).Text("size", tmpfs.Size).Text("mode", tmpfs.Mode).ToNode()).ToNode();
            }

            if (mount is { Shift: null, Subpath: null, Propagation: null, CreateHostPath: false, NoCopy: null } && !mount.Source.Contains(':', StringComparison.Ordinal) && !mount.Target.Contains(':', StringComparison.Ordinal))
                return Scalar($"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}");
            return new Entries(mask)
                .Text("source", mount.Source)
                .Text("target", mount.Target)
                .Flag("read_only", mount.ReadOnly)
                .Flag("shift", mount.Shift)
                .Node("bind", mount is { Propagation: null, CreateHostPath: false } ? null : new Entries(mask).Text("propagation", mount.Propagation).Flag("create_host_path", mount.CreateHostPath).ToNode())
                .Node("volume", mount is { Subpath: null, NoCopy: null } ? null : new Entries(mask).Text("subpath", mount.Subpath).Flag("nocopy", mount.NoCopy).ToNode())
                .ToNode();
        }

        private DocumentNode Folder(PersistedFolder folder)
        {
            if (folder.Owner is null && !folder.Source.Contains(':', StringComparison.Ordinal) && !folder.Target.Contains(':', StringComparison.Ordinal))
                return Scalar($"{folder.Source}:{folder.Target}");
            return new Entries(mask)
                .Text("source", folder.Source)
                .Text("target", folder.Target)
                .Text("owner", folder.Owner?.ToString())
                .ToNode();
        }

        private DocumentNode Port(PortMapping port)
        {
            var published = Range(port.HostPort, port.Count);
            var target = Range(port.InstancePort, port.Count);
            if (port.InstanceAddress == "127.0.0.1")
            {
                var host = port.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{port.HostAddress}]:" : $"{port.HostAddress}:";
                // 22:22 alone would be a number in base 60 to old YAML readers.
                return new ScalarNode(SourceLocation.None, $"{host}{published}:{target}/{port.Protocol}", ScalarStyle.Plain);
            }

            return new Entries(mask)
                .Text("target", target)
                .Text("published", published)
                .Text("host_ip", port.HostAddress)
                .Text("protocol", port.Protocol)
                .Text("instance_ip", port.InstanceAddress)
                .ToNode();
        }

        private MappingNode CloudInit(CloudInitDefinition data) => new Entries(mask)
            .Text("user_data", data.UserData)
            .Text("vendor_data", data.VendorData)
            .Text("network_config", data.NetworkConfig)
            .ToNode();

        // Public keys are shown: whoever reads the resolved file must see who may log in.
        private MappingNode Ssh(SshDefinition ssh) => new Entries((_, value) => value)
            .Text("user", ssh.User)
            .Node("keys", List(ssh.Keys.Select(Scalar)))
            .Text("sudo", ssh.Sudo ? null : "false")
            .Text("port", ssh.Port == SshDefinition.DefaultPort ? null : ssh.Port.ToString(CultureInfo.InvariantCulture))
            .Text("shell", ssh.Shell == SshDefinition.DefaultShell ? null : ssh.Shell)
            .ToNode();

        private MappingNode Volume(VolumeDefinition volume)
        {
            var config = new Unsaid(volume.Config, mask);
            return new Entries(mask)
                .Text("pool", volume.Pool)
                .Text("target", volume.Target)
                .Text("size", volume.Size)
                .Text("content_type", volume.ContentType == "filesystem" ? null : volume.ContentType)
                .Text("source", volume.Source)
                .Text("import", volume.Import)
                .Node("content", volume.Content.Count == 0 ? null : List(volume.Content.Select(Content)))
                .Node("initial", Initial(config))
                .Node("snapshots", volume.Snapshots is null ? null : Snapshots(volume.Snapshots))
                .Text("description", volume.Description)
                .Values("config", config.Rest)
                .Flag("external", volume.External)
                .ToNode();
        }

        private static MappingNode? Initial(Unsaid config) => OrNothing(new Entries(Plain)
            .Text("uid", config.Take("initial.uid", text => IsNumber(text, 0, int.MaxValue)))
            .Text("gid", config.Take("initial.gid", text => IsNumber(text, 0, int.MaxValue)))
            .Text("mode", config.Take("initial.mode", StorageShapes.Mode.Accepts))
            .ToNode());

        private MappingNode Bucket(BucketDefinition bucket) => new Entries(mask)
            .Text("pool", bucket.Pool)
            .Text("size", bucket.Size)
            .Map("keys", bucket.Keys, BucketKey)
            .Text("description", bucket.Description)
            .Values("config", bucket.Config)
            .Flag("external", bucket.External)
            .ToNode();

        private DocumentNode BucketKey(BucketKeyDefinition key) => key == new BucketKeyDefinition { Name = key.Name, Role = key.Role }
            ? Scalar(key.Role)
            : new Entries(mask)
                .Text("role", key.Role == BucketKeyDefinition.DefaultRole ? null : key.Role)
                .Text("description", key.Description)
                .Text("access_key", key.AccessKey)
                .Text("secret_key", key.SecretKey)
                .ToNode();

        private DocumentNode Content(VolumeContent content) => content == new VolumeContent { Source = content.Source }
            ? Scalar(content.Source)
            : new Entries(mask)
                .Text("source", content.Source)
                .Text("target", content.Target == "/" ? null : content.Target)
                .Text("uid", content.Uid?.ToString(CultureInfo.InvariantCulture))
                .Text("gid", content.Gid?.ToString(CultureInfo.InvariantCulture))
                .ToNode();

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

        private DocumentNode Image(ImageDefinition image) => image is { Source.Length: > 0, Build: null, Aliases.Count: 0, AutoUpdate: null, Profiles: null, Pull: null, Credentials: null }
            ? Scalar(image.Source)
            : new Entries(mask)
                .Text("source", image.Source.Length == 0 ? null : image.Source)
                .Text("file", image.File)
                .Text("metadata", image.Metadata)
                .Text("rootfs", image.Rootfs)
                .Text("publish", image.Publish)
                .Node("build", image.Build is null ? null : Build(image.Build))
                .Node("aliases", Words(image.Aliases))
                .Node("profiles", image.Profiles is null ? null : List(image.Profiles.Select(Scalar)))
                .Flag("auto_update", image.AutoUpdate)
                .Text("pull", image.Pull?.ToString().ToLowerInvariant())
                .Node("credentials", image.Credentials is null ? null : new Entries(mask).Text("username", image.Credentials.Username).Text("password", image.Credentials.Password).ToNode())
                .ToNode();

        private MappingNode Values(IReadOnlyDictionary<string, string> values)
        {
            var entries = new Entries(mask);
            foreach (var (key, value) in values)
                entries.Text(key, value);
            return entries.ToNode();
        }

        private static string Range(int first, int count) =>
            count == 1 ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{first + count - 1}");

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
