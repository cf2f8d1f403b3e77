using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that shuts the instances of stacks down, whatever follows.</summary>
public abstract class StackShutdownCmdlet : OperatingCmdlet
{
    /// <summary>Run the commands that hooks have for this machine; without it nothing is done where there are some to run.</summary>
    [Parameter]
    public SwitchParameter AllowHostHooks { get; set; }

    /// <inheritdoc/>
    private protected override bool HostHooksAllowed => AllowHostHooks;

    /// <summary>How long an instance may take to stop by itself before it is stopped by force; a number is seconds. Without it: as long as the instance says itself (stop_grace_period), else 30 seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? StopTimeout { get; set; }

    /// <summary>Do not ask them to shut down first.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override ApplyOptions Options => base.Options with { StopTimeout = Force ? TimeSpan.Zero : StopTimeout };
}
