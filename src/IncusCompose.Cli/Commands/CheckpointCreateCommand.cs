using System.CommandLine;
using IncusCompose.Checkpoints;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Hooks;

namespace IncusCompose.Cli.Commands;

/// <summary><c>checkpoint create</c>: one snapshot of the same name of all that the stack owns.</summary>
internal sealed class CheckpointCreateCommand : CheckpointVerb
{
    private readonly Argument<string?> _checkpoint = new("name")
    {
        Description = "Name of the checkpoint. Default: the time (UTC).",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _description = new("--description")
    {
        Description = "What to note about it.",
        HelpName = "text",
    };

    private readonly Option<bool> _quiesce = new("--quiesce")
    {
        Description = "Run pre_checkpoint hooks and freeze all running instances until every snapshot is there.",
    };

    private readonly Option<bool> _allowHostHooks = HookOptions.AllowHost();

    private readonly Option<bool> _snapshotsOnly = new("--snapshots-only")
    {
        Description = "Keep no copies: what is deleted later does not come back.",
    };

    private readonly Option<bool> _verbose = new("--verbose", "-v")
    {
        Description = "Show each step, and what hooks write.",
    };

    public CheckpointCreateCommand(Session session) : base("create", "Take a checkpoint of instances, volumes, networks and profiles.", session)
    {
        Add(_checkpoint);
        Add(_description);
        Add(_quiesce);
        Add(_snapshotsOnly);
        Add(_allowHostHooks);
        Add(_verbose);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var options = new CheckpointOptions
        {
            Name = invocation.Get(_checkpoint),
            Description = invocation.Get(_description) ?? "",
            Quiesce = invocation.Get(_quiesce),
            HostHooks = invocation.Get(_allowHostHooks) ? new HostHooks() : null,
            KeepCopies = !invocation.Get(_snapshotsOnly),
        };
        var taken = await invocation.Engine.TakeCheckpointAsync(
            stack.Client, stack.Name, options, invocation.Get(_verbose) ? invocation.Output.CheckpointSteps : null, cancellationToken);
        invocation.Output.ShowCheckpoint(CheckpointDocument.From(taken));
        return ExitCode.Success;
    }
}
