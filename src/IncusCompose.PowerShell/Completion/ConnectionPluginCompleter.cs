using IncusCompose.Inventory;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes Ansible's connection plugins for instances.</summary>
public sealed class ConnectionPluginCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<Candidate>>([new(AnsibleInventory.DefaultConnection, "By the command incus"), new("community.general.lxd", "By the command lxc")]);
}
