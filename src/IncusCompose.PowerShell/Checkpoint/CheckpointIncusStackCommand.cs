using System.Management.Automation;
using IncusCompose.Checkpoints;
using IncusCompose.Hooks;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Takes a checkpoint of a stack: one snapshot of the same name of all its instances and volumes, and the definitions of its networks and profiles.</summary>
[Cmdlet(VerbsData.Checkpoint, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(StackCheckpoint))]
public sealed class CheckpointIncusStackCommand : StackTargetCmdlet
{
    /// <summary>The checkpoint's name. Without it: the time (UTC).</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Checkpoint { get; set; }

    /// <summary>What to note about it.</summary>
    [Parameter]
    public string Description { get; set; } = "";

    /// <summary>Run the pre_checkpoint hooks of all running instances and freeze them until every snapshot is there, so that all are of the same moment; then run post_checkpoint.</summary>
    [Parameter]
    public SwitchParameter Quiesce { get; set; }

    /// <summary>Run the commands that hooks have for this machine; without it no checkpoint is taken where there are some to run. Goes with Quiesce.</summary>
    [Parameter]
    public SwitchParameter AllowHostHooks { get; set; }

    /// <summary>Keep no copies beside the snapshots: what is deleted later does not come back.</summary>
    [Parameter]
    public SwitchParameter SnapshotsOnly { get; set; }

    /// <summary>Most snapshots and copies at work at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = CheckpointOptions.DefaultThrottleLimit;

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var what = $"Take checkpoint{(Checkpoint is null ? "" : " " + Checkpoint)} of stack {name} (project {connection.Project} on {connection.Server})";
        if (!await pipeline.ShouldProcessAsync(what, what + "?", "Checkpoint-IncusStack").ConfigureAwait(false))
            return;
        var options = new CheckpointOptions
        {
            Name = Checkpoint,
            Description = Description,
            Quiesce = Quiesce,
            HostHooks = AllowHostHooks ? new HostHooks(Folder) : null,
            KeepCopies = !SnapshotsOnly,
            ThrottleLimit = ThrottleLimit,
        };
        using var progress = new CheckpointProgress(pipeline, $"Checkpoint of stack {name}");
        try
        {
            var taken = await Session.Engine.TakeCheckpointAsync(connection.Client, name, options, progress, cancellationToken).ConfigureAwait(false);
            pipeline.WriteObject(taken with { Server = connection.Server });
        }
        catch (CheckpointException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, identity.Original));
        }
    }
}
