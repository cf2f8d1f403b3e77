using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Operating;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Lets the paused instances of stacks go on, dependencies first.</summary>
[Cmdlet(VerbsLifecycle.Resume, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class ResumeIncusStackCommand : OperatingCmdlet
{
    /// <inheritdoc/>
    private protected override StackOperation Operation => StackOperation.Resume;
}
