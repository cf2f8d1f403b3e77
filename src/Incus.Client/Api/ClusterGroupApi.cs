using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Groups of cluster members (<c>/1.0/cluster/groups</c>, extension <c>clustering_groups</c>); only a cluster has them.</summary>
public sealed class ClusterGroupApi : ResourceApi<ClusterGroup>
{
    internal ClusterGroupApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/cluster/groups";

    internal override JsonTypeInfo<Envelope<ClusterGroup>> One => IncusJson.Default.EnvelopeClusterGroup;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<ClusterGroup>>> Many => IncusJson.Default.EnvelopeIReadOnlyListClusterGroup;

    internal override JsonObject CreateBody(ClusterGroup value) => IncusJson.ToObject(value, IncusJson.Default.ClusterGroup, "used_by");

    internal override JsonObject UpdateBody(ClusterGroup value) => IncusJson.ToObject(value, IncusJson.Default.ClusterGroup, "name", "used_by");
}
