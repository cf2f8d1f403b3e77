using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Backups;

/// <summary>
/// A backup that the server makes of an instance or volume, that is read, and that is gone from the server afterwards,
/// however it ended. Source: Incus doc/howto/instances_backup.md and doc/howto/storage_backup_volume.md.
/// </summary>
internal static class TemporaryBackup
{
    // Where this program is killed, the server itself takes away what is left.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private static readonly TimeSpan LongestCleanUp = TimeSpan.FromSeconds(60);

    /// <param name="client">The server, in the resource's project.</param>
    /// <param name="id">An instance or a volume.</param>
    /// <param name="options">What the backup is to hold.</param>
    /// <param name="meter">Is told what goes on.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task ReadAsync(
        IncusClient client, ResourceId id, BackupOptions options, Meter meter, Func<ServerDownload, Task> read, CancellationToken cancellationToken)
    {
        var spec = new BackupCreate
        {
            Name = $"incus-compose-{Guid.NewGuid():n}",
            ExpiresAt = DateTimeOffset.UtcNow + Lifetime,
            WithoutSnapshots = !options.Snapshots,
            OptimizedStorage = options.OptimizedStorage,
            Compression = options.Compression,
        };
        cancellationToken.ThrowIfCancellationRequested();
        meter.Say("exporting");
        // Not cancelled itself: what was asked for must be known to be taken away.
        var operation = await CreateAsync(client, id, spec, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await operation.WaitAsync(meter, cancellationToken).ConfigureAwait(false);
            var download = await ExportAsync(client, id, spec.Name, cancellationToken).ConfigureAwait(false);
            await using (download.ConfigureAwait(false))
                await read(download).ConfigureAwait(false);
        }
        finally
        {
            await DeleteAsync(client, id, spec.Name, operation).ConfigureAwait(false);
        }
    }

    private static async Task DeleteAsync(IncusClient client, ResourceId id, string backup, IncusOperation making)
    {
        using var limit = new CancellationTokenSource(LongestCleanUp);
        try
        {
            // While the server is still at it, there is no telling what it would leave.
            if (!making.Info.IsFinal)
                await OperationEnd.SettleAsync(making, limit.Token).ConfigureAwait(false);
            var deletion = id.Kind == InstanceKind.KindName
                ? client.Instances.DeleteBackupAsync(id.Name, backup, limit.Token)
                : client.StorageVolumes.DeleteBackupAsync(id.Scope!, id.Name, backup, limit.Token);
            await deletion.CompleteAsync(null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            // It never came to be, or the server is away: then the server deletes it when it expires.
        }
    }

    private static Task<IncusOperation> CreateAsync(IncusClient client, ResourceId id, BackupCreate spec, CancellationToken cancellationToken) =>
        id.Kind == InstanceKind.KindName
            ? client.Instances.CreateBackupAsync(id.Name, spec, cancellationToken)
            : client.StorageVolumes.CreateBackupAsync(id.Scope!, id.Name, spec, cancellationToken);

    private static Task<ServerDownload> ExportAsync(IncusClient client, ResourceId id, string backup, CancellationToken cancellationToken) =>
        id.Kind == InstanceKind.KindName
            ? client.Instances.ExportBackupAsync(id.Name, backup, cancellationToken)
            : client.StorageVolumes.ExportBackupAsync(id.Scope!, id.Name, backup, cancellationToken);
}
