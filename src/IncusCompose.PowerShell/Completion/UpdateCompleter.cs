using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of the instances of stacks, and of the definitions that have several.</summary>
public sealed class UpdateCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var stacks = await session.Engine.GetStacksAsync(connection.Client, cancellationToken).ConfigureAwait(false);
        return stacks.SelectMany(stack => stack.Definitions.SelectMany(definition => definition.Value.Prepend(definition.Key)
                .Select(name => new Candidate(name, $"Stack {stack.Name}"))))
            .DistinctBy(candidate => candidate.Name);
    }
}
