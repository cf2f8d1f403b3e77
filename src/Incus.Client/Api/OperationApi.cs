namespace Incus.Client;

/// <summary>Operations of the server (<c>/1.0/operations</c>).</summary>
public sealed class OperationApi
{
    private readonly ApiCaller caller;

    internal OperationApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Lists the operations of the project that run or ended in the last five seconds.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The operations.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IReadOnlyList<OperationInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        var byStatus = await caller.GetAsync(
            caller.Url("/1.0/operations", ("recursion", "1")),
            IncusJson.Default.EnvelopeIReadOnlyDictionaryStringIReadOnlyListOperationInfo, cancellationToken).ConfigureAwait(false);
        return [.. byStatus.Value.Values.SelectMany(static list => list)];
    }

    /// <summary>Reads one operation.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">The server does not know it (any more).</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<OperationInfo> GetAsync(string id, CancellationToken cancellationToken = default) =>
        (await caller.GetAsync(caller.Url(PathOf(id)), IncusJson.Default.EnvelopeOperationInfo, cancellationToken).ConfigureAwait(false)).Value;

    /// <summary>Takes hold of an operation that somebody else started, to wait for it or cancel it.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">The server does not know it (any more).</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IncusOperation> AttachAsync(string id, CancellationToken cancellationToken = default)
    {
        await caller.Connection.Events.EnsureOpenAsync(caller.Project, cancellationToken).ConfigureAwait(false);
        var generation = caller.Connection.Events.Generation;
        return new IncusOperation(caller, await GetAsync(id, cancellationToken).ConfigureAwait(false), generation);
    }

    /// <summary>Asks the server to cancel an operation.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When the server accepted.</returns>
    /// <exception cref="IncusNotFoundException">The server does not know it (any more).</exception>
    /// <exception cref="IncusException">It can not be cancelled.</exception>
    public Task CancelAsync(string id, CancellationToken cancellationToken = default) =>
        caller.SendAsync(HttpMethod.Delete, caller.Url(PathOf(id)), null, null, cancellationToken);

    internal static string PathOf(string id) => $"/1.0/operations/{ApiCaller.Segment(id)}";
}
