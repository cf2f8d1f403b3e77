using System.Collections.Immutable;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What an instance can say.</summary>
internal static partial class InstanceKeys
{
    /// <summary>The host's own network.</summary>
    private static ScalarShape<MacvlanDefinition> Macvlan { get; } = new("`macvlan`, or `macvlan:` and the host's interface such as `macvlan:eno1`", text =>
        MacvlanDefinition.Parse(text) is { } macvlan ? new(macvlan) : new(new(), "is not the host's own network", $"write `networks: [{text}]`, or `macvlan`"))
    { ProblemId = "BadNetwork", Pattern = "^macvlan(:.+)?$" };

    /// <summary>One entry of <c>instances</c>.</summary>
    public static ObjectShape<InstanceDefinition> Instance { get; } = new ObjectShape<InstanceDefinition>(name => new InstanceDefinition { Name = name })
        .Add("image", Scalars.Word("an image such as `images:debian/12`, or a key of `images`"), "What to create it from: a key of the file's `images`, `remote:alias`, or an alias or fingerprint on the server; `" + InstanceDefinition.DefaultImage + "` where the key is missing",
            (instance, value) => instance with { Image = value })
        .Add("pull_policy", ImageShapes.PullPolicy, "When its image is fetched: `missing`, where the server does not have it (the default); `always`, where its name leads to another one by now, too; `never`: the server must have it; `build`: it is built even if its registry has it", (instance, value) => instance with { PullPolicy = value })
        .Add("build", BuildShapes.Build, "The image is built of this folder by the `buildah`, `podman` or `docker` of this machine's `PATH`; where `image` is said too, only if its registry does not have that (`pull_policy: build`: in any case)", (instance, value) => instance with { Build = value })
        .Add("type", Scalars.Choice(("container", InstanceType.Container), ("virtual-machine", InstanceType.VirtualMachine)), "`container` (the default) or `virtual-machine`", (instance, value) => instance with { Type = value })
        .Add("description", Scalars.Text, "Free text for people", (instance, value) => instance with { Description = value })
        .Add("profiles", new ListShape<string>(Scalars.Word("a profile's name"), "[default, small]"), "Incus profiles in order of application; `default` alone where the key is missing",
            (instance, value) => instance with { Profiles = value })
        .Add("target", TargetShapes.OfInstance, "The member of the cluster that it is on, or `@` and a group of members; where the key is missing, it is where its local volumes are, or where the server puts it", (instance, value) => instance with { Target = value })
        .AddOptions(WithOptions, "cpu", "memory")
        .Add("disk", DiskShapes.Disk, "The root disk: its size, or more of it", WithDisk)
        .AddProcesses(WithOptions)
        .Add("networks", Networks(), "The networks that it is attached to; what the profiles say where the key is missing", (instance, value) => instance with { Networks = value })
        .Add("network", Macvlan, "An interface in the network that the host stands in, after those of `networks`", (instance, value) => instance with { Macvlan = value })
        .Add("volumes", new ListShape<VolumeMount>(MountShapes.Mount, "[\"data:/var/lib/data\"]"), "Volumes and host paths mounted in it", (instance, value) => instance with { Volumes = value })
        .Add("persist", new ListShape<PersistedFolder>(MountShapes.Persisted, "[\"./data:/srv/data\"]"), "Folders of the host that outlive it, made where they are not there", (instance, value) => instance with { Persist = value })
        .Add("ports", new ListShape<PortMapping>(PortShapes.Port, "[\"8080:80\"]"), "Ports of the host that lead to ports of the instance", (instance, value) => instance with { Ports = value })
        .Add("environment", CommonShapes.Environment, "Environment variables of what is run in it", (instance, value) => instance with { Environment = EnvironmentFileShapes.Over(instance.Environment, value) })
        .Add("env_file", EnvironmentFileShapes.Files, "Files with environment variables, over which those of `environment` win", (instance, value) => instance with { Environment = EnvironmentFileShapes.Over(value, instance.Environment) })
        .Add("cloud_init", CloudInitShapes.CloudInit, "cloud-init data, for images that have cloud-init", (instance, value) => instance with { CloudInit = value == new CloudInitDefinition() ? null : value })
        .Add("ssh", SshShapes.Ssh, "Who may log in by SSH, for images that have cloud-init", (instance, value) => instance with { Ssh = value })
        .Add("files", GuestFileShapes.Files, "Files and folders in it, kept as they are here", (instance, value) => instance with { Files = value })
        .Add("secrets", SecretShapes.SecretGrants, "Secrets of the stack that it gets, as files or credentials", (instance, value) => instance with { Secrets = value })
        .Add("configs", SecretShapes.ConfigGrants, "Configs of the stack that it gets, as files or credentials", (instance, value) => instance with { Configs = value })
        .Add("depends_on", DependsOn(), "Instances that must have started, or be ready or healthy, before it", (instance, value) => instance with { DependsOn = value })
        .Add("ready", ReadinessShapes.Ready, "What must be true before it counts as ready", (instance, value) => instance with { Ready = value.Gates.Count == 0 ? null : value })
        .Add("healthcheck", ReadinessShapes.Healthcheck, "How to tell that it is healthy", (instance, value) => instance with { Healthcheck = value.Check, NoHealthcheck = value is { Check: null, Timing: null }, HealthTiming = value.Timing })
        .Add("hooks", HookShapes.Hooks, "What is run around its changes, in it or on this machine", (instance, value) => instance with { Hooks = value })
        .Add("snapshots", SnapshotShapes.OfInstance, "Snapshots that the server takes of it by itself, at set times", (instance, value) => instance with { Snapshots = value == new SnapshotsDefinition() ? null : value })
        .Add("replicas", Scalars.Number("a number such as `3`", 0, Planning.Replicas.Most), "How many instances of it there are, called NAME-1, NAME-2, …; where the key is missing it is one, called NAME", (instance, value) => instance with { Replicas = value })
        .Add("update", Update(), "How its instances are changed where a change restarts them or makes them anew", (instance, value) => instance with { Update = value })
        .Add("provision", ProvisionShapes.Provision, "What is made of it once it is ready: steps that run once for their content", (instance, value) => instance with { Provision = value })
        .Add("autostart", Scalars.Boolean, "Whether it starts with the host; as it was before where the key is missing", (instance, value) => instance with { Autostart = value })
        .Add("boot_priority", Scalars.Number("a whole number such as `10`", int.MinValue, int.MaxValue), "Instances with a higher one start first with the host", (instance, value) => instance with { BootPriority = value })
        .Add("extends", CompositionShapes.Extends, "Another instance, of this file or of another one, whose words it has where it does not say otherwise", (instance, _) => instance)
        .Add("activate", Activate(), "Words of which one must be given (`--activate`) for it to exist; it always does where the key is missing", (instance, value) => instance with { Activate = value })
        .AddOptions(WithOptions, "boot", "security", "kernel", "migration", "nvidia", "agent", "oci", "raw")
        .Add("labels", CommonShapes.Labels, "Labels, kept on the instance as `user.label.NAME`", (instance, value) => instance with { Labels = EnvironmentFileShapes.Over(instance.Labels, value) })
        .Add("label_file", EnvironmentFileShapes.Labels, "Files with labels, written as those with environment variables, over which those of `labels` win", (instance, value) => instance with { Labels = EnvironmentFileShapes.Over(value, instance.Labels) })
        .Add("ephemeral", Scalars.Boolean, "Whether Incus deletes it when it stops", (instance, value) => instance with { Ephemeral = value })
        .Add("config", CommonShapes.Config("limits.processes: 100"), "Raw Incus instance configuration; wins over the words above", (instance, value) => instance.WithConfig(value))
        .Add("devices", ComposeWords.Devices, "Incus's devices by name, which win over the devices that other words make; or devices of the host", (instance, value) => instance.WithDevices(value))
        .With(ComposeWords.Add)
        .With(GuestWords.Add)
        .Foreign("name", "write `container_name`, or leave it out: an instance is called what its key says")
        .Foreign("env", "write `environment`")
        .Foreign("volume", "write `volumes:` with a list")
        .Foreign("root_size", "write `disk`")
        .Foreign("storage_opt", "write `disk` with the size of the root disk")
        .Foreign("provisioning", "write `provision`");

