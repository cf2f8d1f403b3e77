using System.Collections;
using System.ComponentModel;
using System.Globalization;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Views;

/// <summary>What the views of IncusCompose.format.ps1xml show. Not for use elsewhere.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ViewText
{
    /// <summary>An instance's status, coloured: running is good, an error is bad, everything else is neither.</summary>
    public static string Status(string status, ViewColors colors) => status switch
    {
        "Running" or "Ready" => colors.Paint(colors.Good, status),
        "Error" => colors.Paint(colors.Bad, status),
        "Stopped" => colors.Paint(colors.Faint, status),
        _ => colors.Paint(colors.Changed, status),
    };

    /// <summary>An instance's health, coloured.</summary>
    public static string Health(HealthState health, ViewColors colors) => colors.Paint(
        health switch
        {
            HealthState.Healthy or HealthState.Completed => colors.Good,
            HealthState.Unhealthy => colors.Bad,
            HealthState.Starting => colors.Changed,
            _ => colors.Faint,
        },
        health.ToString());

    /// <summary>How a change ended, coloured.</summary>
    public static string Outcome(ChangeOutcome outcome, ViewColors colors) => colors.Paint(
        outcome switch
        {
            ChangeOutcome.Done => colors.Good,
            ChangeOutcome.Failed => colors.Bad,
            ChangeOutcome.Unchanged => colors.Faint,
            _ => colors.Changed,
        },
        outcome.ToString());

    /// <summary>How grave a problem is, coloured.</summary>
    public static string Severity(DiagnosticSeverity severity, ViewColors colors) => colors.Paint(
        severity switch
        {
            DiagnosticSeverity.Error => colors.Bad,
            DiagnosticSeverity.Warning => colors.Changed,
            _ => colors.Faint,
        },
        severity.ToString());

    /// <summary>What is to be done, coloured like the plan.</summary>
    public static string Action(ChangeAction action, ViewColors colors) => colors.Paint(ColorOf(action, colors), action.ToString());

    /// <summary>A time in seconds, such as <c>0.25 s</c>; empty for none.</summary>
    public static string Seconds(TimeSpan duration) =>
        duration == TimeSpan.Zero ? "" : duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) + " s";

    /// <summary>A number of bytes, such as <c>12.5 MiB</c>; empty for none.</summary>
    public static string Bytes(long? bytes)
    {
        if (bytes is not { } count)
            return "";
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double size = count;
        var unit = 0;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return size.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>Names one after the other.</summary>
    public static string List(IEnumerable names) => string.Join(", ", names.Cast<object>());

    /// <summary>A checkpoint's name at its place in the tree; a star and green for the live one, yellow for one that was cut off.</summary>
    public static string Checkpoint(StackCheckpoint checkpoint, ViewColors colors)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Branch
            + (checkpoint.IsLive ? colors.Paint(colors.Good, checkpoint.Name + " *")
                : checkpoint.IsComplete ? checkpoint.Name
                : colors.Paint(colors.Changed, checkpoint.Name + " (incomplete)"));
    }

    /// <summary>How many instances there are and run, such as <c>2/3</c>.</summary>
    public static string Running(StackSummary stack, ViewColors colors)
    {
        ArgumentNullException.ThrowIfNull(stack);
        var text = $"{stack.Running}/{stack.Instances.Count}";
        return colors.Paint(stack.Running == stack.Instances.Count ? colors.Good : colors.Changed, text);
    }

    /// <summary>A plan as the engine writes it, each line in the colour of its symbol.</summary>
    public static string Plan(StackPlan plan, ViewColors colors)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        PlanText.Write(plan, writer);
        var lines = writer.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd('\r'));
        return string.Join('\n', lines.Select(line => colors.Paint(ColorOf(line.TrimStart(), colors), line)));
    }

    private static string ColorOf(string line, ViewColors colors) => line.Length == 0 ? "" : line[0] switch
    {
        '+' => colors.Good,
        '-' or '!' => colors.Bad,
        '~' or '@' or '>' or '<' => colors.Changed,
        '?' or '=' => colors.Faint,
        _ => "",
    };

    private static string ColorOf(ChangeAction action, ViewColors colors) => action switch
    {
        ChangeAction.Create => colors.Good,
        ChangeAction.Delete => colors.Bad,
        ChangeAction.None => colors.Faint,
        _ => colors.Changed,
    };
}
