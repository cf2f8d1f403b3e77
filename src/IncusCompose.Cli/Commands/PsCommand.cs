using System.CommandLine;
using Incus.Client;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Commands;

/// <summary><c>ps</c>: the instances of a stack, or of every stack of the project, as they are right now.</summary>
internal sealed class PsCommand : Verb
{
    private readonly Argument<string?> _stack = new("stack")
    {
        Description = "Name of the stack. Default: the file's; without a file every stack of the project.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Every instance of the project, those of no stack too.",
    };

    public PsCommand(Session session, NameCompletion names) : base("ps", "List instances with status, addresses and ports.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        Add(_stack);
        Add(_all);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var all = invocation.Get(_all);
        var argument = invocation.StackName(_stack);
        var named = argument ?? invocation.Name;
        if (all && named is not null)
            throw new UsageException("--all lists every stack: leave out the name or --all.");

        var definition = argument is null ? invocation.LoadIfPresent(cancellationToken) : null;
        var stack = all ? null : named ?? definition?.Name;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var instances = await client.Instances.ListAsync(cancellationToken);
        var shown = instances
            .Where(instance => all ? !InstanceFacts.IsKeptCopy(instance) : (stack is null ? InstanceFacts.StackOf(instance) is not null : InstanceFacts.StackOf(instance) == stack))
            .OrderBy(InstanceFacts.StackOf, StringComparer.Ordinal)
            .ThenBy(instance => instance.Name, StringComparer.Ordinal)
            .ToList();
        if (named is not null && shown.Count == 0)
            throw UnknownStack(named, client.Project, instances);

        var states = await Task.WhenAll(shown.Select(instance => StateAsync(client, instance, cancellationToken)));
        invocation.Output.ShowInstances([.. shown.Zip(states, InstanceDocument.From)]);
        return ExitCode.Success;
    }

    /// <summary>
    /// The state of one instance; null where it does not run. One request for each running instance of the stack:
    /// the list with all states costs the server seconds where it has hundreds of instances.
    /// </summary>
    private static async Task<InstanceState?> StateAsync(IncusClient client, Instance instance, CancellationToken cancellationToken)
    {
        if (instance.StatusCode == StatusCode.Stopped)
            return null;
        try
        {
            return await client.Instances.GetStateAsync(instance.Name, cancellationToken);
        }
        catch (IncusNotFoundException)
        {
            // Deleted since the list was read.
            return null;
        }
    }

    private static CommandException UnknownStack(string name, string project, IEnumerable<Instance> instances)
    {
        var stacks = instances.Select(InstanceFacts.StackOf).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        var known = stacks.Count == 0 ? "there is no stack" : $"its stacks: {string.Join(", ", stacks)}";
        return new CommandException($"no instance of a stack \"{name}\" in project {project}; {known}");
    }
}
