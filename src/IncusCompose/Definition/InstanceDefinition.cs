using System.Globalization;

namespace IncusCompose.Definition;

/// <summary>The kinds of instance that Incus has.</summary>
public enum InstanceType
{
    /// <summary>A system or application container.</summary>
    Container,

    /// <summary>A virtual machine.</summary>
    VirtualMachine,
}

/// <summary>A container or virtual machine of the stack.</summary>
public sealed partial record InstanceDefinition
{
    /// <summary>The image used where a definition names none.</summary>
    public const string DefaultImage = "images:ubuntu/24.04/cloud";

    internal const string AutostartKey = "boot.autostart";

    internal const string BootPriorityKey = "boot.autostart.priority";

    /// <summary>The instance's name: its key in the file, and its host name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// What to create it from: a key of the stack's <c>images</c>, <c>remote:alias</c>, or an alias or
    /// fingerprint on the server itself.
    /// </summary>
    public string Image { get; init; } = DefaultImage;

    /// <summary>When the image is looked for where it comes from; null: as the entry of <c>images</c> says.</summary>
    public ImagePull? PullPolicy { get; init; }

    /// <summary>
    /// How its image is built, until that is known as one of the stack's images: null from then on. Of an instance that is
    /// inactive it stays.
    /// </summary>
    public BuildDefinition? Build { get; init; }

