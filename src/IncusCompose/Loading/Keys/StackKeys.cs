using System.Net.Sockets;
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
        .Add("instances", new MapShape<InstanceDefinition>(InstanceKeys.Instance.Then<InstanceDefinition, InstanceDefinition>(ComposeWords.Finish), "web: {image: images:debian/12}"), "Containers and virtual machines by name", (stack, value) => stack with { Instances = value })
        .Add("defaults", InstanceKeys.Instance, "What every instance has where it does not say otherwise", (stack, _) => stack)
        .Add("include", CompositionShapes.Include, "Other stack files, whose instances, networks and so on are part of this stack", (stack, _) => stack)
        .Add("networks", new MapShape<NetworkDefinition>(Network(), "lan: {ipv4: 10.20.0.1/24}"), "Networks by name", (stack, value) => stack with { Networks = value })
        .Add("storage_pools", new MapShape<StoragePoolDefinition>(StorageShapes.Pool, "fast: {driver: btrfs}"), "Storage pools by name", (stack, value) => stack with { StoragePools = value })
        .Add("volumes", new MapShape<VolumeDefinition>(StorageShapes.Volume, "data: {size: 10GiB}"), "Custom storage volumes by name", (stack, value) => stack with { Volumes = value })
        .Add("buckets", new MapShape<BucketDefinition>(BucketShapes.Bucket, "assets: {keys: {app: admin}}"), "Storage buckets by name", (stack, value) => stack with { Buckets = value })
        .Add("profiles", new MapShape<ProfileDefinition>(Profile(), "small: {config: {limits.memory: 256MiB}}"), "Profiles by name", (stack, value) => stack with { Profiles = value })
        .Add("images", new MapShape<ImageDefinition>(ImageShapes.Image, "debian: images:debian/12"), "Images that instances can name by key", (stack, value) => stack with { Images = value })
        .Foreign("services", "write `instances`; docker compose files are not read by this version")
        .Foreign("containers", "write `instances`")
        .Foreign("version", "leave it out: a stack file has no version")
        .Foreign("storage", "write `storage_pools`");

    private static FormsShape<ProjectDefinition> Project() => new()
    {
        Scalar = Scalars.Word("a project's name").As(name => new ProjectDefinition { Name = name }),
        Mapping = new ObjectShape<ProjectDefinition>(_ => new ProjectDefinition { Name = "" })
            .Add("name", Scalars.Word("a project's name"), "The project's name; the stack's where the key is missing", (project, value) => project with { Name = value })
            .Add("create", Scalars.Boolean, "Whether the stack makes and owns the project; it must exist by default", (project, value) => project with { Create = value })
            .Add("description", Scalars.Text, "Free text for people", (project, value) => project with { Description = value })
            .Add("config", CommonShapes.Config("features.networks: false"), "Raw Incus project configuration", (project, value) => project with { Config = value }),
    };

    private static ObjectShape<NetworkDefinition> Network() => new ObjectShape<NetworkDefinition>(name => new NetworkDefinition { Name = name })
        .Add("type", Scalars.Choice(("bridge", "bridge"), ("macvlan", "macvlan"), ("sriov", "sriov"), ("physical", "physical"), ("ovn", "ovn")), "Incus's network type; `bridge` by default",
            (network, value) => network with { Type = value })
        .Add("description", Scalars.Text, "Free text for people", (network, value) => network with { Description = value })
        .Add("ipv4", CommonShapes.NetworkAddress(AddressFamily.InterNetwork), "The host's IPv4 address on the network, with prefix length; `auto` or `none`", (network, value) => network with { Config = network.Config.Fill("ipv4.address", value) })
        .Add("ipv6", CommonShapes.NetworkAddress(AddressFamily.InterNetworkV6), "The host's IPv6 address on the network, with prefix length; `auto` or `none`", (network, value) => network with { Config = network.Config.Fill("ipv6.address", value) })
        .Add("config", CommonShapes.Config("ipv4.nat: true"), "Raw Incus network configuration; wins over the words above", (network, value) => network with { Config = network.Config.Override(value) })
        .Add("external", Scalars.Boolean, "Whether the network must exist and is never changed", (network, value) => network with { External = value })
        .Foreign("driver", "write `type`")
        .Foreign("subnet", "write `ipv4` with the host's address and the prefix length, such as `10.20.0.1/24`")
        .Foreign("ipam", "write `ipv4` with the host's address and the prefix length, such as `10.20.0.1/24`")
        .Foreign("internal", "write `config: {ipv4.nat: false}`")
        .Foreign("parent", "write `config: {parent: …}`");

    private static ObjectShape<ProfileDefinition> Profile() => new ObjectShape<ProfileDefinition>(name => new ProfileDefinition { Name = name })
        .Add("description", Scalars.Text, "Free text for people", (profile, value) => profile with { Description = value })
        .Add("config", CommonShapes.Config("limits.memory: 1GiB"), "Raw Incus instance configuration", (profile, value) => profile with { Config = value })
        .Add("devices", CommonShapes.Devices, "Raw Incus devices by name", (profile, value) => profile with { Devices = value })
        .Add("external", Scalars.Boolean, "Whether the profile must exist and is never changed", (profile, value) => profile with { External = value });

    internal static IReadOnlyDictionary<string, string> Fill(this IReadOnlyDictionary<string, string> config, string key, string value) =>
        config.ContainsKey(key) ? config : new Dictionary<string, string>(config) { [key] = value }.AsReadOnly();

    internal static IReadOnlyDictionary<string, string> Override(this IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> others)
    {
        var result = new Dictionary<string, string>(config);
        foreach (var (key, value) in others)
            result[key] = value;
        return result.AsReadOnly();
    }
}
