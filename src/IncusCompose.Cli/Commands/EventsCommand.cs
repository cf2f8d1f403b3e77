using System.CommandLine;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>events</c>: what happens to the instances of a stack, as it happens.</summary>
internal sealed class EventsCommand : Verb
{
    private readonly Argument<string[]> _instances = new("instance")
    {
        Description = "Names of instances. Default: all of the stack, those that are made meanwhile too.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public EventsCommand(Session session, NameCompletion names) : base("events", "Show what happens to instances, until cancelled.", session)
    {
        _instances.CompletionSources.Add(names.Instances);
        Add(_instances);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        Session.Terminal.EndsByInterrupt = true;
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var output = Session.Terminal.Out;
        await foreach (var happened in invocation.Engine.ReadEventsAsync(stack.Client, stack.Name, invocation.Get(_instances), cancellationToken))
        {
            if (invocation.Json)
                JsonLines.Write(output.Inner, StackEventDocument.From(happened), JsonDocuments.Lines.StackEventDocument);
            else
                output.Write($"{happened.Time.ToLocalTime():yyyy-MM-ddTHH:mm:ss.fffzzz} ", Style.Faint).Line($"{happened.Instance} {happened.Action}").Flush();
            if (Session.Terminal.IsUnheard)
                break;
        }

        return ExitCode.Success;
    }
}
