using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Operating;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Stops the instances of stacks, dependants first. Nothing is deleted.</summary>
[Cmdlet(VerbsLifecycle.Stop, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class StopIncusStackCommand : StackShutdownCmdlet
{
    /// <inheritdoc/>
    private protected override StackOperation Operation => Force ? StackOperation.Kill : StackOperation.Stop;
}
