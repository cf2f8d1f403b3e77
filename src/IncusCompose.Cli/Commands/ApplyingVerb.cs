using System.CommandLine;
using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Cli.Rendering;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary>What the verbs that apply a plan have in common.</summary>
internal abstract class ApplyingVerb : Verb
{
    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Do not ask for confirmation.",
    };

    private readonly Option<int> _parallel = new("--parallel", "--throttle-limit")
    {
        Description = "Most changes at work at one time.",
        HelpName = "count",
        DefaultValueFactory = _ => ApplyOptions.DefaultThrottleLimit,
    };

    private readonly Option<int> _timeout = new("--timeout", "-t")
    {
        Description = "Seconds that an instance may take to stop before it is stopped by force.",
        HelpName = "seconds",
        DefaultValueFactory = _ => (int)new ApplyOptions().StopTimeout.TotalSeconds,
    };

    protected ApplyingVerb(string name, string description, Session session) : base(name, description, session)
    {
        AtLeast(_parallel, 1);
        AtLeast(_timeout, 0);
        Add(_yes);
        Add(_parallel);
        Add(_timeout);
    }

    /// <summary>Shows the plan, asks where something would be destroyed, applies it, and shows what became of it.</summary>
    /// <param name="invocation">The use of the verb.</param>
    /// <param name="client">The server.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="question">What to ask before it is applied; null where nobody needs to be asked.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The exit code.</returns>
    protected async Task<int> ApplyAsync(
        Invocation invocation, IncusClient client, StackPlan plan, string? question, CancellationToken cancellationToken)
    {
        invocation.Output.ShowPlanToApply(plan);
        if (plan.IsRefused)
            throw new PlanRefusedException([.. plan.Resources.Where(change => change.Refused is not null)]);
        var agreed = invocation.Get(_yes);
        if (question is not null && !await invocation.ConfirmAsync(question, agreed, cancellationToken))
            throw new CommandException("nothing was done");

        var options = new ApplyOptions
        {
            ThrottleLimit = invocation.Get(_parallel),
            StopTimeout = TimeSpan.FromSeconds(invocation.Get(_timeout)),
            // What a person agreed to is what happens, or nothing.
            Exact = question is not null && !agreed,
        };
        ApplyResult result;
        await using (var progress = invocation.Output.BeginProgress(plan))
            result = await invocation.Engine.ApplyAsync(client, plan, options, progress, cancellationToken);
        invocation.Output.ShowResult(result);
        return result.Succeeded ? ExitCode.Success
            : cancellationToken.IsCancellationRequested ? ExitCode.Cancelled
            : ExitCode.Failure;
    }

    private static void AtLeast(Option<int> option, int least) => option.CustomParser = result =>
    {
        if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least)
            return value;
        result.AddError($"{option.Name} must be a whole number of at least {least}.");
        return least;
    };
}
