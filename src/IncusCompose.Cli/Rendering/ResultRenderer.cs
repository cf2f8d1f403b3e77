using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Cli.Rendering;

/// <summary>What became of a plan: the sums for standard output, what went wrong for standard error.</summary>
internal static class ResultRenderer
{
    /// <summary>One line for a change that ended: <c>+ instance/web  created  0.8 s</c>.</summary>
    public static void WriteEnded(ResourceResult result, StyledWriter writer)
    {
        var style = result.Outcome switch
        {
            ChangeOutcome.Failed => Style.Error,
            ChangeOutcome.Skipped or ChangeOutcome.Cancelled => Style.Warning,
            _ => Words.Style(result.Action),
        };
        var symbol = result.Outcome switch
        {
            ChangeOutcome.Failed => "x",
            ChangeOutcome.Skipped or ChangeOutcome.Cancelled => "!",
            _ => Words.Symbol(result.Action),
        };
        writer.Write($"{symbol,3} ", style).Write(result.Id.ToString()).Write($"  {Words.Outcome(result)}", style);
        if (result.Outcome is ChangeOutcome.Done or ChangeOutcome.Failed)
            writer.Write($"  {Words.Duration(result.Duration)}", Style.Faint);
        if (result.Outcome is ChangeOutcome.Skipped or ChangeOutcome.Cancelled && result.Message is { Length: > 0 } why)
            writer.Write($"  {StyledWriter.Printable(why)}", Style.Faint);
        writer.Line();
    }

    /// <summary>The sums, and what waits for a restart.</summary>
    public static void WriteSums(ApplyResult result, StyledWriter writer)
    {
        var done = result.Resources.Where(r => r.Outcome == ChangeOutcome.Done && r.Action != ChangeAction.None).ToList();
        var parts = new List<string>();
        if (done.Count > 0)
            parts.Add(Words.Count(done.Select(r => r.Action), Words.Done));
        AddOthers(ChangeOutcome.Failed, "failed");
        AddOthers(ChangeOutcome.Skipped, "skipped");
        AddOthers(ChangeOutcome.Cancelled, "cancelled");
        AddOthers(ChangeOutcome.RolledBack, "rolled back");
        if (parts.Count == 0)
            parts.Add("nothing done");
        var unchanged = result.Resources.Count(r => r.Outcome == ChangeOutcome.Unchanged && !r.Change.IsExternal);
        if (unchanged > 0)
            parts.Add($"{unchanged} unchanged");
        writer.Write($"Stack {result.Stack}: ", Style.Heading)
            .Line($"{string.Join(", ", parts)} in {Words.Duration(result.Duration)}.");

        var pending = result.Resources.Where(r => r.PendingRestart).ToList();
        if (pending.Count > 0)
        {
            var named = string.Concat(pending.Where(r => r.Change.IsUpdateManual).Select(r => $" --update {r.Name}"));
            writer.Line($"Waiting for a restart to take effect: {string.Join(", ", pending.Select(r => r.Id))} (up --allow-restart{named} restarts {(pending.Count == 1 ? "it" : "them")}).", Style.Warning);
        }

        void AddOthers(ChangeOutcome outcome, string word)
        {
            if (result.Resources.Count(r => r.Outcome == outcome) is var count and > 0)
                parts.Add($"{count} {word}");
        }
    }

    /// <summary>What failed and why, and how to carry on; nothing where all went well.</summary>
    public static void WriteFailures(ApplyResult result, StyledWriter writer)
    {
        foreach (var failed in result.Resources.Where(r => r.Outcome == ChangeOutcome.Failed))
        {
            var why = failed.Message ?? failed.Error?.Message ?? "no reason given";
            writer.Write("error: ", Style.Error)
                .Line($"{failed.Id}: {Words.Outcome(failed)}: {ErrorRenderer.Lines(why)}");
        }
        if (result.Transaction is { Message.Length: > 0 } transaction)
            writer.Write(transaction.Outcome == TransactionOutcome.RollbackFailed ? "error: " : "warning: ", Style.Error).Line(ErrorRenderer.Lines(transaction.Message));
        if (!result.Succeeded)
        {
            writer.Line(result.Transaction switch
            {
                { IsWhole: true, Outcome: TransactionOutcome.RolledBack } => "Everything was put back: the stack is as it was before.",
                { Outcome: TransactionOutcome.RolledBack, Steps: var steps } =>
                    $"Put back as before: {string.Join(", ", steps.Where(step => step.Action != RestoreAction.None).Select(step => step.Id.ToString()))}. What else was done stays.",
                { Outcome: TransactionOutcome.RollbackFailed } => "Not everything was put back.",
                _ => "What was done stays; run the same command again to carry on from there.",
            });
        }
    }
}
