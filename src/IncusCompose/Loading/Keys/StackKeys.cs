using System.Collections.Immutable;
using IncusCompose.Definition;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What a stack file can say at its top, and everything but instances below it.</summary>
internal static class StackKeys
{
    /// <summary>A whole stack file.</summary>
    public static ObjectShape<StackDefinition> Stack { get; } = new ObjectShape<StackDefinition>(_ => new StackDefinition { Name = "" })
        .Add("name", Scalars.Word("a name such as `shop`"), "The stack's name, by which its resources are known on the server; the folder's name where the key is missing",
            (stack, value) => stack with { Name = value })
        .Add("description", Scalars.Text, "Free text for people", (stack, value) => stack with { Description = value })
        .Add("remote", Scalars.Word("a remote's name"), "The Incus remote to use; the user's default remote where the key is missing", (stack, value) => stack with { Remote = value })
        .Add("project", Project(), "The Incus project that the stack lives in; the remote's own where the key is missing", (stack, value) => stack with { Project = value })
        .Add("projects", new MapShape<ProjectDefinition>(OtherProject(), "tenant: {limits: {instances: 10}}"), "Projects that the stack makes besides the one that it lives in, by name", (stack, value) => stack with { Projects = value })
        .Add("instances", new MapShape<InstanceDefinition>(InstanceKeys.Instance.Then<InstanceDefinition, InstanceDefinition>(ComposeWords.Finish), "web: {image: images:debian/12}").Then<IReadOnlyDictionary<string, InstanceDefinition>, IReadOnlyDictionary<string, InstanceDefinition>>(ComposeWords.Rename), "Containers and virtual machines by name", (stack, value) => stack with { Instances = value })
        .Add("defaults", InstanceKeys.Instance, "What every instance has where it does not say otherwise", (stack, _) => stack)
        .Add("include", CompositionShapes.Include, "Other stack files, whose instances, networks and so on are part of this stack", (stack, _) => stack)
        .Add("networks", new MapShape<NetworkDefinition>(NetworkShapes.Network, "lan: {ipv4: 10.20.0.1/24}"), "Networks by name", (stack, value) => stack with { Networks = value })
        .Add("network_acls", new MapShape<NetworkAclDefinition>(NetworkAclShapes.Acl, "web: {ingress: [{action: allow, protocol: tcp, destination_port: 80}]}"), "Network ACLs by name, for `acls` of networks and their interfaces", (stack, value) => stack with { NetworkAcls = value })
        .Add("network_address_sets", new MapShape<NetworkAddressSetDefinition>(NetworkAclShapes.AddressSet, "office: [192.0.2.0/24]"), "Addresses under one name, which rules of ACLs call `$NAME` (in a file: `$$NAME`)", (stack, value) => stack with { NetworkAddressSets = value })
        .Add("network_zones", new MapShape<NetworkZoneDefinition>(NetworkZoneShapes.Zone, "shop.example.net: {nameservers: ns1.example.net}"), "DNS zones that the server answers for, by name", (stack, value) => stack with { NetworkZones = value })
        .Add("network_integrations", new MapShape<NetworkIntegrationDefinition>(NetworkZoneShapes.Integration, "region1: {config: {ovn.northbound_connection: tcp:192.0.2.1:6645}}"), "Ways to other deployments' networks, for `peers` of ovn networks", (stack, value) => stack with { NetworkIntegrations = value })
        .Add("storage_pools", new MapShape<StoragePoolDefinition>(StorageShapes.Pool, "fast: {driver: btrfs}"), "Storage pools by name", (stack, value) => stack with { StoragePools = value })
        .Add("volumes", new MapShape<VolumeDefinition>(StorageShapes.Volume, "data: {size: 10GiB}"), "Custom storage volumes by name", (stack, value) => stack with { Volumes = value })
        .Add("buckets", new MapShape<BucketDefinition>(BucketShapes.Bucket, "assets: {keys: {app: admin}}"), "Storage buckets by name", (stack, value) => stack with { Buckets = value })
        .Add("profiles", new MapShape<ProfileDefinition>(Profile(), "small: {config: {limits.memory: 256MiB}}"), "Profiles by name", (stack, value) => stack with { Profiles = value })
        .Add("images", new MapShape<ImageDefinition>(ImageShapes.Image, "debian: images:debian/12"), "Images that instances can name by key", (stack, value) => stack with { Images = value })
        .Add("secrets", new MapShape<SecretDefinition>(SecretShapes.Secret, "db: {file: ./db.secret}"), "Secrets that instances can be given", (stack, value) => stack with { Secrets = value })
        .Add("configs", new MapShape<ConfigDefinition>(SecretShapes.Config, "nginx: {file: ./nginx.conf}"), "Texts that instances can be given as files", (stack, value) => stack with { Configs = value })
        .With(ServerShapes.Add)
        .Foreign(ForeignWords.OfFile)
        .Foreign("services", "write them under `instances`; a docker compose file has `services` alone")
        .Foreign("containers", "write `instances`")
        .Foreign("hosts", "write `instances`; of incus-composer's files those with `containers` are read")
        .Foreign("subnets", "write `networks`; of incus-composer's files those with `containers` are read")
        .Foreign("version", "leave it out: a stack file has no version")
        .Foreign("storage", "write `storage_pools`");

