namespace Incus.Client;

public sealed partial class InstanceApi
{
    /// <summary>Makes a backup of an instance on the server, to be exported from there (extension <c>container_backup</c>).</summary>
    /// <param name="name">Name of the instance, running or stopped.</param>
    /// <param name="backup">What it is to hold.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not do what was asked.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CreateBackupAsync(string name, BackupCreate backup, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("container_backup", "Backing up an instance");
        return BackupCalls.CreateAsync(Caller, PathOf(name), "instance_only", backup, cancellationToken);
    }

    /// <summary>Lists the backups of an instance that the server holds.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Their names.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<string>> ListBackupsAsync(string name, CancellationToken cancellationToken = default) =>
        BackupCalls.ListAsync(Caller, PathOf(name), cancellationToken);

    /// <summary>Reads the archive of a backup.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="backup">Name of the backup.</param>
    /// <param name="cancellationToken">Ends the request (not the reading of its content).</param>
    /// <returns>The archive, to be read and disposed.</returns>
    /// <exception cref="IncusNotFoundException">There is no such backup.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<ServerDownload> ExportBackupAsync(string name, string backup, CancellationToken cancellationToken = default) =>
        BackupCalls.ExportAsync(Caller, PathOf(name), backup, cancellationToken);

    /// <summary>Deletes a backup from the server.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="backup">Name of the backup.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such backup.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> DeleteBackupAsync(string name, string backup, CancellationToken cancellationToken = default) =>
        BackupCalls.DeleteAsync(Caller, PathOf(name), backup, cancellationToken);

    /// <summary>Makes an instance from the archive of a backup. It is stopped; its profiles and networks must exist.</summary>
    /// <param name="archive">What <see cref="ExportBackupAsync"/> gave; read to its end while it is sent.</param>
    /// <param name="import">What to call it and where to put it; null for what the archive says.</param>
    /// <param name="cancellationToken">Ends the upload (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can not do what was asked.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> ImportBackupAsync(Stream archive, InstanceImport? import = null, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("container_backup", "Restoring an instance from a backup");
        return BackupCalls.ImportAsync(Caller, CollectionPath, archive, import?.Name, import?.Pool, cancellationToken);
    }
}
