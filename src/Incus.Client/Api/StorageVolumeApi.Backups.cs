namespace Incus.Client;

public sealed partial class StorageVolumeApi
{
    /// <summary>Makes a backup of a volume on the server, to be exported from there (extension <c>custom_volume_backup</c>).</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume, in use or not.</param>
    /// <param name="backup">What it is to hold.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such volume.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not do what was asked.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CreateBackupAsync(string pool, string name, BackupCreate backup, CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("custom_volume_backup", "Backing up a custom volume");
        return BackupCalls.CreateAsync(caller, PathOf(pool, name), "volume_only", backup, cancellationToken);
    }

    /// <summary>Lists the backups of a volume that the server holds.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Their names.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<string>> ListBackupsAsync(string pool, string name, CancellationToken cancellationToken = default) =>
        BackupCalls.ListAsync(caller, PathOf(pool, name), cancellationToken);

    /// <summary>Reads the archive of a backup.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="backup">Name of the backup.</param>
    /// <param name="cancellationToken">Ends the request (not the reading of its content).</param>
    /// <returns>The archive, to be read and disposed.</returns>
    /// <exception cref="IncusNotFoundException">There is no such backup.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<ServerDownload> ExportBackupAsync(string pool, string name, string backup, CancellationToken cancellationToken = default) =>
        BackupCalls.ExportAsync(caller, PathOf(pool, name), backup, cancellationToken);

    /// <summary>Deletes a backup from the server.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="backup">Name of the backup.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such backup.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> DeleteBackupAsync(string pool, string name, string backup, CancellationToken cancellationToken = default) =>
        BackupCalls.DeleteAsync(caller, PathOf(pool, name), backup, cancellationToken);

    /// <summary>Makes a volume from the archive of a backup.</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume (extension <c>backup_override_name</c>); null for the archive's.</param>
    /// <param name="archive">What <see cref="ExportBackupAsync"/> gave; read to its end while it is sent.</param>
    /// <param name="cancellationToken">Ends the upload (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can not do what was asked.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> ImportBackupAsync(string pool, string? name, Stream archive, CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("custom_volume_backup", "Restoring a custom volume from a backup");
        return BackupCalls.ImportAsync(caller, Collection(pool), archive, name, null, cancellationToken);
    }

    /// <summary>Makes a volume of content type <c>iso</c> from an image of an optical disc (extension <c>custom_volume_iso</c>).</summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume.</param>
    /// <param name="image">The image; read to its end while it is sent.</param>
    /// <param name="cancellationToken">Ends the upload (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusExtensionMissingException">The server has no such volumes.</exception>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IncusOperation> ImportIsoAsync(string pool, string name, Stream image, CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("custom_volume_iso", "Importing an ISO image as a volume");
        using var content = new StreamContent(image);
        content.Headers.ContentType = new("application/octet-stream");
        content.Headers.Add("X-Incus-name", name);
        content.Headers.Add("X-Incus-type", "iso");
        return await caller.StartAsync(HttpMethod.Post, caller.Url(Collection(pool)), content, null, cancellationToken).ConfigureAwait(false);
    }
}
