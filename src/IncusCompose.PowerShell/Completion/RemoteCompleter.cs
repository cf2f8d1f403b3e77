using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of the servers in the user's Incus client configuration. Asks no server.</summary>
public sealed class RemoteCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken) =>
        Task.FromResult(
            from remote in session.LoadConfiguration().Remotes.Values
            where remote.Protocol == "incus"
            select new Candidate(remote.Name, string.Join(", ", remote.Addresses)));
}
