using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the snapshots of the instance that the command line names.</summary>
public sealed class SnapshotCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        if (bound["Instance"] is not { } instance)
            return [];
        var snapshots = await connection.Client.Instances.ListSnapshotsAsync(instance, cancellationToken).ConfigureAwait(false);
        return snapshots.Select(snapshot => new Candidate(snapshot.Name, $"Snapshot of {snapshot.CreatedAt.LocalDateTime:g}"));
    }
}
