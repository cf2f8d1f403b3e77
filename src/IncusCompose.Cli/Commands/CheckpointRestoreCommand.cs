using System.CommandLine;
using IncusCompose.Checkpoints;

namespace IncusCompose.Cli.Commands;

/// <summary><c>checkpoint restore</c>: the stack, or some of its instances, as they were.</summary>
internal sealed class CheckpointRestoreCommand : CheckpointVerb
{
    private readonly Argument<string> _checkpoint = new("name")
    {
        Description = "Name of the checkpoint.",
    };

    private readonly Option<string[]> _instances = new("--instance", "-i")
    {
        Description = "Restore only this instance, or all replicas of this definition, with the volumes that only they use; may be given several times.",
        HelpName = "name",
    };

    private readonly Option<bool> _prune = new("--prune")
    {
        Description = "Delete what the stack made since (volumes only with --remove-volumes).",
    };

    private readonly Option<bool> _removeVolumes = new("--remove-volumes")
    {
        Description = "With --prune: delete volumes too, with their data.",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Say what would be done, and do nothing.",
    };

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Do not ask for confirmation.",
    };

    public CheckpointRestoreCommand(Session session, NameCompletion names) : base("restore", "Put a stack back to a checkpoint; what happened since is lost.", session)
    {
        _checkpoint.CompletionSources.Add(names.Checkpoints);
        _instances.CompletionSources.Add(names.Instances);
        Add(_checkpoint);
        Add(_instances);
        Add(_prune);
        Add(_removeVolumes);
        Add(_dryRun);
        Add(_yes);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = new RestoreOptions
        {
            Instances = invocation.Get(_instances) ?? [],
            Prune = invocation.Get(_prune),
            RemoveVolumes = invocation.Get(_removeVolumes),
        };
        if (options is { RemoveVolumes: true, Prune: false })
            throw new UsageException("--remove-volumes says what --prune may delete: use both.");
        if (options is { Prune: true, Instances.Count: > 0 })
            throw new UsageException("--prune goes with the whole stack: leave out --instance or --prune.");
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var name = invocation.Get(_checkpoint)!;
        var checkpoint = await invocation.Engine.GetCheckpointAsync(stack.Client, stack.Name, name, cancellationToken);
        var plan = await invocation.Engine.CompareCheckpointAsync(stack.Client, checkpoint, options, cancellationToken);
        invocation.Output.ShowRestorePlan(plan);
        if (invocation.Get(_dryRun))
            return ExitCode.Success;
        // What is refused is an error before anybody is asked.
        if (!plan.IsRefused
            && !await invocation.ConfirmAsync($"Put stack {stack.Name} back to checkpoint {name}? What happened since is lost.", invocation.Get(_yes), cancellationToken))
            throw new CommandException("nothing was done");
        var result = await invocation.Engine.RestoreCheckpointAsync(stack.Client, plan, options, progress: null, cancellationToken);
        invocation.Output.ShowRestoreResult(result);
        return result.Succeeded ? ExitCode.Success
            : cancellationToken.IsCancellationRequested ? ExitCode.Cancelled
            : ExitCode.Failure;
    }
}
