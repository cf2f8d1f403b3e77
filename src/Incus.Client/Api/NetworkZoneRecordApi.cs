using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Records of a DNS zone (<c>/1.0/network-zones/ZONE/records</c>).</summary>
public sealed class NetworkZoneRecordApi : ResourceApi<NetworkZoneRecord>
{
    private readonly string zone;

    internal NetworkZoneRecordApi(ApiCaller caller, string zone) : base(caller) => this.zone = zone;

    internal override string CollectionPath => $"/1.0/network-zones/{ApiCaller.Segment(zone)}/records";

    internal override (string Extension, string Feature)? Needs => ("network_dns_records", "A record of a network zone");

    internal override JsonTypeInfo<Envelope<NetworkZoneRecord>> One => IncusJson.Default.EnvelopeNetworkZoneRecord;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkZoneRecord>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkZoneRecord;

    internal override JsonObject CreateBody(NetworkZoneRecord value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZoneRecord);

    internal override JsonObject UpdateBody(NetworkZoneRecord value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZoneRecord, "name");
}
