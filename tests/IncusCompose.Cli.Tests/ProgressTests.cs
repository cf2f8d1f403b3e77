using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Cli.Rendering.Progress;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Cli.Tests;

public sealed partial class ProgressTests
{
    private static readonly ResourceChange Network = Plans.Change(new("network", "shopnet"), ChangeAction.Create);
    private static readonly ResourceChange Web = Plans.Change(Plans.Instance("web"), ChangeAction.Create);
    private static readonly ResourceChange Db = Plans.Change(Plans.Instance("db"), ChangeAction.Update) with { PendingRestart = true };
    private static readonly ResourceChange App = Plans.Change(Plans.Instance("app"), ChangeAction.Start);
    private static readonly ResourceChange Old = Plans.Change(Plans.Instance("old"), ChangeAction.Delete);
    private static readonly ResourceChange Kept = Plans.Change(Plans.Instance("kept"), ChangeAction.None);

    private static readonly ApplyResult Result = new()
    {
        Plan = Plans.Unchanged() with { Resources = [Network, Db, Web, App, Old, Kept] },
        Duration = TimeSpan.FromSeconds(72.4),
        Resources =
        [
            Ended(Network, ChangeOutcome.Done, 0.21),
            Ended(Db, ChangeOutcome.Done, 0.5),
            Ended(Web, ChangeOutcome.Failed, 65.3) with { Message = "Failed creating instance record: no space left\non pool \"default\"" },
            Ended(App, ChangeOutcome.Skipped) with { Message = "not begun, since instance/web failed" },
            Ended(Old, ChangeOutcome.Cancelled) with { Message = "not begun" },
            Ended(Kept, ChangeOutcome.Unchanged),
        ],
    };

    private static readonly ApplyEvent[] Events =
    [
        new(ApplyEventKind.Started, Network),
        new(ApplyEventKind.Ended, Network) { Result = Result.Resources[0] },
        new(ApplyEventKind.Started, Db),
        new(ApplyEventKind.Started, Web),
        new(ApplyEventKind.Progress, Web) { Text = "unpacking", Percent = 40 },
        new(ApplyEventKind.Progress, Web) { Text = "unpacking", Percent = 41 },
        new(ApplyEventKind.Ended, Db) { Result = Result.Resources[1] },
        new(ApplyEventKind.Ended, Web) { Result = Result.Resources[2] },
        new(ApplyEventKind.Ended, App) { Result = Result.Resources[3] },
        new(ApplyEventKind.Ended, Old) { Result = Result.Resources[4] },
    ];

    [Fact]
    public async Task Plain_progress_is_a_line_for_each_begin_and_end()
    {
        using var text = new StringWriter();
        await ReportAll(new PlainProgress(new StyledWriter(text, color: false), verbose: false));
        Golden.Verify(text.ToString(), "progress-plain.txt");
    }

    [Fact]
    public async Task Json_progress_is_an_object_for_each_event()
    {
        using var text = new StringWriter();
        await ReportAll(new JsonProgress(text));
        JsonLines.Write(text, EventDocument.From(Result), JsonDocuments.Lines.EventDocument);
        Golden.Verify(text.ToString(), "progress.jsonl");
    }

