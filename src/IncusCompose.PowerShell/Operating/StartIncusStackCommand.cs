using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Operating;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Starts the stopped instances of stacks and resumes the paused ones, dependencies first.</summary>
[Cmdlet(VerbsLifecycle.Start, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class StartIncusStackCommand : OperatingCmdlet
{
    /// <summary>Run the commands that hooks have for this machine; without it nothing is done where there are some to run.</summary>
    [Parameter]
    public SwitchParameter AllowHostHooks { get; set; }

    /// <inheritdoc/>
    private protected override bool HostHooksAllowed => AllowHostHooks;

    /// <inheritdoc/>
    private protected override StackOperation Operation => StackOperation.Start;
}
