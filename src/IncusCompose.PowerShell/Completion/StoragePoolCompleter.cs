using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of storage pools.</summary>
public sealed class StoragePoolCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var pools = await connection.Client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false);
        return pools.Select(pool => new Candidate(pool.Name, Describe(pool.Driver, pool.Description)));
    }
}
