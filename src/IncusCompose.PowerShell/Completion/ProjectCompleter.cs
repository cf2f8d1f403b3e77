using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of the server's projects.</summary>
public sealed class ProjectCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var projects = await connection.Client.Projects.ListAsync(cancellationToken).ConfigureAwait(false);
        return projects.Select(project => new Candidate(project.Name, Describe("Project", project.Description)));
    }
}
