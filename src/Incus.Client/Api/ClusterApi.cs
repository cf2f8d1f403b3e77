namespace Incus.Client;

/// <summary>The cluster that a server belongs to (<c>/1.0/cluster</c>).</summary>
public sealed class ClusterApi
{
    private readonly ApiCaller caller;

    internal ClusterApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Lists the members.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The members' names.</returns>
    /// <exception cref="IncusException">The request failed, for instance because the server is in no cluster.</exception>
    public async Task<IReadOnlyList<string>> ListMemberNamesAsync(CancellationToken cancellationToken = default)
    {
        var addresses = await caller.ListAsync(caller.Url("/1.0/cluster/members"), IncusJson.Default.EnvelopeIReadOnlyListString, cancellationToken).ConfigureAwait(false);
        return [.. addresses.Select(address => Uri.UnescapeDataString(address.Split('?')[0]["/1.0/cluster/members/".Length..])).Order(StringComparer.Ordinal)];
    }

    /// <summary>Lists the members with how they are. One that fell silent counts as online until the cluster's <c>cluster.offline_threshold</c> (20 seconds) is over.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The members.</returns>
    /// <exception cref="IncusException">The request failed, for instance because the server is in no cluster.</exception>
    public Task<IReadOnlyList<ClusterMember>> ListMembersAsync(CancellationToken cancellationToken = default) =>
        caller.ListAsync(caller.Url("/1.0/cluster/members", ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListClusterMember, cancellationToken);
}
