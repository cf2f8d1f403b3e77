using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of checkpoints: those of the stack that the command line names, else of every stack of the project.</summary>
public sealed class CheckpointCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        // Get- and Remove-IncusStackCheckpoint call the stack Stack, Restore-IncusStack calls it Name.
        var found = await session.Engine.GetCheckpointsAsync(connection.Client, bound["Stack"] ?? bound["Name"], cancellationToken).ConfigureAwait(false);
        return found.Select(checkpoint => new Candidate(checkpoint.Name, $"Stack {checkpoint.Stack}, {checkpoint.CreatedAt.LocalDateTime:g}{(checkpoint.IsLive ? ", live" : "")}"));
    }
}
