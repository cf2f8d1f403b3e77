using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Network address sets (<c>/1.0/network-address-sets</c>; extension <c>network_address_set</c>).</summary>
public sealed class NetworkAddressSetApi : ResourceApi<NetworkAddressSet>
{
    internal NetworkAddressSetApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/network-address-sets";

    internal override (string Extension, string Feature)? Needs => ("network_address_set", "A network address set");

    internal override JsonTypeInfo<Envelope<NetworkAddressSet>> One => IncusJson.Default.EnvelopeNetworkAddressSet;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkAddressSet>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkAddressSet;

    internal override JsonObject CreateBody(NetworkAddressSet value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkAddressSet, "used_by", "project");

    internal override JsonObject UpdateBody(NetworkAddressSet value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkAddressSet, "name", "used_by", "project");
}
