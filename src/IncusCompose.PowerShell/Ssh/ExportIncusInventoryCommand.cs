using System.Management.Automation;
using IncusCompose.Inventory;
using IncusCompose.PowerShell.Completion;
using IncusCompose.Ssh;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Writes an inventory for Ansible: the instances in groups by stack, project, label and status.</summary>
[Cmdlet(VerbsData.Export, "IncusInventory", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class ExportIncusInventoryCommand : AccessCmdlet
{
    /// <summary>YAML, INI, or the JSON of inventory scripts.</summary>
    [Parameter]
    public InventoryFormat Format { get; set; }

    /// <summary>The connection plugin for instances without SSH: community.general.incus, or community.general.lxd.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ConnectionPluginCompleter))]
    public string ConnectionPlugin { get; set; } = AnsibleInventory.DefaultConnection;

    /// <inheritdoc/>
    private protected override string What => "an inventory";

    /// <inheritdoc/>
    private protected override string Write(IReadOnlyList<InstanceAccess> instances, string knownHosts) =>
        Session.Engine.WriteInventory(AnsibleInventory.Of(instances, knownHosts, ConnectionPlugin), Format);
}
