using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Logs;

namespace IncusCompose.Integration.Tests.Logs;

/// <summary>What instances wrote to console and journal.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class StackLogTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        var down = await _bench.DownAsync("logged");
        await _bench.DisposeAsync();
        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
    }

    [Fact]
    public async Task The_console_is_read_running_and_stopped_and_what_says_nothing_is_named()
    {
        await UpAsync("logone", "logtwo");
        await WriteAsync("logone", "first", "\\033[1msecond\\033[0m");
        var notes = new List<string>();

        var lines = await ReadAsync(new LogOptions(), notes);
        await _bench.Client.Instances.StopAsync("logone", force: true).CompleteAsync();
        var stopped = await ReadAsync(new LogOptions { Tail = 1 }, []);

        Assert.Equal([("logone", "first"), ("logone", "second")], lines.Select(line => (line.Instance, line.Text)));
        Assert.All(lines, line => Assert.Equal((LogSource.Console, null), (line.Source, line.Time)));
        Assert.Equal(["logtwo: nothing new is on its console, and it has no journal"], notes);
        Assert.Equal(["second"], stopped.Select(line => line.Text));
    }

    [Fact]
    public async Task What_has_no_time_is_left_out_where_a_time_is_asked_for_and_that_is_said()
    {
        await UpAsync("logone");
        await WriteAsync("logone", "undated");
        var notes = new List<string>();

        Assert.Empty(await ReadAsync(new LogOptions { Since = DateTimeOffset.UtcNow }, notes));

        Assert.Matches("^logone: what it wrote to its console since its start at .* has no times, and is left out$", Assert.Single(notes));
    }

    [Fact]
    public async Task What_is_written_from_now_on_is_streamed_over_a_restart()
    {
        await UpAsync("logone", "logtwo");
        await WriteAsync("logone", "before");
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var lines = _bench.Engine.ReadLogAsync(_bench.Client, "logged", null, new LogOptions { Follow = true }, null, end.Token).GetAsyncEnumerator(end.Token);

        Assert.Equal("before", await NextAsync());
        await WriteAsync("logtwo", "live");
        Assert.Equal("live", await NextAsync());
        Assert.NotNull(lines.Current.Time);
        await _bench.Client.Instances.RestartAsync("logtwo", force: true).CompleteAsync();
        await WriteAsync("logtwo", "again");
        Assert.Equal("again", await NextAsync());

        // One that is made meanwhile, and one that is made anew under its name.
        for (var round = 1; round <= 2; round++)
        {
            await UpAsync("logone", "logtwo", "logthree");
            await WriteAsync("logthree", $"new {round}");
            Assert.Equal($"new {round}", await NextAsync());
            Assert.Equal("logthree", lines.Current.Instance);
            await _bench.Client.Instances.StopAsync("logthree", force: true).CompleteAsync();
            await _bench.Client.Instances.DeleteAsync("logthree").CompleteAsync();
        }

        async Task<string> NextAsync()
        {
            Assert.True(await lines.MoveNextAsync());
            return lines.Current.Text;
        }
    }

    [Fact]
    public async Task What_never_ends_a_line_comes_in_pieces()
    {
        await UpAsync("logone");
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var lines = _bench.Engine.ReadLogAsync(_bench.Client, "logged", null, new LogOptions { Follow = true }, null, end.Token).GetAsyncEnumerator(end.Token);
        var next = lines.MoveNextAsync();
        // Opened when the log is followed: only then is what is written streamed.
        await _bench.ShellAsync("logone", "(sleep 1; head -c 200000 /dev/zero | tr '\\0' x >/dev/console) >/dev/null 2>&1 &");
        Assert.True(await next);
        Assert.InRange(lines.Current.Text.Length, 64 * 1024, 128 * 1024);
        // To its end: a writer that is left in the middle holds up the console, and with it the stop of the container.
        for (var read = lines.Current.Text.Length; read < 200_000 - (64 * 1024); read += lines.Current.Text.Length)
        {
            Assert.True(await lines.MoveNextAsync());
            Assert.Equal(lines.Current.Text.Length, lines.Current.Text.Count(c => c == 'x'));
        }

        await _bench.ShellAsync("logone", "echo >/dev/console");
        Assert.True(await lines.MoveNextAsync());
    }

    [Fact]
    public async Task A_console_that_was_followed_is_free_again()
    {
        await UpAsync("logone");
        for (var round = 0; round < 10; round++)
        {
            await using var console = await _bench.Client.Instances.OpenConsoleAsync("logone");
            var buffer = new byte[256];
            var read = console.ReadAsync(buffer).AsTask();
            await WriteAsync("logone", $"round {round}");
            Assert.StartsWith($"round {round}", System.Text.Encoding.UTF8.GetString(buffer, 0, await read), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_console_that_somebody_else_has_is_followed_once_it_is_free()
    {
        await UpAsync("logone");
        var other = await _bench.Client.Instances.OpenConsoleAsync("logone");
        var said = new TaskCompletionSource<string>();
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var lines = _bench.Engine.ReadLogAsync(_bench.Client, "logged", null, new LogOptions { Follow = true }, Hear, end.Token).GetAsyncEnumerator(end.Token);
        var next = lines.MoveNextAsync().AsTask();
        Assert.Contains("somebody else has it open", await said.Task.WaitAsync(end.Token), StringComparison.Ordinal);

        await other.DisposeAsync();
        while (!next.IsCompleted)
        {
            await WriteAsync("logone", "free");
            await Task.WhenAny(next, Task.Delay(100, end.Token));
        }

        Assert.True(await next);
        Assert.Equal("free", lines.Current.Text);

        void Hear(string instance, string text)
        {
            if (text.Contains("followed yet", StringComparison.Ordinal))
                said.TrySetResult(text);
        }
    }

    [SystemImageFact]
    public async Task A_journal_is_read_by_time_with_who_wrote_it_and_goes_on()
    {
        var image = await fixture.Lab.SystemImageAsync();
        await _bench.UpAsync($"name: logged\ninstances: {{logdeb: {{image: {image}}}, logone: {{image: busybox}}}}\n");
        await Eventually.GetAsync(() => _bench.ShellAsync("logdeb", "systemctl is-system-running || true"), state => state is "running" or "degraded");
        await _bench.ShellAsync("logdeb", "logger -t shop -p user.err 'the first'");
        var since = DateTimeOffset.UtcNow;
        await _bench.ShellAsync("logdeb", "logger -t shop 'the second'");
        await _bench.ShellAsync("logdeb", "journalctl --sync");
        var journal = new LogOptions { Sources = [LogSource.Journal] };

        var all = await ReadAsync(journal, []);
        var late = await ReadAsync(journal with { Since = since }, []);
        var last = await ReadAsync(journal with { Tail = 3 }, []);

        var first = Assert.Single(all, line => line.Text == "the first");
        Assert.Equal(("shop", 3), (first.Identifier, first.Priority));
        Assert.Equal(all.OrderBy(line => line.Time), all);
        Assert.Contains(all, line => line.Identifier == "systemd");
        Assert.Equal("the second", Assert.Single(late, line => line.Identifier == "shop").Text);
        Assert.Equal(all.TakeLast(3), last);
        Assert.Equal(last, await ReadAsync(journal with { Tail = 3, Since = all[0].Time }, []));

        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var lines = _bench.Engine.ReadLogAsync(_bench.Client, "logged", ["logdeb"], journal with { Follow = true, Tail = 1 }, null, end.Token).GetAsyncEnumerator(end.Token);
        Assert.True(await lines.MoveNextAsync());
        await _bench.ShellAsync("logdeb", "logger -t shop 'the third'");
        while (lines.Current.Text != "the third")
            Assert.True(await lines.MoveNextAsync());
    }

    private Task UpAsync(params string[] names) =>
        _bench.UpAsync($"name: logged\ninstances: {{{string.Join(", ", names.Select(name => $"{name}: {{image: busybox}}"))}}}\n");

    private async Task WriteAsync(string instance, params string[] lines)
    {
        foreach (var line in lines)
            await _bench.ShellAsync(instance, $"printf '{line}\\n' >/dev/console");
    }

    private async Task<List<LogLine>> ReadAsync(LogOptions options, List<string> notes)
    {
        var lines = new List<LogLine>();
        await foreach (var line in _bench.Engine.ReadLogAsync(_bench.Client, "logged", null, options, Note))
            lines.Add(line);
        return lines;

        void Note(string instance, string text)
        {
            lock (notes)
                notes.Add($"{instance}: {text}");
        }
    }
}
