using System.Runtime.CompilerServices;

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
    /// Reads events as they come, beginning with the first step of the enumeration. When the connection breaks it is opened again; what
    /// happened in between is lost, so an event with <see cref="EventTypes.Reconnected"/> is put in: read again what
    /// you watch.
    /// </summary>
    /// <param name="types">Types wanted, of <see cref="EventTypes"/>; null for all. <see cref="EventTypes.Reconnected"/> always comes.</param>
    /// <param name="cancellationToken">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events of all projects that the client may see.</returns>
    /// <exception cref="IncusException">The server has no events for this client.</exception>
    public async IAsyncEnumerable<IncusEvent> ReadAsync(
        IReadOnlyCollection<string>? types = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var events = caller.Connection.Events;
        var listener = events.Listen(types);
        try
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
            await foreach (var item in listener.Events.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return item;
        }
        finally
        {
            events.StopListening(listener);
        }
    }

    /// <summary>Begins to wait for one event. Once this returns, the event is not missed, however soon it comes.</summary>
    /// <param name="match">Whether it is the one. An event of type <see cref="EventTypes.Reconnected"/> says that it may have been missed.</param>
    /// <param name="cancellationToken">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A task of the event, to be awaited after starting what brings the event about.</returns>
    /// <exception cref="IncusException">The server has no events for this client.</exception>
    public async Task<Task<IncusEvent>> ExpectAsync(Func<IncusEvent, bool> match, CancellationToken cancellationToken = default)
    {
        var events = caller.Connection.Events;
        var listener = events.Listen(types: null);
        try
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            events.StopListening(listener);
            throw;
        }
        return FindAsync();

        async Task<IncusEvent> FindAsync()
        {
            try
            {
                while (true)
                {
                    var item = await listener.Events.ReadAsync(cancellationToken).ConfigureAwait(false);
                    if (match(item))
                        return item;
                }
            }
            finally
            {
                events.StopListening(listener);
            }
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (!await EnsureOpenAsync(cancellationToken).ConfigureAwait(false))
            throw new IncusException($"{caller.Connection.DisplayName} gives this client no events", "Ask for the state instead");
    }
}
