using System.CommandLine;
using IncusCompose.Applying;
using IncusCompose.Cli.Rendering;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary><c>up</c>: make the server as the file says.</summary>
internal sealed class UpCommand : AskingVerb
{
    private readonly ChangeOptions _options;

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "Wait until every instance is ready, and healthy where it has a health check.",
    };

    private readonly Option<int?> _waitTimeout = new("--wait-timeout")
    {
        Description = "Seconds to wait for each instance; as long as its gates say without it.",
        HelpName = "seconds",
    };

    private readonly Option<bool> _checkpoint = new("--checkpoint")
    {
        Description = "Keep what is there before changing it; where anything fails or does not become ready, put everything back.",
    };

    public UpCommand(Session session, NameCompletion names)
        : base("up", "Create and change what the file describes; show the plan first.", session, "-v")
    {
        AtLeast(_waitTimeout, 1);
        _options = new(names);
        _options.AddTo(this);
        Add(_checkpoint);
        Add(_wait);
        Add(_waitTimeout);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var timeout = invocation.Get(_waitTimeout);
        var wait = invocation.Get(_wait) || timeout is not null;
        var options = _options.Read(invocation) with { WithImageHealth = wait };
        var stack = invocation.Load([.. options.Update, .. options.Scale.Keys], cancellationToken);
        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        var plan = await invocation.Engine.CompareAsync(client, stack, options, cancellationToken);
        var applying = new ApplyOptions
        {
            Wait = wait,
            Checkpoint = invocation.Get(_checkpoint),
            WaitTimeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        return await ApplyAsync(invocation, client, plan, applying, Question(invocation, plan), cancellationToken);
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
