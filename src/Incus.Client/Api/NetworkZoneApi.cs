using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>DNS zones (<c>/1.0/network-zones</c>).</summary>
public sealed class NetworkZoneApi : ResourceApi<NetworkZone>
{
    internal NetworkZoneApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/network-zones";

    internal override JsonTypeInfo<Envelope<NetworkZone>> One => IncusJson.Default.EnvelopeNetworkZone;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkZone>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkZone;

    internal override JsonObject CreateBody(NetworkZone value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZone, "used_by", "project");

    internal override JsonObject UpdateBody(NetworkZone value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZone, "name", "used_by", "project");

    /// <summary>The records of a zone.</summary>
    /// <param name="zone">Name of the zone.</param>
    /// <returns>The collection.</returns>
    public NetworkZoneRecordApi Records(string zone) => new(Caller, zone);
}
