using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shuts instances down, or kills them. One that is stopped already is left alone.</summary>
[Cmdlet(VerbsLifecycle.Stop, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class StopIncusInstanceCommand : InstanceShutdownCmdlet
{
    /// <inheritdoc/>
    private protected override string Activity => "Stopping";

    /// <inheritdoc/>
    private protected override string Action => Force ? "Kill" : "Stop";

    /// <inheritdoc/>
    private protected override bool IsNeeded(Pipeline pipeline, InstanceTarget target)
    {
        if (target.Instance.StatusCode is not StatusCode.Stopped)
            return true;
        pipeline.WriteVerbose($"Instance {target} is stopped already.");
        return false;
    }

    /// <inheritdoc/>
    private protected override Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken) =>
        target.Api.StopAsync(target.Name, Timeout, Force, cancellationToken).CompleteAsync(cancellationToken: cancellationToken);
}
