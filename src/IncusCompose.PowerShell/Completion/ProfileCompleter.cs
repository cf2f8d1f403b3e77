using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of profiles.</summary>
public sealed class ProfileCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var profiles = await connection.Client.Profiles.ListAsync(cancellationToken).ConfigureAwait(false);
        return profiles.Select(profile => new Candidate(profile.Name, Describe("Profile", profile.Description)));
    }
}
