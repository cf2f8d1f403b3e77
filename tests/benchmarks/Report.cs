using System.Globalization;

namespace IncusCompose.Benchmarks;

/// <summary>What was measured and what was promised, as tables.</summary>
internal sealed class Report
{
    private readonly List<string> _times = [];
    private readonly List<string> _ratios = [];
    private bool _missed;

    /// <summary>Adds the times of one contender.</summary>
    public void Add(string title, Times times) => _times.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"| {title} | {times.Name} | {times.Median:0} | {times.Least:0} to {times.Most:0} | {times.Count} |"));

    /// <summary>Adds a ratio that may be no more than a limit.</summary>
    public void AtMost(string what, double ratio, double limit) => Add(what, ratio, $"at most {Text(limit)}", ratio <= limit);

    /// <summary>Adds a ratio that must be at least a limit.</summary>
    public void AtLeast(string what, double ratio, double limit) => Add(what, ratio, $"at least {Text(limit)}", ratio >= limit);

    /// <summary>Adds a time, in milliseconds, that may be no longer than a limit.</summary>
    public void Within(string what, double milliseconds, double limit) =>
        AddLine(what, $"{Whole(milliseconds)} ms", $"at most {Whole(limit)} ms", milliseconds <= limit);

    /// <summary>Adds an amount of memory, in megabytes, that may be no larger than a limit.</summary>
    public void WithinMegabytes(string what, double megabytes, double limit) =>
        AddLine(what, $"{Whole(megabytes)} MB", $"at most {Whole(limit)} MB", megabytes <= limit);

    /// <summary>Adds a ratio that nothing was promised of and that puts the others in their place.</summary>
    public void Beside(string what, double ratio) => _ratios.Add($"| {what} | {Text(ratio)} | shown beside | |");

    /// <summary>Adds what could not be measured, and why.</summary>
    public void Missing(string what, string why) => _ratios.Add($"| {what} | not measured: {why} | | |");

    /// <summary>Writes the tables.</summary>
    /// <returns>False where a target was missed.</returns>
    public bool Write(TextWriter writer)
    {
        writer.WriteLine("| What | By | Median, ms | Range, ms | Runs |");
        writer.WriteLine("|---|---|---:|---:|---:|");
        foreach (var line in _times)
            writer.WriteLine(line);
        if (_ratios.Count > 0)
        {
            writer.WriteLine();
            writer.WriteLine("| Ratio of medians, or median | Measured | Target | |");
            writer.WriteLine("|---|---:|---:|---|");
            foreach (var line in _ratios)
                writer.WriteLine(line);
        }
        return !_missed;
    }

    private void Add(string what, double ratio, string target, bool met) => AddLine(what, Text(ratio), target, met);

    private void AddLine(string what, string measured, string target, bool met)
    {
        _missed |= !met;
        _ratios.Add($"| {what} | {measured} | {target} | {(met ? "met" : "**missed**")} |");
    }

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
