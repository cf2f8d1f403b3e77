using System.Management.Automation;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Lists the checkpoints of stacks as trees: each after the one that it was taken from.</summary>
[Cmdlet(VerbsCommon.Get, "IncusStackCheckpoint")]
[OutputType(typeof(StackCheckpoint))]
public sealed class GetIncusStackCheckpointCommand : ServerCmdlet
{
    /// <summary>The stacks: names (wildcards allowed), or objects of Get-IncusStack or Import-IncusStack. Without it: every stack of the project.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity[] Stack { get; set; } = [new("*")];

    /// <summary>Names of checkpoints, wildcards allowed. Without it: all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CheckpointCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in Stack)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            var all = await CheckpointLookup.ListAsync(Session.Engine, connection, identity, cancellationToken).ConfigureAwait(false);
            foreach (var (checkpoints, missing) in CheckpointLookup.Match(all, Name))
            {
                foreach (var checkpoint in checkpoints)
                    pipeline.WriteObject(checkpoint);
                if (missing is not null)
                    pipeline.WriteError(CmdletErrors.CheckpointNotFound(CheckpointException.NotFound(identity.Name, missing, all), missing));
            }
        }
    }
}