    /// <summary>Container (the default) or virtual machine.</summary>
    public InstanceType Type { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Incus profiles in order of application; null: <c>default</c> alone, as Incus does.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>
    /// What the words for resources, security, the kernel and the like say, by Incus's own keys; raw configuration wins
    /// over it. Source: Incus doc/reference/instance_options.md.
    /// </summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Maps.Empty;

    /// <summary><c>limits.cpu</c>: a count (<c>2</c>) or a set (<c>0-3,6</c>); one of <see cref="Options"/>.</summary>
    public string? Cpu
    {
        get => Options.GetValueOrDefault("limits.cpu");
        init => Options = Options.With("limits.cpu", value);
    }

    /// <summary><c>limits.memory</c>: a size (<c>512MiB</c>) or a percentage (<c>20%</c>); one of <see cref="Options"/>.</summary>
    public string? Memory
    {
        get => Options.GetValueOrDefault("limits.memory");
        init => Options = Options.With("limits.memory", value);
    }

    /// <summary>The root disk's size and pool; null: what the profiles say.</summary>
    public RootDiskDefinition? Disk { get; init; }

    /// <summary>Raw instance configuration; wins over the typed words. Source: Incus doc/reference/instance_options.md.</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>Raw devices by name; win over the devices that the typed words make. Source: Incus doc/reference/devices.md.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty;

    /// <summary>Network attachments in order (<c>eth0</c>, <c>eth1</c>, …); empty: what the profiles say.</summary>
    public IReadOnlyList<NetworkAttachment> Networks { get; init; } = [];

    /// <summary>An interface in the host's own network, after those of <see cref="Networks"/>; null: none.</summary>
    public MacvlanDefinition? Macvlan { get; init; }

    /// <summary>Volumes and host paths mounted in the instance.</summary>
    public IReadOnlyList<VolumeMount> Volumes { get; init; } = [];

    /// <summary>Folders of the host that outlive the instance.</summary>
    public IReadOnlyList<PersistedFolder> Persist { get; init; } = [];

    /// <summary>Published ports (proxy devices).</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary><c>environment.*</c> of the instance.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Maps.Empty;

    /// <summary>cloud-init data; null: none.</summary>
    public CloudInitDefinition? CloudInit { get; init; }

    /// <summary>Files and folders in it, kept as they are here.</summary>
    public IReadOnlyList<FileDefinition> Files { get; init; } = [];

    /// <summary>The stack's secrets that it gets.</summary>
    public IReadOnlyList<GrantDefinition> Secrets { get; init; } = [];

    /// <summary>The stack's configs that it gets.</summary>
    public IReadOnlyList<GrantDefinition> Configs { get; init; } = [];

    /// <summary>Who may log in by SSH; null: nobody is set up.</summary>
    public SshDefinition? Ssh { get; init; }

    /// <summary>What must be true of other instances of the stack before this one is created or started.</summary>
    public IReadOnlyList<InstanceDependency> DependsOn { get; init; } = [];

    /// <summary>When it counts as ready; null: once it runs and, where it has a health check, is healthy.</summary>
    public ReadinessDefinition? Ready { get; init; }

    /// <summary>How to tell that it is healthy; null: as its image says, else nothing is known of its health.</summary>
    public HealthCheckDefinition? Healthcheck { get; init; }

    /// <summary>True where nothing is to be known of its health, whatever its image says.</summary>
    public bool NoHealthcheck { get; init; }

    /// <summary>When the check of its image is made, where <see cref="Healthcheck"/> is left to that; null: as the image says.</summary>
    public HealthTiming? HealthTiming { get; init; }

    /// <summary>What is run around its changes; null: nothing.</summary>
    public HooksDefinition? Hooks { get; init; }

    /// <summary>Snapshots that the server takes of it by itself; null: none are said here.</summary>
    public SnapshotsDefinition? Snapshots { get; init; }

    /// <summary>How many instances of this definition there are, called NAME-1, NAME-2, …; null: one, called NAME.</summary>
    public int? Replicas { get; init; }

    /// <summary>How its instances are changed where a change restarts them or makes them anew.</summary>
    public UpdateDefinition Update { get; init; } = new();

    /// <summary>The definition that this instance is a replica of; null where it is the only one.</summary>
    internal string? Group { get; init; }

    /// <summary>What is made of it once it is ready, step by step.</summary>
    public IReadOnlyList<ProvisionStep> Provision { get; init; } = [];

    /// <summary><c>boot.autostart</c>; null: Incus's default (the state before the host went down). One of <see cref="Options"/>.</summary>
    public bool? Autostart
    {
        get => bool.TryParse(Options.GetValueOrDefault(AutostartKey), out var value) ? value : null;
        init => Options = Options.With(AutostartKey, value switch { true => "true", false => "false", null => null });
    }

    /// <summary><c>boot.autostart.priority</c>: higher starts first; one of <see cref="Options"/>.</summary>
    public int? BootPriority
    {
        get => int.TryParse(Options.GetValueOrDefault(BootPriorityKey), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;
        init => Options = Options.With(BootPriorityKey, value?.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The words of which one must be given for it to exist; empty: it always does.</summary>
    public IReadOnlyList<string> Activate { get; init; } = [];

    /// <summary>Labels, kept as <c>user.label.NAME</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.Empty;

    /// <summary>True where Incus deletes the instance when it stops.</summary>
    public bool Ephemeral { get; init; }
}

/// <summary>The order in which the instances of one definition are changed where a change restarts them or makes them anew.</summary>
public enum UpdateStrategy
{
    /// <summary>A few at a time, the next ones once those before are ready.</summary>
    Rolling,

    /// <summary>All at once.</summary>
    All,

    /// <summary>Only those that are named with the apply.</summary>
    Manual,
}

/// <summary>What becomes of the instances of one definition where the change of one fails.</summary>
public enum UpdateFailure
{
    /// <summary>What was changed stays; those after it are left as they are.</summary>
    Stop,

    /// <summary>All of them are put back as they were before the first was changed.</summary>
    Rollback,
}

/// <summary>How the instances of one definition are changed where a change restarts them or makes them anew.</summary>
public sealed record UpdateDefinition
{
    /// <summary>The order.</summary>
    public UpdateStrategy Strategy { get; init; }

    /// <summary>How many are changed at one time with <see cref="UpdateStrategy.Rolling"/>; at least 1.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>What becomes of all of them where one fails, or does not become ready.</summary>
    public UpdateFailure OnFailure { get; init; }

    /// <summary>
    /// True where a change of any of them makes the whole apply one transaction: all is done, or all is put back as it was.
    /// </summary>
    public bool Checkpoint { get; init; }
}

/// <summary>The root disk.</summary>
/// <param name="Size">A size such as <c>10GiB</c>; null: the pool's default.</param>
/// <param name="Pool">The storage pool; null: what the profiles say, else the only candidate on the server.</param>
public sealed record RootDiskDefinition(string? Size, string? Pool = null)
{
    /// <summary>Its other options, by Incus's own keys (<c>limits.read</c>, <c>initial.…</c>). Source: Incus doc/reference/devices_disk.md.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = Maps.Empty;
}

/// <summary>One network interface of an instance.</summary>
public sealed record NetworkAttachment
{
    /// <summary>The network: a key of the stack's <c>networks</c>, or one that exists on the server.</summary>
    public required string Network { get; init; }

    /// <summary>The interface's name in the instance, which is the device's name too; null: <c>ethN</c> by position.</summary>
    public string? Name { get; init; }

    /// <summary>A fixed IPv4 address, without prefix length.</summary>
    public string? Ipv4 { get; init; }

    /// <summary>A fixed IPv6 address, without prefix length.</summary>
    public string? Ipv6 { get; init; }

    /// <summary>A fixed MAC address, <c>aa:bb:cc:dd:ee:ff</c>.</summary>
    public string? Mac { get; init; }

    /// <summary>Names of the network ACLs for this interface, comma-separated; null: the network's own alone.</summary>
    public string? Acls { get; init; }
}

/// <summary>A volume or a host path mounted in an instance.</summary>
public sealed record VolumeMount
{
    /// <summary>A key of the stack's <c>volumes</c> (or a volume on the server), or an absolute host path.</summary>
    public required string Source { get; init; }

    /// <summary>The absolute path inside the instance.</summary>
    public required string Target { get; init; }

    /// <summary>True where <see cref="Source"/> is a path on the host.</summary>
    public bool IsHostPath { get; init; }

    /// <summary>True where the instance may not write.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Map the instance's user and group numbers onto the host path's (<c>shift</c>); null: Incus's default.</summary>
    public bool? Shift { get; init; }

    /// <summary>A folder in the volume, in place of the whole; null: the whole.</summary>
    public string? Subpath { get; init; }

    /// <summary>
    /// False to fill a new volume with what the instance's image has at <see cref="Target"/>, true to leave it empty; null: the
    /// volumes of applications (OCI images) are filled, as docker does it.
    /// </summary>
    public bool? NoCopy { get; init; }

    /// <summary>How mounts below it are shared with the host (<c>propagation</c>); null: Incus's default.</summary>
    public string? Propagation { get; init; }

    /// <summary>Make the host path as a folder where it is not there, and the server surely runs on this machine.</summary>
    public bool CreateHostPath { get; init; }

    /// <summary>The file system in memory that it is, without a source; null: it is none.</summary>
    public TmpfsMount? Tmpfs { get; init; }
}

/// <summary>A port range of the host that leads to a port range of the instance.</summary>
public sealed record PortMapping
{
    /// <summary>The host address to listen on; <c>0.0.0.0</c> where the file names none.</summary>
    public string HostAddress { get; init; } = "0.0.0.0";

    /// <summary>First port on the host, 1 to 65535.</summary>
    public required int HostPort { get; init; }

    /// <summary>First port in the instance, 1 to 65535.</summary>
    public required int InstancePort { get; init; }

    /// <summary>How many consecutive ports; 1 for a single one.</summary>
    public int Count { get; init; } = 1;

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>The address inside the instance; <c>127.0.0.1</c> where the file names none.</summary>
    public string InstanceAddress { get; init; } = "127.0.0.1";
}

/// <summary>cloud-init data of an instance, as the text that Incus stores. Source: Incus doc/cloud-init.md.</summary>
/// <param name="UserData"><c>cloud-init.user-data</c>.</param>
/// <param name="VendorData"><c>cloud-init.vendor-data</c>.</param>
/// <param name="NetworkConfig"><c>cloud-init.network-config</c>.</param>
public sealed record CloudInitDefinition(string? UserData = null, string? VendorData = null, string? NetworkConfig = null)
{
    /// <summary>How much there is of each; the data itself may hold secrets.</summary>
    public override string ToString() =>
        $"user data: {UserData?.Length ?? 0}, vendor data: {VendorData?.Length ?? 0}, network configuration: {NetworkConfig?.Length ?? 0} characters";
}

/// <summary>What must be true of another instance before one is created or started.</summary>
public enum DependencyCondition
{
    /// <summary>It has been started.</summary>
    Started,

    /// <summary>Its gates are open (<see cref="InstanceDefinition.Ready"/>).</summary>
    Ready,

    /// <summary>Its health check succeeds.</summary>
    Healthy,

    /// <summary>It has run and stopped by itself.</summary>
    Completed,
}

/// <summary>A dependency on another instance of the stack.</summary>
/// <param name="Instance">The other instance's name.</param>
/// <param name="Condition">What must be true of it.</param>
public sealed record InstanceDependency(string Instance, DependencyCondition Condition = DependencyCondition.Started)
{
    /// <summary>True to restart this instance whenever the other one is restarted or made anew.</summary>
    public bool Restart { get; init; }

    /// <summary>False to go on without the other one, where it is not in the file or does not come up.</summary>
    public bool Required { get; init; } = true;
}
