using System.Globalization;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.Cli.Rendering;

/// <summary>Shows what a watch sees.</summary>
internal interface IWatchDisplay : IDisposable
{
    void Show(StackStatus status);
}

/// <summary>A line for each instance that changed: for logs and pipes.</summary>
internal sealed class WatchLines(StyledWriter writer) : IWatchDisplay
{
    public void Show(StackStatus status)
    {
        foreach (var instance in status.Changed)
        {
            writer.Write(instance.Time.ToLocalTime().ToString("HH:mm:ss ", CultureInfo.InvariantCulture), Style.Faint)
                .Write(instance.Name).Write("  ")
                .Write(instance.Status, WatchTable.StyleOf(instance.Status)).Write("  ")
                .Write(Words.Name(instance.Health), WatchTable.StyleOf(instance.Health));
            if (instance.Addresses.Count > 0)
                writer.Write($"  {string.Join(",", instance.Addresses)}");
            if (instance.Drift.Count > 0)
                writer.Write($"  drift: {string.Join(", ", instance.Drift)}", Style.Warning);
            if (instance.Message.Length > 0)
                writer.Write($"  {StyledWriter.Printable(instance.Message)}", Style.Faint);
            writer.Line();
        }
        writer.Flush();
    }

    public void Dispose()
    {
    }
}

/// <summary>A table that is written over in place, on the terminal's other screen so that what was there before stays.</summary>
internal sealed class WatchTable : IWatchDisplay
{
    private const string Enter = "\e[?1049h\e[?25l\e[?7l";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string EraseLineEnd = "\e[K";
    private const string EraseBelow = "\e[J";

    private readonly StyledWriter _writer;

    public WatchTable(StyledWriter writer)
    {
        _writer = writer;
        _writer.Inner.Write(Enter);
        _writer.Flush();
    }

    public void Show(StackStatus status)
    {
        var drawing = new StringWriter { NewLine = "\n" };
        var lines = new StyledWriter(drawing, _writer.Color);
        if (status.Instances.Count == 0)
            lines.Line("There are no instances; waiting for some.", Style.Faint);
        var table = new TextTable("NAME", "STATUS", "HEALTH", "ADDRESSES", "CPU", "MEMORY", "DRIFT", "RESTARTS", "MESSAGE");
        foreach (var instance in status.Instances)
        {
            table.Add(
                (instance.Name, Style.None),
                (instance.Status, StyleOf(instance.Status)),
                (Words.Name(instance.Health), StyleOf(instance.Health)),
                (string.Join(",", instance.Addresses), Style.None),
                (instance.CpuPercent is { } cpu ? cpu.ToString("0.0", CultureInfo.InvariantCulture) + "%" : null, Style.None),
                (instance.MemoryUsage is { } bytes ? (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture) + " MiB" : null, Style.None),
                (string.Join(",", instance.Drift), Style.Warning),
                (instance.Restarts == 0 ? null : instance.Restarts.ToString(CultureInfo.InvariantCulture), Style.None),
                (instance.Message, Style.Faint));
        }
        table.Write(lines);
        lines.Line().Line($"{DateTime.Now:HH:mm:ss}  Ctrl+C ends", Style.Faint);
        _writer.Inner.Write(Home + drawing.ToString().Replace("\n", EraseLineEnd + "\r\n", StringComparison.Ordinal) + EraseBelow);
        _writer.Flush();
    }

    public void Dispose()
    {
        _writer.Inner.Write(Leave);
        _writer.Flush();
    }

    internal static Style StyleOf(string status) => status switch
    {
        "Running" or "Ready" => Style.Added,
        "Error" => Style.Error,
        _ => Style.Warning,
    };

    internal static Style StyleOf(HealthState health) => health switch
    {
        HealthState.Healthy or HealthState.Completed => Style.Added,
        HealthState.Unhealthy => Style.Error,
        HealthState.Starting => Style.Warning,
        _ => Style.Faint,
    };
}
