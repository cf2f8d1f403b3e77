using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes a name from what the server says, which the command line names or not.</summary>
public abstract class ServerNameCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected sealed override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        return await FindAsync(session, connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds the names.</summary>
    /// <param name="session">The connections of the runspace.</param>
    /// <param name="connection">The server and the project on it.</param>
    /// <param name="cancellationToken">Cancelled when the time is up.</param>
    private protected abstract Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken);
}
