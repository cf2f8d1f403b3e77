using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Load balancers of an OVN network by listen address (<c>/1.0/networks/NETWORK/load-balancers</c>).</summary>
public sealed class NetworkLoadBalancerApi : ResourceApi<NetworkLoadBalancer>
{
    private readonly string network;

    internal NetworkLoadBalancerApi(ApiCaller caller, string network) : base(caller) => this.network = network;

    internal override string CollectionPath => $"/1.0/networks/{ApiCaller.Segment(network)}/load-balancers";

    internal override (string Extension, string Feature)? Needs => ("network_load_balancer", "A network load balancer");

    internal override JsonTypeInfo<Envelope<NetworkLoadBalancer>> One => IncusJson.Default.EnvelopeNetworkLoadBalancer;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<NetworkLoadBalancer>>> Many => IncusJson.Default.EnvelopeIReadOnlyListNetworkLoadBalancer;

    internal override JsonObject CreateBody(NetworkLoadBalancer value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkLoadBalancer, "location");

    internal override JsonObject UpdateBody(NetworkLoadBalancer value) =>
        IncusJson.ToObject(value, IncusJson.Default.NetworkLoadBalancer, "listen_address", "location");

    /// <summary>What the health checks of a load balancer found.</summary>
    /// <param name="listenAddress">The address that it listens on.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The state of its backends.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can not tell.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<NetworkLoadBalancerState> GetStateAsync(string listenAddress, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("network_load_balancer_state", "Reading the state of a load balancer");
        return (await Caller.GetAsync(Caller.Url($"{PathOf(listenAddress)}/state"), IncusJson.Default.EnvelopeNetworkLoadBalancerState, cancellationToken).ConfigureAwait(false)).Value;
    }
}
