using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Backups;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Puts a stack, or some of its instances, back to a checkpoint; or makes one from a backup.</summary>
[Cmdlet(VerbsData.Restore, "IncusStack", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = NameSet)]
[OutputType(typeof(RestoreStepResult), ParameterSetName = [NameSet, InputObjectSet])]
[OutputType(typeof(StackCopyResult), ParameterSetName = [FromSet])]
public sealed partial class RestoreIncusStackCommand : ServerCmdlet
{
    private const string NameSet = "Name";
    private const string InputObjectSet = "InputObject";

    /// <summary>The stack: its name, or an object of Get-IncusStack or Import-IncusStack. No file is needed.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity? Name { get; set; }

    /// <summary>A checkpoint of Get-IncusStackCheckpoint.</summary>
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackCheckpoint? InputObject { get; set; }

    /// <summary>The checkpoint's name.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckpointCompleter))]
    public string Checkpoint { get; set; } = "";

    /// <summary>
    /// Restore only these instances of the checkpoint, wildcards allowed, with the volumes that only they use. A definition
    /// with replicas stands for all of them. Without it: the whole stack.
    /// </summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public string[] Instance { get; set; } = [];

    /// <summary>Delete what the stack made since; volumes only with RemoveVolumes.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter Prune { get; set; }

    /// <summary>Let Prune delete volumes, with their data.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter RemoveVolumes { get; set; }

    /// <summary>Most resources at work at one time.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = CheckpointOptions.DefaultThrottleLimit;

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (RemoveVolumes && !Prune)
            throw CmdletErrors.Needs(nameof(RemoveVolumes), nameof(Prune), "only pruning deletes anything");
        if (Prune && Instance.Length > 0)
            throw CmdletErrors.Excludes(nameof(Prune), nameof(Instance), "only the whole stack can be pruned");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (InputObject is { } checkpoint)
        {
            var connection = await ConnectAsync(checkpoint.Server.Length > 0 ? checkpoint.Server : null, checkpoint.Project, cancellationToken).ConfigureAwait(false);
            await RestoreAsync(pipeline, connection, checkpoint.Stack, checkpoint.Name, checkpoint, cancellationToken).ConfigureAwait(false);
        }
        else if (Name is { } identity)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            await RestoreAsync(pipeline, connection, identity.Name, Checkpoint, identity.Original, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await RestoreBackupAsync(pipeline, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RestoreAsync(
        Pipeline pipeline, ServerConnection connection, string stack, string name, object target, CancellationToken cancellationToken)
    {
        var options = new RestoreOptions { Instances = Instance, Prune = Prune, RemoveVolumes = RemoveVolumes, ThrottleLimit = ThrottleLimit };
        try
        {
            // As it is now: what came along the pipeline may have been removed meanwhile.
            if (await FindAsync(pipeline, connection, stack, name, target, cancellationToken).ConfigureAwait(false) is not { } checkpoint)
                return;
            if (InstancePatterns.Any(Instance))
            {
                options = options with { Instances = InstancePatterns.Expand(Instance, checkpoint.Instances) };
                // To name nothing would be to name all.
                if (options.Instances.Count == 0)
                    return;
            }

            var plan = await Session.Engine.CompareCheckpointAsync(connection.Client, checkpoint, options, cancellationToken).ConfigureAwait(false);
            foreach (var added in plan.Added)
                pipeline.WriteWarning($"{added} was made since the checkpoint and stays; -Prune deletes it.");
            foreach (var shared in plan.Shared)
                pipeline.WriteWarning($"{shared} stays as it is, since other instances use it too.");
            var what = string.Join(
                Environment.NewLine + "        ",
                [$"Put stack {stack} back to checkpoint {name} (project {connection.Project} on {connection.Server})", .. plan.Steps.Select(step => step.ToString())]);
            if (!plan.IsRefused && !await pipeline.ShouldProcessAsync(what, what + Environment.NewLine, "Restore-IncusStack").ConfigureAwait(false))
                return;
            using var progress = new CheckpointProgress(pipeline, $"Restoring stack {stack}");
            var result = await Session.Engine.RestoreCheckpointAsync(connection.Client, plan, options, progress, cancellationToken).ConfigureAwait(false);
            foreach (var step in result.Steps)
                pipeline.WriteObject(step);
            foreach (var failed in result.Steps.Where(step => step.Outcome is ChangeOutcome.Failed or ChangeOutcome.Skipped))
                pipeline.WriteError(CmdletErrors.RestoreFailed(failed));
        }
        catch (CheckpointException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, target));
        }
    }

    /// <summary>The checkpoint; null where there is none, which is told.</summary>
    private async Task<StackCheckpoint?> FindAsync(
        Pipeline pipeline, ServerConnection connection, string stack, string name, object target, CancellationToken cancellationToken)
    {
        try
        {
            return await Session.Engine.GetCheckpointAsync(connection.Client, stack, name, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointException exception)
        {
            pipeline.WriteError(CmdletErrors.CheckpointNotFound(exception, target));
            return null;
        }
    }
}
