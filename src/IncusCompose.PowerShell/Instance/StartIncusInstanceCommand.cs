using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Starts instances, and resumes frozen ones. One that runs already is left alone.</summary>
[Cmdlet(VerbsLifecycle.Start, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class StartIncusInstanceCommand : InstanceStateCmdlet
{
    /// <inheritdoc/>
    private protected override string Activity => "Starting";

    /// <inheritdoc/>
    private protected override string Action => "Start";

    /// <inheritdoc/>
    private protected override bool IsNeeded(Pipeline pipeline, InstanceTarget target)
    {
        if (target.Instance.StatusCode is not (StatusCode.Running or StatusCode.Ready))
            return true;
        pipeline.WriteVerbose($"Instance {target} runs already.");
        return false;
    }

    /// <inheritdoc/>
    private protected override Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken)
    {
        var started = target.Instance.StatusCode is StatusCode.Frozen
            ? target.Api.UnfreezeAsync(target.Name, cancellationToken)
            : target.Api.StartAsync(target.Name, cancellationToken);
        return started.CompleteAsync(cancellationToken: cancellationToken);
    }
}
