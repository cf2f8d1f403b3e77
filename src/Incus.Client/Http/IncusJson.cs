using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Serialization code for every type that crosses the wire, made by the compiler.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Envelope<JsonElement>))]
[JsonSerializable(typeof(Envelope<ServerInfo>))]
[JsonSerializable(typeof(Envelope<Instance>))]
[JsonSerializable(typeof(Envelope<InstanceFull>))]
[JsonSerializable(typeof(Envelope<InstanceState>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<Instance>>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<InstanceFull>>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<string>>))]
[JsonSerializable(typeof(Envelope<Image>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<Image>>))]
[JsonSerializable(typeof(Envelope<ImageAlias>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<ImageAlias>>))]
[JsonSerializable(typeof(Envelope<Network>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<Network>>))]
[JsonSerializable(typeof(Envelope<NetworkState>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkLease>>))]
[JsonSerializable(typeof(Envelope<NetworkAcl>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkAcl>>))]
[JsonSerializable(typeof(Envelope<NetworkAddressSet>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkAddressSet>>))]
[JsonSerializable(typeof(Envelope<NetworkForward>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkForward>>))]
[JsonSerializable(typeof(Envelope<NetworkLoadBalancer>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkLoadBalancer>>))]
[JsonSerializable(typeof(Envelope<NetworkPeer>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkPeer>>))]
[JsonSerializable(typeof(Envelope<NetworkZone>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkZone>>))]
[JsonSerializable(typeof(Envelope<NetworkZoneRecord>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkZoneRecord>>))]
[JsonSerializable(typeof(Envelope<NetworkIntegration>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<NetworkIntegration>>))]
[JsonSerializable(typeof(Envelope<NetworkLoadBalancerState>))]
[JsonSerializable(typeof(Envelope<StoragePool>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<StoragePool>>))]
[JsonSerializable(typeof(Envelope<StoragePoolResources>))]
[JsonSerializable(typeof(Envelope<InstanceSnapshot>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<InstanceSnapshot>>))]
[JsonSerializable(typeof(Envelope<StorageVolumeSnapshot>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<StorageVolumeSnapshot>>))]
[JsonSerializable(typeof(Envelope<StorageVolume>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<StorageVolume>>))]
[JsonSerializable(typeof(Envelope<StorageBucket>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<StorageBucket>>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<StorageBucketKey>>))]
[JsonSerializable(typeof(Envelope<Profile>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<Profile>>))]
[JsonSerializable(typeof(Envelope<Project>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<Project>>))]
[JsonSerializable(typeof(Envelope<TrustedCertificate>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<TrustedCertificate>>))]
[JsonSerializable(typeof(Envelope<ClusterGroup>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<ClusterGroup>>))]
[JsonSerializable(typeof(Envelope<IReadOnlyList<ClusterMember>>))]
[JsonSerializable(typeof(Envelope<OperationInfo>))]
[JsonSerializable(typeof(Envelope<IReadOnlyDictionary<string, IReadOnlyList<OperationInfo>>>))]
[JsonSerializable(typeof(Envelope<MetadataConfigurationDocument>))]
[JsonSerializable(typeof(IncusEvent))]
[JsonSerializable(typeof(LifecycleEvent))]
[JsonSerializable(typeof(InstanceCreate))]
[JsonSerializable(typeof(InstanceSource))]
internal sealed partial class IncusJson : JsonSerializerContext
{
    /// <summary>The JSON form of a value without some of its fields.</summary>
    public static JsonObject ToObject<T>(T value, JsonTypeInfo<T> type, params IEnumerable<string> except)
    {
        var node = JsonSerializer.SerializeToNode(value, type)!.AsObject();
        foreach (var name in except)
            node.Remove(name);
        return node;
    }

    /// <summary>A map as a JSON object.</summary>
    public static JsonObject ToObject(IReadOnlyDictionary<string, string> map)
    {
        var node = new JsonObject();
        foreach (var (key, value) in map)
            node[key] = value;
        return node;
    }

    /// <summary>A list as a JSON array.</summary>
    public static JsonArray ToArray(IEnumerable<string> items) => new([.. items.Select(static item => (JsonNode?)JsonValue.Create(item))]);
}
