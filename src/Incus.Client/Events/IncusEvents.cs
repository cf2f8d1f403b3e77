namespace Incus.Client;

/// <summary>
/// The events of a connection. All views of a connection share one websocket, which is opened when first needed,
/// opened again when it breaks, and closed with the connection.
/// </summary>
public sealed class IncusEvents
{
    private readonly ApiCaller caller;

    internal IncusEvents(ApiCaller caller) => this.caller = caller;

    /// <summary>Opens the websocket if it is not open.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is one; false where the server refuses it or <see cref="ConnectionOptions.UseEvents"/> is off.</returns>
    public Task<bool> EnsureOpenAsync(CancellationToken cancellationToken = default) =>
        caller.Connection.Events.EnsureOpenAsync(caller.Project, cancellationToken);

    /// <summary>
    /// Reads events as they come, beginning when this is called. When the connection breaks it is opened again; what
    /// happened in between is lost, so an event with <see cref="EventTypes.Reconnected"/> is put in: read again what
    /// you watch.
    /// </summary>
    /// <param name="types">Types wanted, of <see cref="EventTypes"/>; null for all. <see cref="EventTypes.Reconnected"/> always comes.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events of all projects that the client may see.</returns>
    /// <exception cref="IncusException">The server has no events for this client.</exception>
    public IAsyncEnumerable<IncusEvent> ReadAsync(IReadOnlyCollection<string>? types = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Waits for one event. Begins to listen at once, so what is started after the call is not missed.</summary>
    /// <param name="match">Whether it is the one.</param>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The event; also an event of type <see cref="EventTypes.Reconnected"/> when <paramref name="match"/> accepts it.</returns>
    /// <exception cref="IncusException">The server has no events for this client.</exception>
    public Task<IncusEvent> WaitForAsync(Func<IncusEvent, bool> match, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
