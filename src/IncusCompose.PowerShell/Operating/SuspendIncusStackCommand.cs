using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Operating;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Pauses all processes of the instances of stacks, dependants first.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class SuspendIncusStackCommand : OperatingCmdlet
{
    /// <inheritdoc/>
    private protected override StackOperation Operation => StackOperation.Pause;
}
