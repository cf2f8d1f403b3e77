using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Operating;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Restarts the running instances of stacks and starts the stopped ones, dependencies first.</summary>
[Cmdlet(VerbsLifecycle.Restart, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class RestartIncusStackCommand : StackShutdownCmdlet
{
    /// <inheritdoc/>
    private protected override StackOperation Operation => StackOperation.Restart;
}
