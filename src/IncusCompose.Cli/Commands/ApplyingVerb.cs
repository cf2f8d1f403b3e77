using System.CommandLine;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Cli.Commands;

/// <summary>What the verbs that carry a plan out have in common.</summary>
internal abstract class ApplyingVerb : Verb
{
    private readonly Option<int> _parallel = new("--parallel", "--throttle-limit")
    {
        Description = "Most changes at work at one time.",
        HelpName = "count",
        DefaultValueFactory = _ => ApplyOptions.DefaultThrottleLimit,
    };

    private readonly Option<int?> _timeout = new("--timeout", "-t")
    {
        Description = "Seconds that an instance may take to stop before it is stopped by force; without it, what the instance says itself, else 30.",
        HelpName = "seconds",
    };

    private readonly Option<bool> _verbose;

    protected ApplyingVerb(string name, string description, Session session, bool stops = true, params string[] verbose) : base(name, description, session)
    {
        _verbose = HookOptions.Verbose(verbose);
        AtLeast(_parallel, 1);
        AtLeast(_timeout, 0);
        Add(_parallel);
        if (stops)
            Add(_timeout);
        Add(_verbose);
    }

    /// <summary>How to apply a plan, with what the options say.</summary>
    protected ApplyOptions Read(Invocation invocation, ApplyOptions options) => options with
    {
        ThrottleLimit = invocation.Get(_parallel),
        StopTimeout = invocation.Get(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    /// <summary>Applies a plan that was shown, and shows what became of it.</summary>
    /// <param name="invocation">The use of the verb.</param>
    /// <param name="client">The server.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How to apply it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The exit code.</returns>
    protected async Task<int> CarryOutAsync(
        Invocation invocation, IncusClient client, StackPlan plan, ApplyOptions options, CancellationToken cancellationToken)
    {
        ApplyResult result;
        await using (var progress = invocation.Output.BeginProgress(plan, invocation.Get(_verbose)))
            result = await invocation.Engine.ApplyAsync(client, plan, options, progress, cancellationToken);
        invocation.Output.ShowResult(result);
        return result.Succeeded ? ExitCode.Success
            : cancellationToken.IsCancellationRequested ? ExitCode.Cancelled
            : result.Transaction is { IsWhole: true, Outcome: TransactionOutcome.RolledBack } ? ExitCode.RolledBack
            : ExitCode.Failure;
    }
}