    private static FormsShape<ProjectDefinition> Project() => new()
    {
        Scalar = Scalars.Word("a project's name").As(name => new ProjectDefinition { Name = name }),
        Mapping = new ObjectShape<ProjectDefinition>(_ => new ProjectDefinition { Name = "" })
            .Add("name", Scalars.Word("a project's name"), "The project's name; the stack's where the key is missing", (project, value) => project with { Name = value })
            .Add("create", Scalars.Boolean, "Whether the stack makes and owns the project; it must exist by default", (project, value) => project with { Create = value })
            .Add("description", Scalars.Text, "Free text for people", (project, value) => project with { Description = value })
            .With(ProjectShapes.Add)
            .Add("config", CommonShapes.Config("features.networks: false"), "Raw Incus project configuration; wins over the words above", (project, value) => project with { Config = project.Config.Override(value) }),
    };

    private static ObjectShape<ProjectDefinition> OtherProject() => new ObjectShape<ProjectDefinition>(name => new ProjectDefinition { Name = name, Create = true })
        .Add("description", Scalars.Text, "Free text for people", (project, value) => project with { Description = value })
        .With(ProjectShapes.Add)
        .Add("config", CommonShapes.Config("user.owner: ann"), "Raw Incus project configuration; wins over the words above", (project, value) => project with { Config = project.Config.Override(value) })
        .Foreign("name", "leave it out: a project is called what its key says")
        .Foreign("create", "leave it out: the stack makes each of them");

    private static ObjectShape<ProfileDefinition> Profile() => new ObjectShape<ProfileDefinition>(name => new ProfileDefinition { Name = name })
        .Add("description", Scalars.Text, "Free text for people", (profile, value) => profile with { Description = value })
        .AddOptions(WithOptions, "cpu", "memory")
        .Add("disk", DiskShapes.Disk, "The root disk of instances that use it: its size, or more of it", WithDisk)
        .AddProcesses(WithOptions)
        .Add("environment", CommonShapes.Environment, "Environment variables of what is run in them", (profile, value) => profile with { Environment = value })
        .Add("cloud_init", CloudInitShapes.CloudInit, "cloud-init data, for images that have cloud-init", (profile, value) => profile with { CloudInit = value == new CloudInitDefinition() ? null : value })
        .Add("snapshots", SnapshotShapes.OfInstance, "Snapshots that the server takes of them by itself, at set times", (profile, value) => profile with { Snapshots = value == new SnapshotsDefinition() ? null : value })
        .Add("autostart", Scalars.Boolean, "Whether they start with the host; as they were before where the key is missing", (profile, value) => profile with { Options = profile.Options.With(InstanceDefinition.AutostartKey, value ? "true" : "false") })
        .AddOptions(WithOptions, "boot", "security", "kernel", "migration", "nvidia", "agent", "oci", "raw")
        .Add("config", CommonShapes.Config("limits.memory: 1GiB"), "Raw Incus instance configuration; wins over the words above", (profile, value) => profile with { Config = value })
        .Add("devices", CommonShapes.Devices, "Incus's devices by name", (profile, value) => profile with { Devices = value })
        .Add("external", Scalars.Boolean, "Whether the profile must exist and is never changed", (profile, value) => profile with { External = value });

    private static ProfileDefinition WithDisk(ProfileDefinition profile, ImmutableSortedDictionary<string, string> values) => profile with
    {
        Disk = DiskShapes.RootDisk(values),
        Options = values.TryGetValue(DiskShapes.PriorityKey, out var priority) ? profile.Options.With(DiskShapes.PriorityKey, priority) : profile.Options,
    };

    private static ProfileDefinition WithOptions(ProfileDefinition profile, ImmutableSortedDictionary<string, string> options) =>
        profile with { Options = profile.Options.Overlaid(options) };
}
