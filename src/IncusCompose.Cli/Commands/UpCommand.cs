using IncusCompose.Cli.Rendering;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary><c>up</c>: make the server as the file says.</summary>
internal sealed class UpCommand : ApplyingVerb
{
    private readonly ChangeOptions _options = new();

    public UpCommand(Session session)
        : base("up", "Create and change what the file describes; show the plan first.", session) => _options.AddTo(this);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = _options.Read(invocation);
        var stack = invocation.Load(cancellationToken);
        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        var plan = await invocation.Engine.CompareAsync(client, stack, options, cancellationToken);
        return await ApplyAsync(invocation, client, plan, Question(invocation, plan), cancellationToken);
    }

    /// <summary>
    /// What destroys was allowed by its own word on the command line already: a person at a terminal is asked once more,
    /// a script is not.
    /// </summary>
    private static string? Question(Invocation invocation, StackPlan plan)
    {
        var destroyed = plan.Changes.Where(change => Words.Destroys(change.Action)).ToList();
        return destroyed.Count == 0 || !invocation.CanAsk
            ? null
            : $"This will {Words.Count(destroyed.Select(change => change.Action), Words.Verb)}. Go ahead?";
    }
}
