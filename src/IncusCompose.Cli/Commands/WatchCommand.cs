using System.CommandLine;
using IncusCompose.Operating;
using IncusCompose.Watching;

namespace IncusCompose.Cli.Commands;

/// <summary><c>watch</c>: a stack's instances as they change, until Ctrl+C; with <c>--repair</c> it mends what is broken.</summary>
internal sealed class WatchCommand : Verb
{
    private readonly Argument<string?> _stack = new("stack")
    {
        Description = "Name of the stack. Default: the file's.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _repair = new("--repair")
    {
        Description = "Restart what is unhealthy; with a file, apply it again where an instance drifted, stopped or is gone.",
    };

    private readonly Option<int> _restarts = new("--max-restarts")
    {
        Description = "How often an instance is restarted that does not become healthy in between.",
        HelpName = "count",
        DefaultValueFactory = _ => new WatchOptions().MostRestarts,
    };

    private readonly Option<int> _backOff = new("--back-off")
    {
        Description = "Seconds between a restart and the next of the same instance; doubled each time.",
        HelpName = "seconds",
        DefaultValueFactory = _ => (int)new WatchOptions().BackOff.TotalSeconds,
    };

    public WatchCommand(Session session, NameCompletion names) : base("watch", "Follow status, health, usage and drift of a stack's instances.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        AtLeast(_restarts, 0);
        AtLeast(_backOff, 0);
        Add(_stack);
        Add(_repair);
        Add(_restarts);
        Add(_backOff);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var named = invocation.StackName(_stack);
        var definition = named is null ? invocation.Load(cancellationToken) : null;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var options = new WatchOptions
        {
            Repair = invocation.Get(_repair),
            MostRestarts = invocation.Get(_restarts),
            BackOff = TimeSpan.FromSeconds(invocation.Get(_backOff)),
        };
        // What is being repaired at the time is worth a word.
        Session.Terminal.EndsByInterrupt = !options.Repair;
        try
        {
            await invocation.Engine.GetInstancesAsync(client, named ?? definition!.Name, null, cancellationToken);
        }
        catch (StackNotFoundException) when (definition is not null)
        {
            // One that is not there at all is a mistake; one of a file may come yet.
            if (!invocation.Quiet)
                Session.Terminal.Note($"stack {definition.Name} is not on the server yet; waiting for it");
        }

        using var display = invocation.Output.BeginWatch();
        try
        {
            await foreach (var status in invocation.Engine.WatchAsync(client, named ?? definition!.Name, definition, options, cancellationToken))
            {
                display.Show(status);
                // Whoever read it has seen enough.
                if (Session.Terminal.IsUnheard)
                    break;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl+C is how a watch ends.
        }
        return ExitCode.Success;
    }
}
