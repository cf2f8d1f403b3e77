using System.Globalization;
using System.Threading.Channels;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources;
using Spectre.Console;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>
/// Live progress on a terminal: what ended scrolls by, what is at work stands below it with a bar for the whole.
/// Nothing is drawn before the first change begins, and what was there before stays.
/// The only place of the program that uses Spectre.Console, so that nothing else pays for loading it.
/// </summary>
internal sealed class LiveProgress : IApplyProgress
{
    private const string HideCursor = "\e[?25l";
    private const string ShowCursor = "\e[?25h";

    // Where the region begins is kept by the terminal, not counted here: with Ctrl+C a terminal drops what it has not yet
    // shown, so that nobody knows in which row it stopped.
    private const string SaveCursor = "\e7";
    private const string Erase = "\e8\e[J";

    // A line of the region is one row of the terminal, however wide its characters are.
    private const string WrapOff = "\e[?7l";
    private const string WrapOn = "\e[?7h";

    /// <summary>How often spinner and times move on.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Channel<ApplyEvent> _events = Channel.CreateUnbounded<ApplyEvent>(new() { SingleReader = true });
    private readonly Dictionary<ResourceId, Work> _working = [];
    private readonly StyledWriter _writer;
    private readonly bool _verbose;
    private readonly StringWriter _drawing = new();
    private readonly IAnsiConsole _console;
    private readonly int _total;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly Task _display;
    private int _ended;

    private volatile bool _isDrawn;
    private string? _note;

    public LiveProgress(StackPlan plan, StyledWriter writer, bool verbose)
    {
        _total = plan.Changes.Count;
        _writer = writer;
        _verbose = verbose;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = writer.Color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(_drawing),
        });
        _display = DisplayAsync();
    }

    public void Report(ApplyEvent value) => _events.Writer.TryWrite(value);

    /// <summary>Writes a note among the lines of what ended; false where nothing is drawn now and it can be written anywhere.</summary>
    public bool Note(string text)
    {
        if (!_isDrawn)
            return false;
        Volatile.Write(ref _note, text);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _display;
        _drawing.Dispose();
    }

    private async Task DisplayAsync()
    {
        using var clock = new PeriodicTimer(Tick);
        var more = _events.Reader.WaitToReadAsync().AsTask();
        await more;
        var tick = clock.WaitForNextTickAsync().AsTask();
        while (true)
        {
            var above = new StringWriter();
            var lines = new StyledWriter(above, _writer.Color);
            while (_events.Reader.TryRead(out var happened))
            {
                // What comes of a Ctrl+C is told after the note of it.
                TakeNote(lines);
                Take(happened, lines);
            }
            TakeNote(lines);
            if (more.IsCompleted)
            {
                if (!await more)
                {
                    Close(above.ToString());
                    return;
                }
                more = _events.Reader.WaitToReadAsync().AsTask();
            }
            if (tick.IsCompleted)
                tick = clock.WaitForNextTickAsync().AsTask();
            Draw(above.ToString());
            await Task.WhenAny(tick, more);
        }
    }

    private void TakeNote(StyledWriter above)
    {
        if (Interlocked.Exchange(ref _note, null) is { } note)
            above.Line(note, Rendering.Style.Warning);
    }

    private void Take(ApplyEvent happened, StyledWriter above)
    {
        var change = happened.Change;
        switch (happened.Kind)
        {
            case ApplyEventKind.Started:
                _working[change.Id] = new Work(change.Action, TimeProvider.System.GetTimestamp());
                break;
            case ApplyEventKind.Progress when _working.TryGetValue(change.Id, out var work):
                _working[change.Id] = work with { Text = happened.Text, Percent = happened.Percent };
                break;
            case ApplyEventKind.Waiting:
                _working.TryAdd(change.Id, new Work(change.Action, TimeProvider.System.GetTimestamp()));
                _working[change.Id] = _working[change.Id] with { Text = happened.Text, Percent = null };
                break;
            case ApplyEventKind.Output when _verbose:
                above.Line($"    {change.Id}  {StyledWriter.Printable(happened.Text)}", Rendering.Style.Faint);
                break;
            case ApplyEventKind.Checkpoint or ApplyEventKind.Rollback:
                // What had begun and did not end by itself ends here.
                _working.Remove(change.Id);
                above.Line($"    {change.Id}  {Words.Name(happened.Kind)}: {StyledWriter.Printable(happened.Text)}", Rendering.Style.Faint);
                break;
            case ApplyEventKind.Ended when happened.Result is { } result:
                _working.Remove(change.Id);
                if (change.Action != ChangeAction.None)
                    _ended++;
                ResultRenderer.WriteEnded(result, above);
                break;
        }
    }

    /// <summary>Writes lines where the region was and the region below them, all in one piece so that nothing flickers.</summary>
    private void Draw(string above)
    {
        if (_working.Count == 0 && _ended == 0)
            return;
        var lines = Region();
        // Room for the region first, so that where it begins stays in place while it is written.
        var room = lines.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{new string('\n', lines.Length - 1)}\e[{lines.Length - 1}A\r");
        Put((_isDrawn ? Erase : HideCursor) + above + room + SaveCursor + WrapOff + string.Join('\n', lines) + WrapOn);
        _isDrawn = true;
    }

    private void Close(string above)
    {
        Put(_isDrawn ? Erase + above + WrapOn + ShowCursor : above);
        _isDrawn = false;
    }

    private void Put(string text)
    {
        _writer.Inner.Write(text);
        _writer.Flush();
    }

    /// <summary>The region's lines, none wider than the terminal, and not so many that they could not be taken away again.</summary>
    private string[] Region()
    {
        var now = TimeProvider.System.GetElapsedTime(_began);
        var frames = Spinner.Known.Dots.Frames;
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
                new Text(Words.Duration(TimeProvider.System.GetElapsedTime(work.Since))),
                new Text($"{StyledWriter.Printable(work.Text)} {percent}".Trim()));
        }
        _drawing.GetStringBuilder().Clear();
        if (_working.Count > 0)
            _console.Write(grid);
        if (_working.Count > room)
            _console.WriteLine($"   and {_working.Count - room} more");
        _console.Write(new Text($"   {Bar()} {_ended}/{_total}  {Words.Duration(now)}"));
        return _drawing.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }

    private string Bar()
    {
        const int width = 30;
        var full = _total == 0 ? width : Math.Min(width, width * _ended / _total);
        return new string('━', full) + new string('─', width - full);
    }

    private sealed record Work(ChangeAction Action, long Since, string Text = "", int? Percent = null);
}
