using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Networks (<c>/1.0/networks</c>).</summary>
public sealed class NetworkApi : ResourceApi<Network>
{
    // On a host with many containers, links come and go all the time.
    private const int AttemptsAmongLinks = 12;

    internal NetworkApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/networks";

    internal override JsonTypeInfo<Envelope<Network>> One => IncusJson.Default.EnvelopeNetwork;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<Network>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetwork;

    internal override JsonObject CreateBody(Network value) =>
        IncusJson.ToObject(value, IncusJson.Default.Network, "managed", "status", "used_by", "locations", "project");

    internal override JsonObject UpdateBody(Network value) =>
        IncusJson.ToObject(value, IncusJson.Default.Network, "name", "type", "managed", "status", "used_by", "locations", "project");

    /// <summary>The forwards of a network.</summary>
    /// <param name="network">Name of the network.</param>
    /// <returns>The collection.</returns>
    public NetworkForwardApi Forwards(string network) => new(Caller, network);

    /// <summary>The load balancers of a network.</summary>
    /// <param name="network">Name of the network.</param>
    /// <returns>The collection.</returns>
    public NetworkLoadBalancerApi LoadBalancers(string network) => new(Caller, network);

    /// <summary>The peers of a network.</summary>
    /// <param name="network">Name of the network.</param>
    /// <returns>The collection.</returns>
    public NetworkPeerApi Peers(string network) => new(Caller, network);

    /// <summary>DHCP leases of a managed network, static ones included.</summary>
    /// <param name="name">Name of the network.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The leases.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<NetworkLease>> ListLeasesAsync(string name, CancellationToken cancellationToken = default) =>
        Caller.ListAsync(Caller.Url($"{PathOf(name)}/leases"), IncusJson.Default.EnvelopeIReadOnlyListNetworkLease, cancellationToken);

    /// <summary>Live state of a network.</summary>
    /// <param name="name">Name of the network.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The state.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<NetworkState> GetStateAsync(string name, CancellationToken cancellationToken = default) =>
        (await Caller.GetAsync(Caller.Url($"{PathOf(name)}/state"), IncusJson.Default.EnvelopeNetworkState, cancellationToken).ConfigureAwait(false)).Value;

    /// <summary>
    /// To change a bridge the server looks at every link of the host, one after another, and gives up where one vanishes
    /// meanwhile, which happens whenever a container stops. The next attempt does not meet that any more.
    /// </summary>
    private protected override async Task ChangeAsync(HttpMethod method, string url, JsonObject? body, string? etag, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await base.ChangeAsync(method, url, body, etag, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (attempt < AttemptsAmongLinks && IsVanishedLink(error))
            {
            }
        }
    }

    private static bool IsVanishedLink(IncusException error) =>
        error.ServerMessage is { } message
        && message.Contains("link show", StringComparison.Ordinal)
        && message.Contains("does not exist", StringComparison.Ordinal);
}
