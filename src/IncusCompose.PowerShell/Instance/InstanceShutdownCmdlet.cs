using System.Management.Automation;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that shuts instances down, whatever follows.</summary>
public abstract class InstanceShutdownCmdlet : InstanceStateCmdlet
{
    /// <summary>How long an instance may take to shut down before the command gives up on it; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Kill instead of asking to shut down.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }
}
