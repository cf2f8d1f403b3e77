using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Takes stacks down: instances, networks and profiles always; volumes, images and pools only when told to.</summary>
[Cmdlet(VerbsCommon.Remove, "IncusStack", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class RemoveIncusStackCommand : StackTargetCmdlet
{
    /// <summary>Delete the stack's volumes too, with their data.</summary>
    [Parameter]
    public SwitchParameter RemoveVolumes { get; set; }

    /// <summary>Delete the images that the stack brought to the server and that nothing else uses.</summary>
    [Parameter]
    public SwitchParameter RemoveImages { get; set; }

    /// <summary>Delete the stack's storage pools too; needs RemoveVolumes.</summary>
    [Parameter]
    public SwitchParameter RemovePools { get; set; }

    /// <summary>Run the commands that hooks have for this machine; without it a stack that has some is not taken down.</summary>
    [Parameter]
    public SwitchParameter AllowHostHooks { get; set; }

    /// <summary>Run no hooks: the way out where one of them fails.</summary>
    [Parameter]
    public SwitchParameter SkipHooks { get; set; }

    /// <summary>Most changes at work at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = ApplyOptions.DefaultThrottleLimit;

    /// <summary>How long an instance may take to stop by itself before it is stopped by force; a number is seconds. Without it: as long as the instance says itself (stop_grace_period), else 30 seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? StopTimeout { get; set; }

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        RemovePools && !RemoveVolumes
            ? throw CmdletErrors.Needs(nameof(RemovePools), nameof(RemoveVolumes), "a pool goes with the volumes in it")
            : Task.CompletedTask;

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var removal = new RemovalOptions
        {
            RemoveVolumes = RemoveVolumes,
            RemoveImages = RemoveImages,
            RemovePools = RemovePools,
            AllowHostHooks = AllowHostHooks,
            SkipHooks = SkipHooks,
            HostFolder = Folder,
        };
        var plan = await Session.Engine.CompareRemovalAsync(connection.Client, name, removal, cancellationToken).ConfigureAwait(false);
        if (plan.Resources.Count == 0)
        {
            pipeline.WriteWarning($"There is nothing of stack '{name}' in project {connection.Project} on {connection.Server}.");
            return;
        }

        var options = new ApplyOptions { ThrottleLimit = ThrottleLimit, StopTimeout = StopTimeout };
        await new PlanRunner(pipeline, Session.Engine, "Remove-IncusStack", IsWhatIf)
            .RunAsync(connection, plan with { Server = connection.Server }, options, identity.Original, cancellationToken).ConfigureAwait(false);
    }
}
