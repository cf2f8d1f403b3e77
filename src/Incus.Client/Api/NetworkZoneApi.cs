using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>DNS zones (<c>/1.0/network-zones</c>).</summary>
public sealed class NetworkZoneApi : ResourceApi<NetworkZone>
{
    /// <summary>The API extension that <see cref="ListAllProjectsAsync"/> needs.</summary>
    public const string AllProjectsExtension = "network_zones_all_projects";

    internal NetworkZoneApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/network-zones";

    internal override JsonTypeInfo<Envelope<NetworkZone>> One => IncusJson.Default.EnvelopeNetworkZone;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkZone>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkZone;

    internal override JsonObject CreateBody(NetworkZone value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZone, "used_by", "project");

    internal override JsonObject UpdateBody(NetworkZone value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkZone, "name", "used_by", "project");

    /// <summary>Lists the zones of all projects the client may see.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The zones; no two have the same name.</returns>
    /// <exception cref="IncusExtensionMissingException">The server lacks the extension <c>network_zones_all_projects</c>.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<NetworkZone>> ListAllProjectsAsync(CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension(AllProjectsExtension, "listing the zones of all projects");
        return Caller.ListAsync($"{CollectionPath}?recursion=1&all-projects=true", Many, cancellationToken);
    }

    /// <summary>The records of a zone.</summary>
    /// <param name="zone">Name of the zone.</param>
    /// <returns>The collection.</returns>
    public NetworkZoneRecordApi Records(string zone) => new(Caller, zone);
}
