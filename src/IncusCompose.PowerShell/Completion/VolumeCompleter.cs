using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the volume in VOLUME:PATH; for a path of the host PowerShell offers files.</summary>
public sealed class VolumeCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var pools = await connection.Client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false);
        var volumes = await Task.WhenAll(pools.Select(pool => connection.Client.StorageVolumes.ListAsync(pool.Name, cancellationToken))).ConfigureAwait(false);
        return volumes.SelectMany(found => found).Where(volume => volume.Type == "custom")
            .Select(volume => new Candidate(volume.Name + ":", Describe("Volume", volume.Description)))
            .DistinctBy(candidate => candidate.Name);
    }
}
