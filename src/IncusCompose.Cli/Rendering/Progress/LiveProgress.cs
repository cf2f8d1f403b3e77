using System.Threading.Channels;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>
/// Live progress on a terminal: what ended scrolls by, what is at work stands below it with a bar for the whole.
/// The only place of the program that uses Spectre.Console, so that nothing else pays for loading it.
/// </summary>
internal sealed class LiveProgress : IApplyProgress
{
    /// <summary>How often spinner and times move on.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Channel<ApplyEvent> _events = Channel.CreateUnbounded<ApplyEvent>(new() { SingleReader = true });
    private readonly Dictionary<ResourceId, Work> _working = [];
    private readonly IAnsiConsole _console;
    private readonly bool _color;
    private readonly int _total;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly Task _display;
    private int _ended;

    public LiveProgress(StackPlan plan, StyledWriter writer)
    {
        _total = plan.Changes.Count;
        _color = writer.Color;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = writer.Color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(writer.Inner),
        });
        _display = Task.Run(() => _console.Live(Region()).AutoClear(true).StartAsync(DisplayAsync));
    }

    public void Report(ApplyEvent value) => _events.Writer.TryWrite(value);

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _display;
    }

    private async Task DisplayAsync(LiveDisplayContext context)
    {
        using var clock = new PeriodicTimer(Tick);
        var tick = clock.WaitForNextTickAsync().AsTask();
        var more = _events.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            await Task.WhenAny(tick, more);
            while (_events.Reader.TryRead(out var happened))
                Take(happened);
            context.UpdateTarget(Region());
            if (more.IsCompleted)
            {
                if (!await more)
                    return;
                more = _events.Reader.WaitToReadAsync().AsTask();
            }
            if (tick.IsCompleted)
                tick = clock.WaitForNextTickAsync().AsTask();
        }
    }

    private void Take(ApplyEvent happened)
    {
        var change = happened.Change;
        if (change.Action == ChangeAction.None)
            return;
        switch (happened.Kind)
        {
            case ApplyEventKind.Started:
                _working[change.Id] = new Work(change.Action, TimeProvider.System.GetTimestamp());
                break;
            case ApplyEventKind.Progress when _working.TryGetValue(change.Id, out var work):
                _working[change.Id] = work with { Text = happened.Text, Percent = happened.Percent };
                break;
            case ApplyEventKind.Ended when happened.Result is { } result:
                _working.Remove(change.Id);
                _ended++;
                WriteEnded(result);
                break;
        }
    }

    /// <summary>Writes a line above the live region, which then moves down by itself.</summary>
    private void WriteEnded(ResourceResult result)
    {
        using var text = new StringWriter();
        ResultRenderer.WriteEnded(result, new StyledWriter(text, _color));
        // The line goes over the region's old first line: what that had beyond it must be cleared.
        _console.Write(new ControlCode(text.ToString().Replace("\n", "\e[K\n", StringComparison.Ordinal)));
    }

    private IRenderable Region()
    {
        var frames = Spinner.Known.Dots.Frames;
        var now = TimeProvider.System.GetElapsedTime(_began);
        var frame = frames[(int)(now / Tick) % frames.Count];

        var room = Math.Max(1, _console.Profile.Height - 4);
        var grid = new Grid().AddColumns(4);
        foreach (var column in grid.Columns)
            column.NoWrap().PadRight(2);
        foreach (var (id, work) in _working.Take(room))
        {
            // The server's own words mostly hold the percentage already.
            var percent = work.Percent is { } p && !work.Text.Contains('%', StringComparison.Ordinal) ? $"{p}%" : "";
            grid.AddRow(
                new Text($" {frame} {id}"),
                new Text(Words.Doing(work.Action), new Spectre.Console.Style(Color.Yellow)),
                new Text($"{StyledWriter.Printable(work.Text)} {percent}".Trim()),
                new Text(Words.Duration(TimeProvider.System.GetElapsedTime(work.Since))));
        }
        if (_working.Count > room)
            grid.AddRow($"   and {_working.Count - room} more");
        return new Rows(grid, new Text($"   {Bar()} {_ended}/{_total}  {Words.Duration(now)}"));
    }

    private string Bar()
    {
        const int width = 30;
        var full = _total == 0 ? width : Math.Min(width, width * _ended / _total);
        return new string('━', full) + new string('─', width - full);
    }

    private sealed record Work(ChangeAction Action, long Since, string Text = "", int? Percent = null);
}
