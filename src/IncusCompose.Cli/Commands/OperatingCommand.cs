using System.CommandLine;
using IncusCompose.Applying;
using IncusCompose.Hooks;
using IncusCompose.Operating;

namespace IncusCompose.Cli.Commands;

/// <summary>
/// <c>start</c>, <c>stop</c>, <c>restart</c>, <c>pause</c>, <c>unpause</c> and <c>kill</c>: do something to the instances
/// of a stack in the order of their dependencies, known from the server. The file only says which stack.
/// </summary>
internal sealed class OperatingCommand : ApplyingVerb
{
    private readonly StackOperation _operation;
    private readonly Argument<string[]> _instances = new("instance")
    {
        Description = "Names of instances. Default: all of the stack.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _allowHostHooks = HookOptions.AllowHost();

    public OperatingCommand(string name, string description, StackOperation operation, Session session, NameCompletion names)
        : base(name, description, session, stops: operation is StackOperation.Stop or StackOperation.Restart)
    {
        _operation = operation;
        _instances.CompletionSources.Add(names.Instances);
        Add(_instances);
        if (operation is StackOperation.Start or StackOperation.Stop or StackOperation.Restart)
            Add(_allowHostHooks);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var plan = await invocation.Engine.PlanOperationAsync(
            stack.Client, stack.Name, _operation, invocation.Get(_instances), invocation.Get(_allowHostHooks) ? new HostHooks() : null, cancellationToken);
        invocation.Output.ShowOperation(plan);
        return await CarryOutAsync(invocation, stack.Client, plan, Read(invocation, new ApplyOptions()), cancellationToken);
    }
}
