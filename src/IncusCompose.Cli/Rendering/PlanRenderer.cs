using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>A plan as text for people: one block for each resource with something to say, then the sums.</summary>
internal static class PlanRenderer
{
    /// <summary>Writes the plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="detailed">
    /// True for everything: the properties of what is created or deleted, those that are left alone, and the record of
    /// those that already were so. False for what a person needs to see go by.
    /// </param>
    public static void Write(StackPlan plan, StyledWriter writer, bool detailed)
    {
        writer.Write($"Stack {plan.Stack}", Style.Heading);
        writer.Line(plan.Server.Length == 0
            ? $", project {plan.Project}"
            : $" on {StyledWriter.Printable(plan.Server)}, project {plan.Project}");

        // What a plan to take down leaves alone is worth a line; in the plan of a file only changes are.
        var removal = plan.IsRemoval;
        var shown = plan.Resources.Where(change => removal || IsShown(change, detailed)).ToList();
        if (shown.Count > 0)
            writer.Line();
        foreach (var change in shown)
            Write(change, writer, detailed);

        foreach (var orphan in plan.Orphans)
        {
            writer.Write("  ? ", Style.Warning).Write(orphan.Id.ToString());
            writer.Line($"  is no longer in the file, left alone: {StyledWriter.Printable(orphan.Advice)}", Style.Faint);
        }
        foreach (var diagnostic in plan.Diagnostics)
            writer.Line($"  {StyledWriter.Printable(diagnostic.ToString())}", diagnostic.Severity == DiagnosticSeverity.Information ? Style.Faint : Style.Warning);
        if (shown.Count + plan.Orphans.Count + plan.Diagnostics.Count > 0)
            writer.Line();
        WriteSums(plan, writer);
    }

    /// <summary>One line for a resource that is about to be destroyed or changed: <c>- instance/web  delete</c>.</summary>
    public static void WriteHead(ResourceChange change, StyledWriter writer)
    {
        writer.Write($"{Words.Symbol(change.Action),3} ", Words.Style(change.Action)).Write(change.Id.ToString(), Style.Heading);
        if (change.Action == ChangeAction.None)
            writer.Write($"  {(change.Reason.Length == 0 ? Words.Done(change.Action) : StyledWriter.Printable(change.Reason))}", Style.Faint);
        else
            writer.Write($"  {Words.Verb(change.Action)}", Words.Style(change.Action));
        if (change is { Starts: true, Restarts: false, Action: ChangeAction.Update or ChangeAction.Rebuild or ChangeAction.Replace })
            writer.Write(", starts", Style.Warning);
        if (change.Restarts && change.Action != ChangeAction.Restart)
            writer.Write(", restarts", Style.Warning);
        if (change.PendingRestart)
            writer.Write(", takes effect at the next restart", Style.Warning);
        if (change.Reason.Length > 0 && change.Action != ChangeAction.None)
            writer.Write($"  ({StyledWriter.Printable(change.Reason)})", Style.Faint);
        writer.Line();
    }

    private static bool IsShown(ResourceChange change, bool detailed) =>
        change.Action != ChangeAction.None
        || change.Refused is not null
        || change.PendingRestart
        || change.IsPostponed
        || detailed && change.Properties.Any(p => p.Difference == PropertyDifference.Unmanaged);

    private static void Write(ResourceChange change, StyledWriter writer, bool detailed)
    {
        WriteHead(change, writer);
        var wholesale = change.Action is ChangeAction.Create or ChangeAction.Delete;
        var properties = change.Properties
            .Where(p => detailed || !wholesale && p.Difference is not (PropertyDifference.Unmanaged or PropertyDifference.Recorded))
            .ToList();
        var width = properties.Count == 0 ? 0 : properties.Max(p => p.Path.Length);
        foreach (var property in properties)
            Write(property, width, writer);
        if (change.Refused is not null)
            writer.Write("      refused: ", Style.Error).Line(StyledWriter.Printable(change.Refused));
    }

