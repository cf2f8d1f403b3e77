using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Resources;
using IncusCompose.Transactions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>
/// Applies a plan as cmdlets do: asks for each change in order before anything is done, shows how far it has come,
/// and writes each result when it is there.
/// </summary>
internal sealed class PlanRunner
{
    private readonly Pipeline _pipeline;
    private readonly ComposeEngine _engine;
    private readonly string _caption;
    private readonly bool _isWhatIf;

    /// <summary>Makes a runner.</summary>
    /// <param name="pipeline">Where to ask and to write.</param>
    /// <param name="engine">What applies the plan.</param>
    /// <param name="caption">The title of questions: the cmdlet's name.</param>
    /// <param name="isWhatIf">Whether changes are only told.</param>
    public PlanRunner(Pipeline pipeline, ComposeEngine engine, string caption, bool isWhatIf)
    {
        _pipeline = pipeline;
        _engine = engine;
        _caption = caption;
        _isWhatIf = isWhatIf;
    }

    /// <summary>Asks, applies, and writes the results. Failed changes are non-terminating errors, written when all has ended.</summary>
    /// <param name="connection">The server that the plan was made for.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How to apply it.</param>
    /// <param name="target">What the user gave: the target of an error about the whole plan.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task RunAsync(ServerConnection connection, StackPlan plan, ApplyOptions options, object target, CancellationToken cancellationToken)
    {
        foreach (var warning in plan.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning))
            _pipeline.WriteWarning(ProblemList.Text(warning));
        foreach (var note in plan.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Information))
            _pipeline.WriteVerbose(ProblemList.Text(note));
        foreach (var orphan in plan.Orphans)
            _pipeline.WriteWarning($"{orphan.Id} is no longer in the file; {orphan.Advice}");
        if (plan.IsRefused)
        {
            _pipeline.WriteError(CmdletErrors.From(new PlanRefusedException([.. plan.Resources.Where(change => change.Refused is not null)]), target));
            return;
        }

        var allowed = await AskAsync(plan).ConfigureAwait(false);
        if (plan.HasChanges && !allowed.HasChanges)
            return;

        var progress = new ApplyProgress(_pipeline, allowed, ComposeEngine.IsTransaction(allowed, options));
        try
        {
            var result = await _engine.ApplyAsync(connection.Client, allowed, options, progress, cancellationToken).ConfigureAwait(false);
            foreach (var resource in result.Resources.Where(resource => !progress.HasWritten(resource.Id) && !resource.Change.IsExternal))
                _pipeline.WriteObject(resource);
            // After all the results, so that -ErrorAction Stop ends a pipeline and not work that is half done.
            foreach (var failed in result.Resources.Where(resource => resource.Outcome == ChangeOutcome.Failed))
                _pipeline.WriteError(CmdletErrors.ChangeFailed(failed));
            if (result.Transaction is { } transaction)
                Tell(transaction, result);
        }
        catch (Exception exception) when (exception is PlanOutdatedException or PlanRefusedException or CheckpointException)
        {
            _pipeline.WriteError(CmdletErrors.From(exception, target));
        }
        finally
        {
            progress.Complete();
        }
    }

    /// <summary>Says what became of an apply that kept what was before it.</summary>
    private void Tell(TransactionResult transaction, ApplyResult result)
    {
        switch (transaction.Outcome)
        {
            case TransactionOutcome.RolledBack:
                var what = transaction.IsWhole
                    ? "Everything was put back: the stack is as it was before."
                    : $"Put back as before: {string.Join(", ", transaction.Steps.Where(step => step.Action != RestoreAction.None).Select(step => step.Id.ToString()))}. What else was done stays.";
                _pipeline.WriteWarning($"Stack {result.Stack}: {what}");
                break;
            case TransactionOutcome.RollbackFailed:
                _pipeline.WriteError(CmdletErrors.Own("RollbackFailed", ErrorCategory.InvalidResult, transaction, transaction.Message, null));
                return;
        }

        if (transaction.Message.Length > 0)
            _pipeline.WriteWarning(transaction.Message);
    }

    /// <summary>Asks for each change in order. A change that depends on one that was declined is left out with it.</summary>
    private async Task<StackPlan> AskAsync(StackPlan plan)
    {
        var declined = new HashSet<ResourceId>();
        var asked = new List<ResourceChange>();
        foreach (var change in plan.Resources)
        {
            if (change.Action == ChangeAction.None)
            {
                asked.Add(change);
                continue;
            }

            // Under -WhatIf nothing is made, so that everything would be missing: every change is told.
            if (!_isWhatIf && change.DependsOn.FirstOrDefault(declined.Contains) is { } missing)
            {
                _pipeline.WriteWarning($"{change.Id} is left as it is, since {missing} is.");
            }
            else
            {
                var text = Describe(change);
                if (await _pipeline.ShouldProcessAsync(text, text + Environment.NewLine, _caption).ConfigureAwait(false))
                {
                    asked.Add(change);
                    continue;
                }
            }

            declined.Add(change.Id);
            asked.Add(change with { Action = ChangeAction.None });
        }

        return plan with { Resources = asked };
    }

    /// <summary>What a change is, in the plan's own words.</summary>
    private static string Describe(ResourceChange change) =>
        string.Join(Environment.NewLine + "        ", [PlanText.Headline(change).Trim(), .. change.Properties.Select(property => PlanText.Line(property).TrimEnd())]);
}