    private static FormsShape<IReadOnlyList<string>> Activate()
    {
        // compose's characters, but for those that a list of words could not be told apart by.
        var word = new ScalarShape<string>("a word such as `debug`", text => ActivationWord().IsMatch(text) ? new(text) : new("", "cannot be such a word", "begin it with a letter or digit, and use letters, digits, `.`, `_` and `-`"));
        return new FormsShape<IReadOnlyList<string>>
        {
            Scalar = word.As<string, IReadOnlyList<string>>(one => [one]),
            Sequence = new ListShape<string>(word, "[debug]").As<IReadOnlyList<string>, IReadOnlyList<string>>(words => [.. words.Where(one => (string?)one is not null)]),
        };
    }

    private static FormsShape<UpdateDefinition> Update()
    {
        var strategy = Scalars.Choice(("rolling", UpdateStrategy.Rolling), ("all", UpdateStrategy.All), ("manual", UpdateStrategy.Manual));
        return new FormsShape<UpdateDefinition>
        {
            Scalar = strategy.As(value => new UpdateDefinition { Strategy = value }),
            Mapping = new ObjectShape<UpdateDefinition>(_ => new UpdateDefinition())
                .Add("strategy", strategy, "`rolling` (where the key is missing): the next replica once the one before is ready; `all` at once; `manual`: only those that `--update NAME` names", (update, value) => update with { Strategy = value })
                .Add("parallel", Scalars.Number("a number such as `2`", 1, Planning.Replicas.Most), "How many at one time with `rolling`; 1 where the key is missing", (update, value) => update with { Parallel = value })
                .Add("on_failure", Scalars.Choice(("stop", UpdateFailure.Stop), ("rollback", UpdateFailure.Rollback)), "Where one fails or does not become ready: `stop` (where the key is missing) leaves those after it as they are; `rollback` puts all of them back as they were", (update, value) => update with { OnFailure = value })
                .Add("checkpoint", Scalars.Boolean, "`true`: an apply that changes any of them is a transaction, as with `--checkpoint`", (update, value) => update with { Checkpoint = value })
                .Foreign("failure_action", "write `on_failure`")
                .Foreign("parallelism", "write `parallel`"),
        };
    }

