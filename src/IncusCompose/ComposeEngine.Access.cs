using Incus.Client;
using IncusCompose.Files;
using IncusCompose.Inventory;
using IncusCompose.Ssh;

namespace IncusCompose;

/// <content>The way into instances: files, SSH and inventories.</content>
public sealed partial class ComposeEngine
{
    /// <summary>Copies a file or directory out of an instance, running or stopped, with the rules of <c>docker cp</c>.</summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="source">The path in it; <c>/.</c> at its end means what is in it.</param>
    /// <param name="to">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops; what was copied by then stays.</param>
    /// <exception cref="FileCopyException">It cannot be copied there.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance or path.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public Task<FileCopyResult> CopyFromInstanceAsync(
        IncusClient client, string instance, string source, HostFiles to, FileCopyOptions? options = null, CancellationToken cancellationToken = default) =>
        FileCopy.FromInstanceAsync(client, instance, source, to, options ?? new FileCopyOptions(), cancellationToken);

    /// <summary>Copies files into an instance, running or stopped, with the rules of <c>docker cp</c>.</summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="from">What: an archive is unpacked into a directory that is there.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="destination">The path in it.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops; what was copied by then stays.</param>
    /// <exception cref="FileCopyException">It cannot be copied there, or is no archive.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task<FileCopyResult> CopyToInstanceAsync(
        IncusClient client, HostFiles from, string instance, string destination, FileCopyOptions? options = null, CancellationToken cancellationToken = default) =>
        FileCopy.ToInstanceAsync(client, from, instance, destination, options ?? new FileCopyOptions(), cancellationToken);

    /// <summary>How instances are reached by SSH and otherwise, as the server says right now; by project and name. Copies that checkpoints keep are none of them.</summary>
    /// <param name="client">The server, in the project to look at.</param>
    /// <param name="options">Which instances, and which way.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<IReadOnlyList<InstanceAccess>> GetAccessAsync(IncusClient client, AccessOptions? options = null, CancellationToken cancellationToken = default) =>
        AccessReader.ReadAsync(client, options ?? new AccessOptions(), cancellationToken);

    /// <summary>Writes an inventory for Ansible.</summary>
    /// <param name="inventory">The inventory.</param>
    /// <param name="format">How to write it.</param>
    public string WriteInventory(AnsibleInventory inventory, InventoryFormat format)
    {
        ArgumentNullException.ThrowIfNull(inventory);
        return InventoryText.Write(inventory, format, _format);
    }
}
