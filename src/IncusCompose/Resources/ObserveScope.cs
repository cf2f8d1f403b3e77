using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources;

/// <summary>One look at a server: lists that several kinds need are asked for once.</summary>
internal sealed class ObserveScope
{
    /// <summary>How often it is looked before what is not found counts as missing.</summary>
    private const int Looks = 5;

    private readonly Lazy<Task<IReadOnlyList<StoragePool>>> _pools;
    private readonly Lazy<Task<IReadOnlyList<Image>>> _images;
    private readonly Lazy<Task<Project?>> _project;
    private readonly Lazy<Task<IReadOnlyList<Network>>> _networks;
    private readonly Lazy<Task<IReadOnlyList<NetworkZone>>> _zones;

    /// <param name="client">The project's view of the server.</param>
    /// <param name="projectFeatures">
    /// Null where the project exists. Where the stack has yet to make it: its configuration, which says what it will
    /// share with the default project.
    /// </param>
    /// <param name="pools">The storage pools that the stack names.</param>
    /// <param name="cancellationToken">Ends the lists that are asked for once.</param>
    public ObserveScope(
        IncusClient client, IReadOnlyDictionary<string, string>? projectFeatures, IEnumerable<string> pools, CancellationToken cancellationToken)
    {
        Client = client;
        ProjectFeatures = projectFeatures;
        _pools = new(() => ListPoolsAsync(client, pools, cancellationToken));
        _images = new(async () =>
            ViewFor("features.images", isDefault: true) is { } view
                ? await view.Images.ListAsync(cancellationToken).ConfigureAwait(false)
                : []);
        // The one project that matters; a restricted certificate may be refused the list of all.
        _project = new(async () => (await client.Projects.FindAsync(client.Project, cancellationToken).ConfigureAwait(false))?.Value);
        _networks = new(async () =>
            ViewFor("features.networks", isDefault: false) is { } view
                ? await view.Networks.ListAsync(cancellationToken).ConfigureAwait(false)
                : []);
        _zones = new(async () =>
            ViewFor(NetworkZoneKind.Feature, isDefault: false) is { } view && await MayHoldAsync("network-zones", NetworkZoneKind.Feature).ConfigureAwait(false)
                ? await view.NetworkZones.ListAsync(cancellationToken).ConfigureAwait(false)
                : []);
    }

    /// <summary>A look at what a stack file has to do with.</summary>
    public static ObserveScope Of(StackDefinition stack, IncusClient client, IReadOnlyDictionary<string, string>? projectFeatures, CancellationToken cancellationToken) =>
        new(client, projectFeatures, StoragePoolKind.NamesIn(stack), cancellationToken) { Networks = stack.Networks.Keys.ToHashSet(), Projects = ProjectsIn(stack, client.Project), InFull = InFullOf(stack) };

    /// <summary>The projects that a stack makes besides the one that it lives in, and those that it names.</summary>
    private static HashSet<string> ProjectsIn(StackDefinition stack, string own) =>
        [.. stack.Projects.Keys, .. stack.Certificates.Values.SelectMany(certificate => certificate.Projects ?? []).Where(project => project != own)];

    private static HashSet<ResourceId> InFullOf(StackDefinition stack) =>
    [
        .. stack.Networks.Values.Where(network => !network.External).Select(network => NetworkKind.IdOf(network.Name)),
        .. stack.StoragePools.Values.Where(pool => !pool.External).Select(pool => StoragePoolKind.IdOf(pool.Name)),
    ];

