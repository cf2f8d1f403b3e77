using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Guests;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Requirements;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Planning;

/// <summary>
/// A server as it could have been observed, and the plans that come of it. The planner is a function of a definition and
/// an observation: this is the observation, written down.
/// </summary>
internal sealed class PlanningWorld
{
    private readonly List<LiveResource> _resources = [];
    private readonly List<Image> _images = [];

    private static readonly Profile s_defaultProfile = new()
    {
        Name = "default",
        Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["root"] = new Dictionary<string, string> { ["type"] = "disk", ["path"] = "/", ["pool"] = "default" },
        },
    };

    public PlanningWorld() : this([s_defaultProfile])
    {
    }

    /// <param name="profiles">The profiles; none where the project is still to be made.</param>
    public PlanningWorld(IReadOnlyList<Profile> profiles)
    {
        Add(new StoragePoolKind(), StoragePoolKind.IdOf("default"), new StoragePool { Name = "default", Driver = "dir" });
        foreach (var profile in profiles)
            With(profile);
        _images.Add(new Image
        {
            Fingerprint = "0123456789abcdef",
            Type = InstanceTypes.Container,
            Aliases = [new ImageAliasName { Name = "busybox" }],
        });
    }

    public MetadataConfiguration? Metadata { get; set; }

    public HostUplink? Uplink { get; set; }

    /// <summary>The server's version and extensions; null: any that may be needed.</summary>
    public ServerInfo? About { get; set; }

    /// <summary>The members of the cluster; null: they are not known.</summary>
    public IReadOnlyList<string>? Members { get; set; }

    /// <summary>The zones of all projects; null: they are not known.</summary>
    public IReadOnlyList<string>? Zones { get; set; }

    /// <summary>The projects that the client is restricted to; null: it may do everything.</summary>
    public IReadOnlyList<string>? Restricted { get; set; }

    /// <summary>The values of the stack's secrets.</summary>
    public Dictionary<string, byte[]> Secrets { get; } = [];

    /// <summary>What was seen of instances' files; one that is not here could not be looked into.</summary>
    public Dictionary<string, GuestLook> Looks { get; } = [];

    public Dictionary<(string Reference, string Type), string> Newest { get; init; } = [];

    public Dictionary<string, ImageDigest> Digests { get; init; } = [];

    public Dictionary<string, ImageHealthcheck> Health { get; init; } = [];

    public Dictionary<string, ProcessUser> Users { get; init; } = [];

    public PlanningWorld With(Network network) => Add(new NetworkKind(), NetworkKind.IdOf(network.Name), network);

    public PlanningWorld With(NetworkAcl acl) => Add(new NetworkAclKind(), NetworkAclKind.IdOf(acl.Name), acl);

    public PlanningWorld With(NetworkZone zone) => Add(new NetworkZoneKind(), NetworkZoneKind.IdOf(zone.Name), zone);

    public PlanningWorld With(NetworkForward forward, string network) => Add(new NetworkForwardKind(), NetworkForwardKind.IdOf(network, forward.ListenAddress), forward);

    public PlanningWorld With(NetworkPeer peer, string network) => Add(new NetworkPeerKind(), NetworkPeerKind.IdOf(network, peer.Name), peer);

    public PlanningWorld With(NetworkLoadBalancer balancer, string network) => Add(new NetworkLoadBalancerKind(), NetworkLoadBalancerKind.IdOf(network, balancer.ListenAddress), balancer);

    public PlanningWorld With(NetworkIntegration integration) => Add(new NetworkIntegrationKind(), NetworkIntegrationKind.IdOf(integration.Name), integration);

    public PlanningWorld With(StorageBucket bucket, string pool = "default") => Add(new BucketKind(), BucketKind.IdOf(pool, bucket.Name), bucket);

    public PlanningWorld With(StorageVolume volume, string pool = "default") => Add(new VolumeKind(), VolumeKind.IdOf(pool, volume.Name), volume);

    /// <summary>A volume that another member of the cluster has too, by the same name in its own pool.</summary>
    public PlanningWorld WithAnother(StorageVolume volume, string pool = "default")
    {
        _resources.Add(new VolumeKind().Describe(VolumeKind.IdOf(pool, volume.Name), volume));
        return this;
    }

    /// <summary>The project that the stack lives in.</summary>
    public PlanningWorld With(Project project) => Add(new ProjectKind(), ProjectKind.IdOf(project.Name), project);

    /// <summary>A project that a stack made besides its own.</summary>
    /// <param name="project">The project.</param>
    /// <param name="profile">Its default profile; null: as Incus makes it.</param>
    public PlanningWorld WithOther(Project project, Profile? profile = null)
    {
        Add(new OtherProjectKind(), OtherProjectKind.IdOf(project.Name), project);
        _resources[^1] = _resources[^1] with { TakesAlong = OtherProjectKind.LostWith(project.Name, profile) };
        return this;
    }

    public PlanningWorld With(Profile profile) => Add(new ProfileKind(), ProfileKind.IdOf(profile.Name), profile);

    public PlanningWorld With(Instance instance) => Add(new InstanceKind(), InstanceKind.IdOf(instance.Name), instance);

    public PlanningWorld With(StoragePool pool) => Add(new StoragePoolKind(), StoragePoolKind.IdOf(pool.Name), pool);

    /// <summary>One more image; aliases that it has lead to no other one any more.</summary>
    public PlanningWorld With(Image image)
    {
        for (var index = 0; index < _images.Count; index++)
            _images[index] = _images[index] with { Aliases = [.. _images[index].Aliases.Where(alias => image.Aliases.All(own => own.Name != alias.Name))] };
        _images.Add(image);
        return this;
    }

    /// <summary>An image that a stack has brought or made.</summary>
    public PlanningWorld WithMarked(Image image)
    {
        _resources.Add(ImageKind.Describe(new ResourceId(ImageKind.KindName, OwnershipMark.Read(image.Properties)!.Key), image));
        return With(image);
    }

    public StackPlan Plan(StackDefinition stack, PlanOptions? options = null)
    {
        var context = new PlanningContext(stack, stack.Project?.Name ?? "default", new ServerObservation(_resources, _images), new ClientConfiguration
        {
            Remotes = new Dictionary<string, IncusRemote>
            {
                ["registry"] = new() { Name = "registry", Addresses = ["https://me:hunter2@registry.example.org"], Protocol = "oci", Public = true },
                ["office"] = new() { Name = "office", Addresses = ["https://office.example.org:8443"], Protocol = "incus" },
                ["images"] = new() { Name = "images", Addresses = ["https://images.example.org"], Protocol = "simplestreams", Public = true },
            },
        })
        {
            Uplink = Uplink,
            About = About,
            Members = Members,
            Zones = Zones,
            Restricted = Restricted is null ? null : new RestrictedClient(Restricted),
            NewestImages = Newest,
            ImageDigests = Digests,
            ImageHealth = Health,
            Users = Users,
            Steps = PlannedStep.Of(stack, []),
            Guests = GuestContents.Of(stack, Secrets, Looks, []),
        };
        return StackPlanner.Plan(context, options ?? new PlanOptions(), Metadata, "test");
    }

    /// <summary>What an export of this server writes.</summary>
    /// <param name="options">What to write.</param>
    /// <param name="members">The members of the cluster; null where the server is in none.</param>
    public StackExport Export(ExportOptions options, IReadOnlyList<string>? members = null) =>
        new StackExporter(new YamlDocumentFormat(), new ClientConfiguration()).Export(new ServerObservation(_resources, _images), "default", options, members);

    public StackPlan PlanRemoval(string stack, RemovalOptions? options = null) =>
        StackPlanner.PlanRemoval(stack, "default", new ServerObservation(_resources, _images), options ?? new RemovalOptions(), "test");

    /// <summary>An instance as it stands on the server after <paramref name="definition"/> was applied to it by a stack.</summary>
    public Instance Applied(StackDefinition stack, string name, DateTimeOffset? lastUsed = null)
    {
        var change = Plan(stack).Resources.Single(resource => resource.Id == InstanceKind.IdOf(name));
        var fields = ResourceFields.From(change.Desired!.Properties);
        var config = fields.Config;
        new OwnershipMark(stack.Name, "default", change.Desired.DefinitionPath, AppliedRecord.Of(change.Desired.Properties)).Write(change.Id, config);
        config["volatile.base_image"] = "0123456789abcdef";
        config["volatile.eth0.hwaddr"] = "00:16:3e:00:00:01";
        return new Instance
        {
            Name = name,
            Type = InstanceTypes.Container,
            Status = "Running",
            StatusCode = StatusCode.Running,
            Profiles = ["default"],
            Config = config.ToDictionary(),
            Devices = fields.DeviceMap(),
            ExpandedDevices = fields.DeviceMap(),
            ExpandedConfig = config.ToDictionary(),
            LastUsedAt = lastUsed ?? new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };
    }

    public static string Text(StackPlan plan)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        PlanText.Write(plan, writer);
        return writer.ToString();
    }

    public static StackDefinition Stack(params InstanceDefinition[] instances) => new()
    {
        Name = "shop",
        Instances = instances.ToDictionary(instance => instance.Name),
    };

    public static InstanceDefinition Web { get; } = new() { Name = "web", Image = "busybox", Memory = "256MiB" };

    public static IReadOnlyDictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value);

    private PlanningWorld Add<T>(ConfiguredKind<T> kind, ResourceId id, T resource)
        where T : ConfiguredResource
    {
        _resources.RemoveAll(live => live.Id == id);
        _resources.Add(kind.Describe(id, resource));
        return this;
    }
}
