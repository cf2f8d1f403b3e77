using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources;

/// <summary>Every kind there is, in the order in which people read a plan: what others stand on comes first.</summary>
internal static class ResourceKinds
{
    public static IReadOnlyList<ResourceKind> All { get; } =
    [
        new ProjectKind(),
        new OtherProjectKind(),
        new ClusterGroupKind(),
        new CertificateKind(),
        new StoragePoolKind(),
        new NetworkIntegrationKind(),
        new NetworkAddressSetKind(),
        new NetworkAclKind(),
        new NetworkZoneKind(),
        new NetworkZoneRecordKind(),
        new NetworkKind(),
        new NetworkForwardKind(),
        new NetworkLoadBalancerKind(),
        new NetworkPeerKind(),
        new VolumeKind(),
        new BucketKind(),
        new ProfileKind(),
        new ImageKind(),
        new InstanceKind(),
    ];

    private static readonly Dictionary<string, ResourceKind> ByName = All.ToDictionary(kind => kind.Name);

    private static readonly Dictionary<string, int> Ranks =
        All.Select((kind, rank) => (kind.Name, rank)).ToDictionary(pair => pair.Name, pair => pair.rank);

    public static ResourceKind Of(ResourceId id) => ByName[id.Kind];

    /// <summary>True for the name of a kind.</summary>
    public static bool IsKnown(string kind) => ByName.ContainsKey(kind);

    public static int RankOf(ResourceId id) => Ranks[id.Kind];
}
