using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>What was live on the server when it was looked at: everything that a plan is compared with.</summary>
internal sealed class ServerObservation
{
    private readonly Dictionary<ResourceId, LiveResource> _resources = [];
    private readonly Dictionary<ResourceId, List<LiveResource>> _several = [];

    public ServerObservation(IEnumerable<LiveResource> resources, IReadOnlyList<Image> images)
    {
        // An image that was kept up to date may leave an older one with the same mark: the first will do.
        foreach (var resource in resources)
        {
            if (_resources.TryAdd(resource.Id, resource))
                continue;
            if (!_several.TryGetValue(resource.Id, out var several))
                _several[resource.Id] = several = [_resources[resource.Id]];
            several.Add(resource);
        }

        Images = images;
    }

    public IReadOnlyCollection<LiveResource> Resources => _resources.Values;

    /// <summary>Every image that the project sees, marked or not.</summary>
    public IReadOnlyList<Image> Images { get; }

    /// <summary>Instances of other projects, which may be made of images that are seen here; empty where nobody has looked.</summary>
    public IReadOnlyList<Instance> Elsewhere { get; private init; } = [];

    /// <summary>The same with a look at other projects.</summary>
    public ServerObservation With(IReadOnlyList<Instance> elsewhere) => new(_resources.Keys.SelectMany(FindAll), Images) { Elsewhere = elsewhere, SilentMembers = SilentMembers };

    /// <summary>The members of the cluster that do not answer.</summary>
    public IReadOnlyList<string> SilentMembers { get; init; } = [];

    /// <summary>The same without what is of a kind.</summary>
    public ServerObservation Without(string kind) =>
        new(_resources.Keys.Where(id => id.Kind != kind).SelectMany(FindAll), Images) { Elsewhere = Elsewhere, SilentMembers = SilentMembers };

    public LiveResource? Find(ResourceId id) => _resources.GetValueOrDefault(id);

    /// <summary>All of one id: members of a cluster may each have a volume of the same name in a pool of their own.</summary>
    public IReadOnlyList<LiveResource> FindAll(ResourceId id) =>
        _several.TryGetValue(id, out var several) ? several : Find(id) is { } only ? [only] : [];

    /// <summary>The same as a stack sees it: of several of one id its own is what is found.</summary>
    public ServerObservation SeenBy(string stack, string project)
    {
        if (_several.Count == 0)
            return this;
        return new ServerObservation(
            _resources.Values.SelectMany(first => FindAll(first.Id).OrderBy(live => live.Mark?.BelongsTo(stack, project) != true)),
            Images)
        {
            Elsewhere = Elsewhere,
            SilentMembers = SilentMembers,
        };
    }

    /// <summary>The same with more known of some of what there is one of.</summary>
    public ServerObservation Knowing(IReadOnlyDictionary<ResourceId, LiveResource> known) => known.Count == 0 ? this
        : new(_resources.Keys.SelectMany(FindAll).Select(live => _several.ContainsKey(live.Id) ? live : known.GetValueOrDefault(live.Id, live)), Images) { Elsewhere = Elsewhere, SilentMembers = SilentMembers };

    public IEnumerable<LiveResource> OfKind(string kind) => _resources.Values.Where(resource => resource.Id.Kind == kind);
}
