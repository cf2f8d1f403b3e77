using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Deletes instances with their root disks and snapshots. Custom volumes stay.</summary>
[Cmdlet(VerbsCommon.Remove, "IncusInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class RemoveIncusInstanceCommand : InstanceActionCmdlet
{
    /// <summary>Kill an instance that runs; without it a running instance is an error.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override string Activity => "Removing";

    /// <inheritdoc/>
    private protected override string Action => "Remove";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken)
    {
        if (target.Instance.StatusCode is not (StatusCode.Stopped or StatusCode.Error))
        {
            if (!Force)
                throw new CmdletException(CmdletErrors.Own(
                    "InstanceRunning", ErrorCategory.ResourceBusy, target.Original,
                    $"Instance {target} is {target.Instance.Status.ToLowerInvariant()}, not stopped.",
                    "Stop it first with Stop-IncusInstance, or use -Force to kill it."));
            await target.Api.StopAsync(target.Name, null, force: true, cancellationToken).CompleteAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        try
        {
            await target.Api.DeleteAsync(target.Name, cancellationToken).CompleteAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            // An ephemeral instance is gone when it has stopped.
        }
    }
}
