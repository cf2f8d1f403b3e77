using System.Management.Automation;
using Incus.Client;
using IncusCompose.Persistence;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>
/// Deletes instances with their root disks and snapshots. What outlives them stays, unless it is to go too. One that is not
/// there is no error.
/// </summary>
[Cmdlet(VerbsCommon.Remove, "IncusInstance", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = KeepDataSet)]
public sealed class RemoveIncusInstanceCommand : InstanceActionCmdlet
{
    private const string KeepDataSet = "KeepData";
    private const string RemoveDataSet = "RemoveData";

    /// <summary>Kill an instance that runs; without it a running instance is an error.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Leave volumes, and the host's folders that the instances keep, as they are. That is so without it too.</summary>
    [Parameter(ParameterSetName = KeepDataSet)]
    public SwitchParameter KeepData { get; set; }

    /// <summary>Delete the volumes, and the host's folders that the instances keep, with all that is in them.</summary>
    [Parameter(ParameterSetName = RemoveDataSet, Mandatory = true)]
    public SwitchParameter RemoveData { get; set; }

    /// <inheritdoc/>
    private protected override string Activity => "Removing";

    /// <inheritdoc/>
    private protected override string Action => "Remove";

    /// <inheritdoc/>
    private protected override Task<IReadOnlyList<Instance>> FindAsync(
        Pipeline pipeline, ServerConnection connection, InstanceIdentity identity, CancellationToken cancellationToken) =>
        InstanceLookup.FindAsync(
            connection, identity,
            _ => pipeline.WriteVerbose($"There is no instance {identity.Name} (project {connection.Project} on {connection.Server}): nothing to remove."), cancellationToken);

    /// <inheritdoc/>
    private protected override string Consequence(InstanceTarget target) =>
        RemoveData && InstanceData.Of(target.Instance) is { IsEmpty: false } data ? $" with its data: {data}" : "";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken)
    {
        try
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

            await target.Api.DeleteAsync(target.Name, cancellationToken).CompleteAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            // An ephemeral instance is gone when it has stopped; or somebody else was faster.
        }

        if (RemoveData)
        {
            foreach (var removal in await Session.Engine.RemoveDataAsync(target.Connection.Client, target.Instance, cancellationToken).ConfigureAwait(false))
            {
                if (removal.WhyKept is { } why)
                    pipeline.WriteWarning($"Of instance {target.Name} the {removal.What} stays: {why}.");
                else
                    pipeline.WriteVerbose($"Removed the {removal.What}.");
            }
        }
        else if (InstanceData.Of(target.Instance) is { IsEmpty: false } data)
        {
            pipeline.WriteVerbose($"Kept {data}.");
        }
    }
}
