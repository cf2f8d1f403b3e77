using IncusCompose.Backups;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Rendering;

/// <summary>What the verbs show that copy a stack somewhere: a line for each resource as it is done, and what came of it.</summary>
internal sealed class CopyOutput(Terminal terminal, bool json, bool quiet) : IProgress<CopyEvent>, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private bool _over;

    public void Report(CopyEvent value)
    {
        lock (_lock)
        {
            if (_over || (!json && (quiet || !value.Ended)))
                return;
            if (json)
            {
                var line = new EventDocument(value.Ended ? "ended" : "progress") { Resource = value.Id.ToString(), Text = value.Text, Percent = value.Percent };
                JsonLines.Write(terminal.Out.Inner, line, JsonDocuments.Lines.EventDocument);
            }
            else
            {
                terminal.Out.Write($"    {value.Id}").Line($"  {StyledWriter.Printable(value.Text)}", Style.Faint).Flush();
            }
        }
    }

    /// <summary>Shows what was written.</summary>
    public void Show(StackBackup backup)
    {
        if (json)
            JsonLines.Write(terminal.Out.Inner, BackupDocument.From(backup), JsonDocuments.Lines.BackupDocument);
        else if (!quiet)
            terminal.Out.Line($"Stack {backup.Stack} is in {backup.Path}: {Count(backup.Instances.Count, "instance")}, {Count(backup.Volumes.Count, "volume")}, {Words.Megabytes(backup.Size)}");
    }

    /// <summary>Shows what was made.</summary>
    /// <returns>The exit code.</returns>
    public int Show(StackCopyResult result)
    {
        if (json)
        {
            JsonLines.Write(terminal.Out.Inner, CopyDocument.From(result), JsonDocuments.Lines.CopyDocument);
        }
        else
        {
            if (!quiet)
                terminal.Out.Line($"Stack {result.Stack} is in project {result.Project}: {Count(result.Instances.Count, "instance")}, {Count(result.Volumes.Count, "volume")}, {(result.Transferred > 0 ? Words.Megabytes(result.Transferred) + " transferred, " : "")}in {Words.Duration(result.Duration)}");
            terminal.Out.Flush();
            foreach (var (name, reason) in result.NotStarted)
                terminal.Error.Write("error: ", Style.Error).Line(ErrorRenderer.Lines($"instance/{name} is there but could not be started: {reason}"));
        }
        return result.NotStarted.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>Shows what will not be as it was.</summary>
    public void Warn(IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
            terminal.Note("warning: " + StyledWriter.Printable(warning));
    }

    public ValueTask DisposeAsync()
    {
        // What was given up may still report.
        lock (_lock)
            _over = true;
        return ValueTask.CompletedTask;
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
