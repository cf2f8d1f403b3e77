using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Network ACLs (<c>/1.0/network-acls</c>).</summary>
public sealed class NetworkAclApi : ResourceApi<NetworkAcl>
{
    internal NetworkAclApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/network-acls";

    internal override JsonTypeInfo<Envelope<NetworkAcl>> One => IncusJson.Default.EnvelopeNetworkAcl;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkAcl>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkAcl;

    internal override JsonObject CreateBody(NetworkAcl value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkAcl, "used_by", "project");

    internal override JsonObject UpdateBody(NetworkAcl value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkAcl, "name", "used_by", "project");
}
