using System.Management.Automation;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that starts, stops or restarts instances.</summary>
public abstract class InstanceStateCmdlet : InstanceActionCmdlet
{
    /// <summary>Return the instances as they are afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected sealed override async Task DoneAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken)
    {
        // An ephemeral instance is gone when it has stopped.
        if (PassThru && await Commands.InstanceLookup.ReadAsync(target.Connection, target.Name, cancellationToken).ConfigureAwait(false) is { } instance)
            pipeline.WriteObject(instance);
    }
}
