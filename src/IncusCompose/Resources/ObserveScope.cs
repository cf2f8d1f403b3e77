using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>One look at a server: lists that several kinds need are asked for once.</summary>
internal sealed class ObserveScope
{
    private readonly Lazy<Task<IReadOnlyList<StoragePool>>> _pools;
    private readonly Lazy<Task<IReadOnlyList<Image>>> _images;

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
    }

    public IncusClient Client { get; }

    private IReadOnlyDictionary<string, string>? ProjectFeatures { get; }

    public Task<IReadOnlyList<StoragePool>> PoolsAsync() => _pools.Value;

    public Task<IReadOnlyList<Image>> ImagesAsync() => _images.Value;

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
        projectConfig.TryGetValue(feature, out var value) ? value is "true" or "1" or "yes" or "on" : isDefault;

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
