using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Network integrations (<c>/1.0/network-integrations</c>; extension <c>network_integrations</c>).</summary>
public sealed class NetworkIntegrationApi : ResourceApi<NetworkIntegration>
{
    internal NetworkIntegrationApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/network-integrations";

    internal override (string Extension, string Feature)? Needs => ("network_integrations", "A network integration");

    internal override JsonTypeInfo<Envelope<NetworkIntegration>> One => IncusJson.Default.EnvelopeNetworkIntegration;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkIntegration>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkIntegration;

    internal override JsonObject CreateBody(NetworkIntegration value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkIntegration, "used_by");

    internal override JsonObject UpdateBody(NetworkIntegration value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkIntegration, "name", "type", "used_by");
}
