using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Peers of an OVN network (<c>/1.0/networks/NETWORK/peers</c>).</summary>
public sealed class NetworkPeerApi : ResourceApi<NetworkPeer>
{
    private readonly string network;

    internal NetworkPeerApi(ApiCaller caller, string network) : base(caller) => this.network = network;

    internal override string CollectionPath => $"/1.0/networks/{ApiCaller.Segment(network)}/peers";

    internal override JsonTypeInfo<Envelope<NetworkPeer>> One => IncusJson.Default.EnvelopeNetworkPeer;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkPeer>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkPeer;

    internal override JsonObject CreateBody(NetworkPeer value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkPeer, "status", "used_by");

    internal override JsonObject UpdateBody(NetworkPeer value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkPeer, "name", "type", "target_project", "target_network", "target_integration", "status", "used_by");
}
