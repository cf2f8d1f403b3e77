using System.Management.Automation;

namespace IncusCompose.PowerShell.Sessions;

/// <summary>Closes the connections of a runspace when the module is removed from it.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <summary>Called by PowerShell, in the runspace that removes the module.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo) => RunspaceSessions.CloseCurrent();
}
