using System.CommandLine;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary>What the verbs that apply a stack or take it down have in common: they show the plan, and ask where something would be destroyed.</summary>
internal abstract class AskingVerb : ApplyingVerb
{
    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Do not ask for confirmation.",
    };

    protected AskingVerb(string name, string description, Session session, params string[] verbose) : base(name, description, session, verbose: verbose) => Add(_yes);

    /// <summary>Shows the plan, asks where something would be destroyed, applies it, and shows what became of it.</summary>
    /// <param name="invocation">The use of the verb.</param>
    /// <param name="client">The server.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How to apply it, beyond what all these verbs have options for.</param>
    /// <param name="question">What to ask before it is applied; null where nobody needs to be asked.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The exit code.</returns>
    protected async Task<int> ApplyAsync(
        Invocation invocation, IncusClient client, StackPlan plan, ApplyOptions options, string? question, CancellationToken cancellationToken)
    {
        invocation.Output.ShowPlanToApply(plan);
        if (plan.IsRefused)
            throw new PlanRefusedException([.. plan.Resources.Where(change => change.Refused is not null)]);
        var agreed = invocation.Get(_yes);
        if (question is not null && !await invocation.ConfirmAsync(question, agreed, cancellationToken))
            throw new CommandException("nothing was done");
        // What a person agreed to is what happens, or nothing.
        return await CarryOutAsync(invocation, client, plan, Read(invocation, options) with { Exact = question is not null && !agreed }, cancellationToken);
    }
}
