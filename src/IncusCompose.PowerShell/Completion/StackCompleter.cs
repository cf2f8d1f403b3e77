using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of the stacks on the server.</summary>
public sealed class StackCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var stacks = await session.Engine.GetStacksAsync(connection.Client, cancellationToken).ConfigureAwait(false);
        return stacks.Select(stack => new Candidate(stack.Name, $"{stack.Instances.Count} instances, {stack.Running} running"));
    }
}