    /// <summary>
    /// Looks, and looks again where something was listed and is gone, by somebody else's doing, when it is asked what is in
    /// it. The server's own lists fail in the same way.
    /// </summary>
    /// <param name="begin">A new look.</param>
    /// <param name="look">What is looked for.</param>
    public static async Task<T> LookAsync<T>(Func<ObserveScope> begin, Func<ObserveScope, Task<T>> look)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await look(begin()).ConfigureAwait(false);
            }
            catch (IncusNotFoundException) when (attempt < Looks)
            {
                // The next one does not list it.
            }
        }
    }

    public IncusClient Client { get; }

    /// <summary>The networks that the stack names; null where there is no stack file, so that all of them matter.</summary>
    public IReadOnlySet<string>? Networks { get; init; }

    /// <summary>What no stack made of which each member of a cluster is asked what it has of its own; null: all of it.</summary>
    public IReadOnlySet<ResourceId>? InFull { get; init; } = new HashSet<ResourceId>();

    /// <summary>The projects that the stack makes besides its own, or names; null where there is no stack file, so that all that a stack made matter.</summary>
    public IReadOnlySet<string>? Projects { get; init; }

    private IReadOnlyDictionary<string, string>? ProjectFeatures { get; }

    /// <summary>The view in which what belongs to no project is to be listed: Incus refuses some of it to a project that is not there.</summary>
    public IncusClient ServerView => ProjectFeatures is null ? Client : Client.ForProject("default");

    public Task<IReadOnlyList<StoragePool>> PoolsAsync() => _pools.Value;

    public Task<IReadOnlyList<Image>> ImagesAsync() => _images.Value;

    /// <summary>The project that is looked at; null where it is still to be made.</summary>
    public Task<Project?> ProjectAsync() => _project.Value;

    public Task<IReadOnlyList<Network>> NetworksAsync() => _networks.Value;

    /// <summary>False where the project itself says that it holds nothing of a collection, so that its list need not be asked for.</summary>
    /// <param name="collection">The collection, as in addresses: <c>network-acls</c>.</param>
    /// <param name="feature">The project feature that governs it, which is off where it is not said.</param>
    public async Task<bool> MayHoldAsync(string collection, string feature) =>
        await ProjectAsync().ConfigureAwait(false) is not { } project
        || !HasOwn(project.Config, feature, isDefault: false)
        || project.UsedBy.Any(address => address.StartsWith($"/1.0/{collection}/", StringComparison.Ordinal));

    public Task<IReadOnlyList<NetworkZone>> ZonesAsync() => _zones.Value;

    /// <summary>
    /// True for a network on which something of the stack may lie. That takes a request for each, so of networks that
    /// no stack made, only those that this one names are asked about.
    /// </summary>
    public bool Concerns(Network network) => Networks is null || Networks.Contains(network.Name) || OwnershipMark.Read(network.Config) is not null;

    /// <summary>True where the members of a cluster are asked what they have of their own, which takes a request for each and fails while one is away.</summary>
    public bool AsksMembers(ResourceId id, ConfiguredResource resource) => InFull?.Contains(id) != false || OwnershipMark.Read(resource.Config) is not null;

    /// <summary>
    /// The view in which resources governed by a project feature are to be listed; null where there can be none yet,
    /// because the project has still to be made and will have its own.
    /// </summary>
    public IncusClient? ViewFor(string feature, bool isDefault)
    {
        if (ProjectFeatures is null)
            return Client;
        return HasOwn(ProjectFeatures, feature, isDefault) ? null : Client.ForProject("default");
    }

    /// <summary>True where a project of this configuration has resources of its own where <paramref name="feature"/> governs them.</summary>
    public static bool HasOwn(IReadOnlyDictionary<string, string> projectConfig, string feature, bool isDefault) =>
        projectConfig.TryGetValue(feature, out var value) ? ConfigTruth.IsTrue(value) : isDefault;

    /// <summary>
    /// All pools; for a restricted certificate, which Incus 6.0 refuses the list but not a pool that it can name: those
    /// that the project's profiles and instances or the stack name, and <c>default</c>.
    /// </summary>
    private static async Task<IReadOnlyList<StoragePool>> ListPoolsAsync(IncusClient client, IEnumerable<string> named, CancellationToken cancellationToken)
    {
        try
        {
            return await client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IncusForbiddenException)
        {
            var profiles = await client.Profiles.ListAsync(cancellationToken).ConfigureAwait(false);
            var instances = await client.Instances.ListAsync(cancellationToken).ConfigureAwait(false);
            var names = profiles.SelectMany(profile => DeviceUses.Of(profile.Devices))
                .Concat(instances.SelectMany(instance => DeviceUses.Of(instance.Devices)))
                .Where(used => used.Kind == StoragePoolKind.KindName)
                .Select(used => used.Name)
                .Concat(named)
                .Append("default")
                .Distinct();
            var found = await Task.WhenAll(names.Select(name => client.StoragePools.FindAsync(name, cancellationToken))).ConfigureAwait(false);
            return [.. found.Where(pool => pool is not null).Select(pool => pool!.Value)];
        }
    }
}