    private static void Write(PropertyChange property, int width, StyledWriter writer)
    {
        var (symbol, style) = property switch
        {
            { Difference: PropertyDifference.Unmanaged or PropertyDifference.Recorded } => (" ", Style.Faint),
            { Old: null } => ("+", Style.Added),
            { New: null } => ("-", Style.Removed),
            _ => ("~", Style.Changed),
        };
        writer.Write($"      {symbol} ", style).Write(StyledWriter.Printable(property.Path).PadRight(width), style == Style.Faint ? style : Style.None);

        var block = IsLong(property.Old) || IsLong(property.New);
        if (!block)
            writer.Write("  ").Write(Values(property), style);
        if (Marks(property) is { Length: > 0 } marks)
            writer.Write($"  ({marks})", property.Impact == ChangeImpact.Live ? Style.Faint : Style.Warning);
        writer.Line();
        if (block)
            WriteBlock(property, writer);
    }

    private static string Values(PropertyChange property) => property switch
    {
        { Difference: PropertyDifference.Unmanaged or PropertyDifference.Recorded } => Value(property.Old ?? property.New),
        { Old: null } => Value(property.New),
        { New: null } => Value(property.Old),
        _ => $"{Value(property.Old)} -> {Value(property.New)}",
    };

    private static string Value(string? value) => value switch
    {
        null => "(none)",
        "" => "\"\"",
        _ => StyledWriter.Printable(value),
    };

    private static bool IsLong(string? value) => value is not null && value.AsSpan().TrimEnd('\n').Contains('\n');

    private static void WriteBlock(PropertyChange property, StyledWriter writer)
    {
        var lines = property.Difference is PropertyDifference.Unmanaged or PropertyDifference.Recorded
            ? LineDifference.Lines(property.Old ?? property.New ?? "").Select(line => (Mark: ' ', Text: line)).ToList()
            : LineDifference.Compare(property.Old ?? "", property.New ?? "");
        if (lines is null)
        {
            var (old, @new) = (LineDifference.Lines(property.Old ?? "").Length, LineDifference.Lines(property.New ?? "").Length);
            writer.Line($"          {old} lines -> {@new} lines", Style.Changed);
            return;
        }
        foreach (var (mark, text) in lines)
        {
            var style = mark switch
            {
                '+' => Style.Added,
                '-' => Style.Removed,
                _ => Style.Faint,
            };
            writer.Line($"          {mark} {StyledWriter.Printable(text)}".TrimEnd(), style);
        }
    }

    private static string Marks(PropertyChange property)
    {
        var cause = property.Difference switch
        {
            PropertyDifference.Drifted => "drifted on the server",
            PropertyDifference.Unmanaged => "set by others, left alone",
            PropertyDifference.Recorded => "already so",
            _ => "",
        };
        var impact = property.Impact == ChangeImpact.Live ? "" : $"needs {Words.Name(property.Impact)}";
        var hidden = property.IsHidden ? "differs in what is not shown" : "";
        return string.Join(", ", new[] { hidden, cause, impact }.Where(mark => mark.Length > 0));
    }

    private static void WriteSums(StackPlan plan, StyledWriter writer)
    {
        var unchanged = plan.Unchanged;
        var waiting = plan.Resources.Count(change => change.IsPostponed);
        if (!plan.HasChanges)
        {
            writer.Line((plan.IsRemoval, unchanged) switch
            {
                _ when waiting > 0 => $"No changes now: {waiting} {(waiting == 1 ? "waits" : "wait")} to be named{(unchanged > 0 ? $"; {Resources(unchanged)} as described" : "")}.",
                (true, 0) => "Nothing to take down.",
                (true, _) => "Nothing more to take down.",
                (_, 0) => "Nothing to do.",
                _ => $"No changes: {Resources(unchanged)} as described.",
            });
        }
        else
        {
            var sums = Words.Count(plan.Changes.Select(c => c.Action), action => $"to {Words.Verb(action)}");
            writer.Line($"Plan: {sums}{(unchanged > 0 ? $"; {unchanged} unchanged" : "")}{(waiting > 0 ? $"; {waiting} waiting to be named" : "")}.");
        }
        if (plan.Resources.Count(r => r.Refused is not null) is var refused and > 0)
            writer.Line($"{refused} refused: nothing is applied until that is solved.", Style.Error);
    }

    private static string Resources(int count) => count == 1 ? "1 resource is" : $"{count} resources are";
}
