using IncusCompose.Diagnostics;

namespace IncusCompose.Planning;

/// <summary>A plan as plain text: the same plan always reads the same, so that people and tests can compare.</summary>
public static class PlanText
{
    /// <summary>Writes a plan: one line for each change, its properties below it, then orphans and a summary.</summary>
    public static void Write(StackPlan plan, TextWriter writer)
    {
        foreach (var change in plan.Resources)
        {
            var left = change.Properties.Where(property => property.Difference == PropertyDifference.Unmanaged).ToList();
            if (change.Action == ChangeAction.None && left.Count == 0 && !change.PendingRestart && !change.IsPostponed && !plan.IsOperation)
                continue;
            writer.WriteLine(Headline(change));
            foreach (var property in change.Properties)
                writer.WriteLine($"      {Line(property)}");
            if (change.Refused is not null)
                writer.WriteLine($"      ! refused: {change.Refused}");
        }

        foreach (var orphan in plan.Orphans)
            writer.WriteLine($"  ? {orphan.Id} is no longer in the file; {orphan.Advice}");
        foreach (var diagnostic in plan.Diagnostics)
            writer.WriteLine($"  {VisibleText.OfLines(diagnostic.ToString())}");
        writer.WriteLine(Summary(plan));
    }

    /// <summary>What a change is, in one line, such as <c>~ instance/web: change, restart needed for config.environment.MODE (not allowed: stays pending)</c>.</summary>
    public static string Headline(ResourceChange change)
    {
        var (symbol, verb) = change.Action switch
        {
            ChangeAction.Create => ("+", "create"),
            ChangeAction.Update => ("~", "change"),
            ChangeAction.Start => (">", "start"),
            ChangeAction.Restart => (">", "restart"),
            ChangeAction.Rebuild => ("@", "rebuild"),
            ChangeAction.Replace => ("@", "replace"),
            ChangeAction.Delete => ("-", "delete"),
            ChangeAction.Stop => (".", "stop"),
            ChangeAction.Kill => (".", "kill"),
            ChangeAction.Pause => (".", "pause"),
            ChangeAction.Resume => (">", "resume"),
            ChangeAction.Adopt => ("<", "adopt"),
            _ => ("=", "keep"),
        };
        var notes = new List<string> { verb };
        if (change.Action == ChangeAction.Update && change.Starts)
            notes.Add("start");
        if (change.Action == ChangeAction.Update && change.Restarts)
            notes.Add("restart");
        if (change.Reason.Length > 0)
            notes.Add(change.Reason);
        if (change.PendingRestart)
            notes.Add("not restarted without -AllowRestart (--allow-restart)");
        return $"  {symbol} {change.Id}: {string.Join(", ", notes)}";
    }

    /// <summary>One property of a change, such as <c>~ config.limits.memory: 256MiB -> 512MiB (drifted)</c>.</summary>
    public static string Line(PropertyChange property) => VisibleText.OfLines(property.Difference switch
    {
        PropertyDifference.Added => $"+ {property.Path}: {property.New}",
        PropertyDifference.Removed => $"- {property.Path}: {property.Old}",
        PropertyDifference.Changed => $"~ {property.Path}: {property.Old ?? "(unset)"} -> {property.New}{Hidden(property)}",
        PropertyDifference.Drifted => $"~ {property.Path}: {property.Old ?? "(unset)"} -> {property.New}{Hidden(property)} (drifted)",
        PropertyDifference.Unmanaged => $"  {property.Path}: {property.Old} (unmanaged, left alone)",
        _ => $"= {property.Path}: {property.New} (already so, recorded)",
    });

    private static string Hidden(PropertyChange property) => property.IsHidden ? " (differs in what is not shown)" : "";

    /// <summary>How many resources are created, changed and deleted; or that there is nothing to do.</summary>
    public static string Summary(StackPlan plan)
    {
        int Count(params ChangeAction[] actions) => plan.Resources.Count(resource => actions.Contains(resource.Action));

        var unchanged = plan.Unchanged;
        var waiting = plan.Resources.Count(change => change.IsPostponed);
        if (!plan.HasChanges)
            return $"{plan.Stack}: no changes{(waiting > 0 ? " now" : "")} ({unchanged} {(unchanged == 1 ? "resource" : "resources")} as wanted{Waiting()})";
        var parts = new List<string>();
        void Add(int count, string what)
        {
            if (count > 0)
                parts.Add($"{count} to {what}");
        }

        Add(Count(ChangeAction.Create), "create");
        Add(Count(ChangeAction.Update), "change");
        Add(Count(ChangeAction.Start), "start");
        Add(Count(ChangeAction.Restart), "restart");
        Add(Count(ChangeAction.Rebuild), "rebuild");
        Add(Count(ChangeAction.Replace), "replace");
        Add(Count(ChangeAction.Delete), "delete");
        Add(Count(ChangeAction.Stop), "stop");
        Add(Count(ChangeAction.Kill), "kill");
        Add(Count(ChangeAction.Pause), "pause");
        Add(Count(ChangeAction.Resume), "resume");
        Add(Count(ChangeAction.Adopt), "adopt");
        return $"{plan.Stack}: {string.Join(", ", parts)}, {unchanged} unchanged{Waiting()}";

        string Waiting() => waiting > 0 ? $", {waiting} waiting to be named" : "";
    }
}
