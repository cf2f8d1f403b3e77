using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>What was live on the server when it was looked at: everything that a plan is compared with.</summary>
internal sealed class ServerObservation
{
    private readonly Dictionary<ResourceId, LiveResource> _resources;

    public ServerObservation(IEnumerable<LiveResource> resources, IReadOnlyList<Image> images)
    {
        // An image that was kept up to date may leave an older one with the same mark: the first will do.
        _resources = [];
        foreach (var resource in resources)
            _resources.TryAdd(resource.Id, resource);
        Images = images;
    }

    public IReadOnlyCollection<LiveResource> Resources => _resources.Values;

    /// <summary>Every image that the project sees, marked or not.</summary>
    public IReadOnlyList<Image> Images { get; }

    public LiveResource? Find(ResourceId id) => _resources.GetValueOrDefault(id);

    public IEnumerable<LiveResource> OfKind(string kind) => _resources.Values.Where(resource => resource.Id.Kind == kind);
}
