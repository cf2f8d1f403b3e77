namespace Incus.Client;

/// <content>Files in volumes (<c>GET …/volumes/custom/NAME/sftp</c>).</content>
public sealed partial class StorageVolumeApi
{
    /// <summary>
    /// Opens the file system of a volume of content type <c>filesystem</c> (extension <c>custom_volume_sftp</c>); dispose of it to
    /// close the connection. The volume itself is <c>/</c>. Owners are as the containers
    /// number them that use it.
    /// </summary>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="name">Name of the volume, in use or not.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IncusNotFoundException">There is no such volume.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not do it.</exception>
    /// <exception cref="IncusException">The server refused.</exception>
    public Task<InstanceFiles> OpenFilesAsync(string pool, string name, CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("custom_volume_sftp", "Reading and writing files of a volume");
        return InstanceFiles.OpenAsync(caller, caller.Url($"{PathOf(pool, name)}/sftp"), $"volume {name}", cancellationToken);
    }
}
