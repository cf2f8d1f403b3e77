using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Forwards of a network by listen address (<c>/1.0/networks/NETWORK/forwards</c>).</summary>
public sealed class NetworkForwardApi : ResourceApi<NetworkForward>
{
    private readonly string network;

    internal NetworkForwardApi(ApiCaller caller, string network) : base(caller) => this.network = network;

    internal override string CollectionPath => $"/1.0/networks/{ApiCaller.Segment(network)}/forwards";

    internal override JsonTypeInfo<Envelope<NetworkForward>> One => IncusJson.Default.EnvelopeNetworkForward;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkForward>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkForward;

    internal override JsonObject CreateBody(NetworkForward value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkForward, "location");

    internal override JsonObject UpdateBody(NetworkForward value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkForward, "listen_address", "location");
}