    [Fact]
    public async Task Live_progress_leaves_one_line_for_each_change_that_ended()
    {
        using var text = new StringWriter();
        await ReportAll(new LiveProgress(Result.Plan, new StyledWriter(text, color: false), verbose: false));
        var lines = Escape().Replace(text.ToString(), "").Split('\n', '\r').Select(line => line.TrimEnd()).ToList();
        foreach (var expected in new[] { "  + network/shopnet  created  0.2 s", "  ~ instance/db  updated  0.5 s", "  x instance/web  create failed  1 min 5 s", "  ! instance/app  skipped  not begun, since instance/web failed" })
            Assert.Single(lines, expected);
        // The cursor that the display hides comes back.
        Assert.True(text.ToString().LastIndexOf("\e[?25h", StringComparison.Ordinal) > text.ToString().LastIndexOf("\e[?25l", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_progress_shows_what_is_at_work()
    {
        using var text = new StringWriter();
        var progress = new LiveProgress(Result.Plan, new StyledWriter(text, color: false), verbose: false);
        progress.Report(Events[3]);
        progress.Report(Events[4]);
        await progress.DisposeAsync();
        Assert.Matches(@"instance/web +creating +0\.\d s +unpacking 4[01]%", Escape().Replace(text.ToString(), ""));
    }

    [Fact]
    public async Task Live_progress_writes_nothing_where_nothing_is_done()
    {
        using var text = new StringWriter();
        var progress = new LiveProgress(Plans.Unchanged(), new StyledWriter(text, color: false), verbose: false);
        progress.Report(new(ApplyEventKind.Ended, Kept) { Result = Result.Resources[5] });
        await progress.DisposeAsync();
        Assert.Equal("", text.ToString());
    }

    [Fact]
    public async Task Live_progress_leaves_what_stood_there_before_and_takes_away_all_of_its_own()
    {
        using var text = new StringWriter();
        text.Write("Plan: 5 to create.\nGo on? y\n");
        var progress = new LiveProgress(Result.Plan, new StyledWriter(text, color: false), verbose: false);
        foreach (var happened in Events)
        {
            var before = text.GetStringBuilder().Length;
            progress.Report(happened);
            Assert.True(SpinWait.SpinUntil(() => text.GetStringBuilder().Length > before, TimeSpan.FromSeconds(10)));
        }
        Assert.True(progress.Note("Cancelling."));
        await progress.DisposeAsync();
        Assert.False(progress.Note("Too late."));
        Assert.Equal(
            ["Plan: 5 to create.", "Go on? y", "  + network/shopnet  created  0.2 s", "  ~ instance/db  updated  0.5 s", "  x instance/web  create failed  1 min 5 s",
                "  ! instance/app  skipped  not begun, since instance/web failed", "  ! instance/old  cancelled  not begun", "Cancelling.", ""],
            Screen(text.ToString()));
    }

    [Fact]
    public async Task What_a_cancellation_ends_is_told_after_the_note_of_it()
    {
        using var text = new StringWriter();
        var progress = new LiveProgress(Result.Plan, new StyledWriter(text, color: false), verbose: false);
        progress.Report(Events[0]);
        Assert.True(SpinWait.SpinUntil(() => text.GetStringBuilder().Length > 0, TimeSpan.FromSeconds(10)));
        Assert.True(progress.Note("Cancelling."));
        progress.Report(Events.First(happened => happened.Kind == ApplyEventKind.Ended));
        await progress.DisposeAsync();
        Assert.Equal("Cancelling.", Screen(text.ToString())[0]);
    }

    [Fact]
    public async Task Events_after_the_end_are_not_shown()
    {
        using var text = new StringWriter();
        foreach (var progress in new IApplyProgress[]
        {
            new PlainProgress(new StyledWriter(text, color: false), verbose: false), new JsonProgress(text), new QuietProgress(),
        })
        {
            await progress.DisposeAsync();
            progress.Report(Events[0]);
        }
        Assert.Equal("", text.ToString());
    }

    [Fact]
    public void The_sums_say_what_was_done_and_what_was_not()
    {
        using var text = new StringWriter();
        ResultRenderer.WriteSums(Result, new StyledWriter(text, color: false));
        ResultRenderer.WriteFailures(Result, new StyledWriter(text, color: false));
        Golden.Verify(text.ToString(), "result.txt");
    }

    [Theory]
    [InlineData(TransactionOutcome.RolledBack, true, "", "Everything was put back: the stack is as it was before.\n")]
    [InlineData(TransactionOutcome.RolledBack, false, "", "Put back as before: instance/db. What else was done stays.\n")]
    [InlineData(TransactionOutcome.RollbackFailed, true, "The rollback failed: no answer.", "error: The rollback failed: no answer.\nNot everything was put back.\n")]
    public void Failures_say_what_was_put_back(TransactionOutcome outcome, bool whole, string message, string wanted)
    {
        var step = new RestoreStepResult { Step = new RestoreStep { Id = Db.Id, Action = RestoreAction.RollBack }, Outcome = ChangeOutcome.Done };
        var transaction = new TransactionResult { Checkpoint = "before-1", Outcome = outcome, IsWhole = whole, Message = message, Steps = [step] };
        var result = Result with
        {
            Transaction = transaction,
            Resources = [Ended(Db, ChangeOutcome.RolledBack), Ended(Web, ChangeOutcome.Failed) with { Message = "full" }],
        };
        using var text = new StringWriter();
        ResultRenderer.WriteSums(result, new StyledWriter(text, color: false));
        ResultRenderer.WriteFailures(result, new StyledWriter(text, color: false));
        Assert.Contains("1 failed, 1 rolled back in", text.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("error: instance/web: create failed: full\n" + wanted, text.ToString(), StringComparison.Ordinal);

        var json = JsonSerializer.Serialize(EventDocument.From(result), JsonDocuments.Lines.EventDocument);
        Assert.Contains($"\"transaction\":{{\"outcome\":\"{outcome.ToString().ToLowerInvariant()}\",\"whole\":{(whole ? "true" : "false")},\"checkpoint\":\"before-1\",\"checkpoint_left\":false", json, StringComparison.Ordinal);
    }

    private static async Task ReportAll(IApplyProgress progress)
    {
        await using (progress)
        {
            foreach (var happened in Events)
                progress.Report(happened);
        }
    }

    /// <summary>The lines that a terminal shows after this text, down to the cursor.</summary>
    private static List<string> Screen(string text)
    {
        List<string> lines = [""];
        var (row, saved) = (0, 0);
        foreach (Match part in Part().Matches(text))
        {
            switch (part.Value)
            {
                case "\n":
                    if (++row == lines.Count)
                        lines.Add("");
                    break;
                case "\r":
                    break;
                case "\e7":
                    saved = row;
                    break;
                case "\e8":
                    row = saved;
                    break;
                case "\e[J":
                    lines.RemoveRange(row + 1, lines.Count - row - 1);
                    lines[row] = "";
                    break;
                case [.., 'A'] up when up[0] == '\e':
                    row -= int.Parse(up[2..^1], CultureInfo.InvariantCulture);
                    break;
                case ['\e', ..]:
                    break;
                default:
                    lines[row] += part.Value;
                    break;
            }
        }
        return lines;
    }

    private static ResourceResult Ended(ResourceChange change, ChangeOutcome outcome, double seconds = 0) =>
        new() { Change = change, Outcome = outcome, Duration = TimeSpan.FromSeconds(seconds) };

    [GeneratedRegex("\e[78]|\e\\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escape();

    [GeneratedRegex("\e[78]|\e\\[[0-9;?]*[A-Za-z]|[\n\r]|[^\e\n\r]+")]
    private static partial Regex Part();
}
