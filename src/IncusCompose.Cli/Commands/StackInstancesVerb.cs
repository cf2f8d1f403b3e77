using System.CommandLine;
using Incus.Client;

namespace IncusCompose.Cli.Commands;

/// <summary>What the verbs that show something of a stack's instances have in common: which stack, and which of its instances.</summary>
internal abstract class StackInstancesVerb : Verb
{
    protected Argument<string[]> Instances { get; } = new("instance")
    {
        Description = "Names of instances. Default: all of the stack.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    protected StackInstancesVerb(string name, string description, Session session, NameCompletion names) : base(name, description, session)
    {
        Instances.CompletionSources.Add(names.Instances);
        Add(Instances);
    }

    protected sealed override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var instances = await invocation.Engine.GetInstancesAsync(stack.Client, stack.Name, invocation.Get(Instances), cancellationToken);
        return await ShowAsync(invocation, stack, instances, cancellationToken);
    }

    /// <summary>Shows what there is to show.</summary>
    protected abstract Task<int> ShowAsync(Invocation invocation, OpenStack stack, IReadOnlyList<Instance> instances, CancellationToken cancellationToken);
}
