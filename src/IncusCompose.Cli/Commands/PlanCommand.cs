namespace IncusCompose.Cli.Commands;

/// <summary><c>plan</c>: what <c>up</c> would do, and nothing done. Exit code 2 where there is something to do.</summary>
internal sealed class PlanCommand : Verb
{
    private readonly ChangeOptions _options;

    public PlanCommand(Session session, NameCompletion names)
        : base("plan", "Show what up would change: exit code 0 nothing, 2 something, 1 error.", session)
    {
        _options = new(names);
        _options.AddTo(this);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = _options.Read(invocation);
        var stack = invocation.Load([.. options.Update, .. options.Scale.Keys], cancellationToken);
        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        var plan = await invocation.Engine.CompareAsync(client, stack, options, cancellationToken);
        invocation.Output.ShowPlan(plan);
        return plan.HasChanges || plan.IsRefused ? ExitCode.Changes : ExitCode.Success;
    }
}
