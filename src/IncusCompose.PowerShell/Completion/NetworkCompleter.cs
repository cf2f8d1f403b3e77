using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of networks.</summary>
public sealed class NetworkCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var networks = await connection.Client.Networks.ListAsync(cancellationToken).ConfigureAwait(false);
        return networks.Select(network => new Candidate(network.Name, Describe(network.Type, network.Description)));
    }
}
