using System.CommandLine;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>checkpoint list</c>: the checkpoints as a tree, each below the one that it was taken from.</summary>
internal sealed class CheckpointListCommand : Verb
{
    private readonly Argument<string?> _stack = new("stack")
    {
        Description = "Name of the stack. Default: the file's; without a file every stack of the project.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public CheckpointListCommand(Session session, NameCompletion names) : base("list", "List checkpoints as a tree; * is the one that the stack stands on.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        Add(_stack);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var named = invocation.StackName(_stack);
        var definition = named is null ? invocation.LoadIfPresent(cancellationToken) : null;
        named ??= invocation.Name;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var found = await invocation.Engine.GetCheckpointsAsync(client, named ?? definition?.Name, cancellationToken);
        if (found.Count == 0 && named is not null)
            await invocation.RequireStackAsync(client, named, cancellationToken);
        invocation.Output.ShowCheckpoints([.. found.Select(CheckpointDocument.From)]);
        return ExitCode.Success;
    }
}
