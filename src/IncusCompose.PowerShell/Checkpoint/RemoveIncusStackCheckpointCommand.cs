using System.Management.Automation;
using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Deletes checkpoints: by name, or those that are too many or too old. The stack itself stays as it is.</summary>
[Cmdlet(VerbsCommon.Remove, "IncusStackCheckpoint", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = NameSet)]
[OutputType(typeof(void))]
public sealed class RemoveIncusStackCheckpointCommand : ServerCmdlet
{
    private const string NameSet = "Name";
    private const string RetentionSet = "Retention";
    private const string AgeSet = "Age";
    private const string InputObjectSet = "InputObject";

    /// <summary>A checkpoint of Get-IncusStackCheckpoint.</summary>
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackCheckpoint? InputObject { get; set; }

    /// <summary>The stack: its name, or an object of Get-IncusStack or Import-IncusStack.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0)]
    [Parameter(ParameterSetName = RetentionSet, Mandatory = true, Position = 0)]
    [Parameter(ParameterSetName = AgeSet, Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity? Stack { get; set; }

    /// <summary>Names of checkpoints, wildcards allowed.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CheckpointCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Delete all but the newest so many; with OlderThan too, only those that both rules let go. The live one stays.</summary>
    [Parameter(ParameterSetName = RetentionSet, Mandatory = true)]
    [ValidateRange(0, int.MaxValue)]
    public int? KeepLast { get; set; }

    /// <summary>Delete those that are older, such as (New-TimeSpan -Days 30); a number is seconds. The live one stays.</summary>
    [Parameter(ParameterSetName = RetentionSet)]
    [Parameter(ParameterSetName = AgeSet, Mandatory = true)]
    [Seconds]
    public TimeSpan? OlderThan { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (InputObject is { } piped)
        {
            var own = await ConnectAsync(piped.Server.Length > 0 ? piped.Server : null, piped.Project, cancellationToken).ConfigureAwait(false);
            await RemoveAsync(pipeline, own, piped, cancellationToken).ConfigureAwait(false);
            return;
        }

        var connection = await ConnectAsync(Stack!.Server, Stack.Project, cancellationToken).ConfigureAwait(false);
        var all = await CheckpointLookup.ListAsync(Session.Engine, connection, Stack, cancellationToken).ConfigureAwait(false);
        if (Name.Length == 0)
        {
            foreach (var checkpoint in new CheckpointRetention { KeepLast = KeepLast, OlderThan = OlderThan }.Select(all, DateTimeOffset.UtcNow))
                await RemoveAsync(pipeline, connection, checkpoint, cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (var (checkpoints, missing) in CheckpointLookup.Match(all, Name))
        {
            foreach (var checkpoint in checkpoints)
                await RemoveAsync(pipeline, connection, checkpoint, cancellationToken).ConfigureAwait(false);
            if (missing is not null)
                pipeline.WriteError(CmdletErrors.CheckpointNotFound(CheckpointException.NotFound(Stack.Name, missing, all), missing));
        }
    }

    private async Task RemoveAsync(Pipeline pipeline, ServerConnection connection, StackCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var what = $"Remove checkpoint {checkpoint.Name} of stack {checkpoint.Stack} (project {connection.Project} on {connection.Server})";
        if (!await pipeline.ShouldProcessAsync(what, what + "?", "Remove-IncusStackCheckpoint").ConfigureAwait(false))
            return;
        using var progress = new CheckpointProgress(pipeline, $"Removing checkpoint {checkpoint.Name}");
        try
        {
            await Session.Engine.RemoveCheckpointAsync(connection.Client, checkpoint, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException exception) when (exception is not IncusUnreachableException)
        {
            pipeline.WriteError(CmdletErrors.From(exception, checkpoint));
        }
    }
}
