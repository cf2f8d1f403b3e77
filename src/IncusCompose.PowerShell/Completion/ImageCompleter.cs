using IncusCompose.Definition;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes images: the aliases on the server, and the names of image servers that it can fetch from.</summary>
public sealed class ImageCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var aliases = await connection.Client.Images.ListAliasesAsync(cancellationToken).ConfigureAwait(false);
        var remotes = session.LoadConfiguration().Remotes.Values.Where(remote => remote.Protocol != "incus");
        return [
            new Candidate(InstanceDefinition.DefaultImage, "The image that is used where none is named"),
            .. aliases.Select(alias => new Candidate(alias.Name, Describe("Image", alias.Description))),
            .. remotes.Select(remote => new Candidate(remote.Name + ":", $"{remote.Protocol} {string.Join(", ", remote.Addresses)}")),
        ];
    }
}
