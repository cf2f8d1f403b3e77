using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Restarts instances. One that is stopped is started.</summary>
[Cmdlet(VerbsLifecycle.Restart, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class RestartIncusInstanceCommand : InstanceShutdownCmdlet
{
    /// <inheritdoc/>
    private protected override string Activity => "Restarting";

    /// <inheritdoc/>
    private protected override string Action => "Restart";

    /// <inheritdoc/>
    private protected override Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken)
    {
        var restarted = target.Instance.StatusCode is StatusCode.Stopped
            ? target.Api.StartAsync(target.Name, cancellationToken)
            : target.Api.RestartAsync(target.Name, Timeout, Force, cancellationToken);
        return restarted.CompleteAsync(cancellationToken: cancellationToken);
    }
}
