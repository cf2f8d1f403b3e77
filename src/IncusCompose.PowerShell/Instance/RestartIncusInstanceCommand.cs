using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Restarts instances. One that is stopped is started.</summary>
[Cmdlet(VerbsLifecycle.Restart, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class RestartIncusInstanceCommand : InstanceStateCmdlet
{
    /// <summary>How long an instance may take to shut down before the command gives up on it; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Kill instead of asking to shut down.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

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