    private static InstanceDefinition WithOptions(InstanceDefinition instance, ImmutableSortedDictionary<string, string> options) =>
        instance with { Options = instance.Options.Overlaid(options) };

    private static InstanceDefinition WithDisk(InstanceDefinition instance, ImmutableSortedDictionary<string, string> values) => instance with
    {
        Disk = DiskShapes.RootDisk(values),
        Options = values.TryGetValue(DiskShapes.PriorityKey, out var priority) ? instance.Options.With(DiskShapes.PriorityKey, priority) : instance.Options,
    };

    private static FormsShape<IReadOnlyList<NetworkAttachment>> Networks()
    {
        ObjectShape<NetworkAttachment> Attachment() => new ObjectShape<NetworkAttachment>(network => new NetworkAttachment { Network = network })
            .Add("ipv4", CommonShapes.Ipv4Address, "A fixed IPv4 address", (nic, value) => nic with { Ipv4 = value })
            .Add("ipv6", CommonShapes.Ipv6Address, "A fixed IPv6 address", (nic, value) => nic with { Ipv6 = value })
            .Add("mac", CommonShapes.MacAddress, "A fixed MAC address", (nic, value) => nic with { Mac = value })
            .Add("name", Scalars.Word("an interface's name such as `eth0`"), "The interface's name in the instance; eth0, eth1, … by position", (nic, value) => nic with { Name = value })
            .Add("acls", ListShapes.Of(Scalars.Word("a network ACL's name"), "[web]"), "Network ACLs for this interface, beside those of the network", (nic, value) => nic with { Acls = value })
            .Foreign("ipv4_address", "write `ipv4`")
            .Foreign("ipv6_address", "write `ipv6`")
            .Foreign("mac_address", "write `mac`")
            .Foreign("hwaddr", "write `mac`")
            .Foreign("interface_name", "write `name`");

        var networkName = Scalars.Word("a network's name");
        return new FormsShape<IReadOnlyList<NetworkAttachment>>
        {
            Sequence = new ListShape<NetworkAttachment>(new FormsShape<NetworkAttachment>
            {
                Scalar = networkName.As(network => new NetworkAttachment { Network = network }),
                Mapping = Attachment().Add("network", networkName, "The network", (nic, value) => nic with { Network = value }, required: true),
            }, "[lan]"),
            Mapping = new MapShape<NetworkAttachment>(Attachment(), "lan: {ipv4: 10.20.0.10}").As<IReadOnlyDictionary<string, NetworkAttachment>, IReadOnlyList<NetworkAttachment>>(nics => [.. nics.Values]),
        };
    }

    private static FormsShape<IReadOnlyList<InstanceDependency>> DependsOn()
    {
        // compose's words too.
        string[] words = ["started", "ready", "healthy", "completed", "service_started", "service_healthy", "service_completed_successfully"];
        var condition = new ScalarShape<DependencyCondition>("`started`, `ready`, `healthy` or `completed`", text => text switch
        {
            "started" or "service_started" => new(DependencyCondition.Started),
            "ready" => new(DependencyCondition.Ready),
            "healthy" or "service_healthy" => new(DependencyCondition.Healthy),
            "completed" or "service_completed_successfully" => new(DependencyCondition.Completed),
            _ => new(default, "is not a condition that is known here", Diagnostics.Suggestions.DidYouMean(text, words, "write `started`, `ready`, `healthy` or `completed`")),
        })
        { ProblemId = "BadCondition", Words = words };
        return new FormsShape<IReadOnlyList<InstanceDependency>>
        {
            Sequence = new ListShape<InstanceDependency>(Scalars.Word("an instance's name").As(name => new InstanceDependency(name)), "[db]"),
            Mapping = new MapShape<InstanceDependency>(new ObjectShape<InstanceDependency>(name => new InstanceDependency(name))
                    .Add("condition", condition, "What must be true of the other instance: `started` (where the key is missing), `ready`, `healthy` or `completed`", (dependency, value) => dependency with { Condition = value })
                    .Add("restart", Scalars.Boolean, "Whether this instance is restarted when the other one is", (dependency, value) => dependency with { Restart = value })
                    .Add("required", Scalars.Boolean, "`false` to go on without the other one", (dependency, value) => dependency with { Required = value }), "db: {condition: healthy}")
                .As<IReadOnlyDictionary<string, InstanceDependency>, IReadOnlyList<InstanceDependency>>(dependencies => [.. dependencies.Values]),
        };
    }

    // Source: https://docs.docker.com/reference/compose-file/profiles/
    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*\\z")]
    private static partial Regex ActivationWord();
}
