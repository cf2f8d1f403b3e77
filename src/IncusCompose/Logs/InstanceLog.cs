using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Incus.Client;
using IncusCompose.Readiness;

namespace IncusCompose.Logs;

/// <summary>What one instance has to say: its console and its journal, as they are and as they go on.</summary>
internal sealed class InstanceLog : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly IncusClient _client;
    private readonly LogOptions _options;
    private readonly Action<string, string> _note;
    private readonly bool _wantsConsole;
    private readonly bool _wantsJournal;
    private readonly ConsoleReader _consoleReader;
    private readonly JournalReader _journalReader;
    private readonly Channel<bool> _starts = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Instance _instance;
    private ConsoleStream? _console;
    private string _journal = "nothing is in its journal";
    private bool _hasJournal = true;
    private bool _saidAnything;
    private bool _mayFollow = true;
    private bool _toldOfConsole;

    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="options">Which lines to read.</param>
    /// <param name="note">Is told an instance's name and what a user should know about its log.</param>
    public InstanceLog(IncusClient client, Instance instance, LogOptions options, Action<string, string> note)
    {
        _client = client;
        _instance = instance;
        _options = options;
        _note = note;
        _wantsConsole = options.Sources?.Contains(LogSource.Console) ?? true;
        _wantsJournal = options.Sources?.Contains(LogSource.Journal) ?? true;
        _consoleReader = new ConsoleReader(client, instance.Name);
        _journalReader = new JournalReader(client, instance.Name);
    }

    /// <summary>The instance's name.</summary>
    public string Name => _instance.Name;

    private bool Runs => GateCheck.IsRunning(_instance.StatusCode);

    /// <summary>Where lines without a time stand among the others: none was written before that.</summary>
    public DateTimeOffset StartedAt => _instance.LastUsedAt;

    /// <summary>Takes the console of a running instance, before anything is read, so that nothing is missed in between.</summary>
    public async Task BeginToFollowAsync(CancellationToken cancellationToken)
    {
        _mayFollow = true;
        if (!_wantsConsole || !Runs)
            return;
        try
        {
            _console = await _client.Instances.OpenConsoleAsync(Name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            TellOfConsole(error);
        }
    }

    private void TellOfConsole(IncusException error)
    {
        _mayFollow = error is not (IncusForbiddenException or IncusNotFoundException);
        if (!_toldOfConsole)
            _note(Name, _mayFollow ? $"its console cannot be followed yet, perhaps since somebody else has it open: {error.Problem}" : $"its console cannot be followed: {error.Problem}");
        _toldOfConsole = true;
    }

    /// <summary>The lines that there are: one sequence for each place, oldest first.</summary>
    public IEnumerable<IAsyncEnumerable<LogLine>> Past(CancellationToken cancellationToken)
    {
        if (_wantsConsole)
            yield return PastConsoleAsync(cancellationToken);
        if (_wantsJournal)
            yield return PastJournalAsync(cancellationToken);
    }

    /// <summary>Says what a user should know who has seen no line of this instance.</summary>
    public void TellIfSilent()
    {
        if (_saidAnything || _options.Tail == 0 || _options.Since is not null || _options.Until is not null)
            return;
        _note(Name, (_wantsConsole, _wantsJournal) switch
        {
            (true, true) => $"nothing new is on its console, and {_journal}",
            (true, false) => "nothing new is on its console",
            _ => _journal,
        });
    }

    /// <summary>Says that the instance was started.</summary>
    public void Started() => _starts.Writer.TryWrite(true);

    /// <summary>Hands on what comes from now on, over restarts, until cancelled.</summary>
    public async Task FollowAsync(ChannelWriter<LogLine> lines, CancellationToken cancellationToken)
    {
        await Task.WhenAll(
            FollowConsoleAsync(lines, cancellationToken),
            Runs && _hasJournal && _wantsJournal ? HandOnAsync(_journalReader.FollowAsync(cancellationToken), lines, cancellationToken) : Task.CompletedTask).ConfigureAwait(false);
        await FollowStartsAsync(lines, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands on what comes from its next start on, until cancelled.</summary>
    public async Task FollowStartsAsync(ChannelWriter<LogLine> lines, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _starts.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            // Removed again; another one of its name may still be started.
            if (await _client.Instances.FindAsync(Name, cancellationToken).ConfigureAwait(false) is not { } found)
                continue;
            // The connection may have been away, and the instance have run all the while: then its journal goes on where it was.
            var runsOn = _journalReader.Cursor is not null && found.Value.LastUsedAt == StartedAt;
            _instance = found.Value;
            await BeginToFollowAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(
                FollowConsoleFromStartAsync(lines, cancellationToken),
                Runs && _wantsJournal
                    ? HandOnAsync(runsOn ? _journalReader.FollowAsync(cancellationToken) : _journalReader.FollowSinceAsync(StartedAt, cancellationToken), lines, cancellationToken)
                    : Task.CompletedTask).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_console is not null)
            await _console.DisposeAsync().ConfigureAwait(false);
        _console = null;
    }

    private async IAsyncEnumerable<LogLine> PastConsoleAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<LogLine> lines = [];
        try
        {
            lines = await _consoleReader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            _note(Name, $"its console's log cannot be read: {error.Problem}");
        }

        // All that can be said of lines without a time: they were written since the last start.
        if (lines.Count > 0 && (_options.Since > StartedAt || _options.Until < DateTimeOffset.UtcNow))
        {
            _note(Name, $"what it wrote to its console since its start at {StartedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss} has no times, and is left out");
            yield break;
        }

        foreach (var line in lines.TakeLast(_options.Tail ?? int.MaxValue))
        {
            _saidAnything = true;
            yield return line;
        }
    }

    private async IAsyncEnumerable<LogLine> PastJournalAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Runs)
        {
            _journal = $"its journal can be read while it runs: it is {_instance.Status.ToLowerInvariant()}";
            yield break;
        }

        var lines = _journalReader.ReadAsync(_options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var ending = lines.ConfigureAwait(false);
        while (true)
        {
            try
            {
                if (!await lines.MoveNextAsync().ConfigureAwait(false))
                    yield break;
            }
            catch (IncusNotFoundException)
            {
                _hasJournal = false;
                _journal = "it has no journal";
                yield break;
            }
            catch (IncusException error)
            {
                _hasJournal = false;
                _journal = "its journal cannot be read";
                _note(Name, $"its journal cannot be read: {error.Problem}");
                yield break;
            }

            _saidAnything = true;
            yield return lines.Current;
        }
    }

    private async Task FollowConsoleFromStartAsync(ChannelWriter<LogLine> lines, CancellationToken cancellationToken)
    {
        if (_wantsConsole)
        {
            try
            {
                foreach (var line in await _consoleReader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    await lines.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException)
            {
                // It stopped again.
            }
        }

        await FollowConsoleAsync(lines, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Follows the console until the instance stops; where somebody else has it, or took it away, as soon as it is free.</summary>
    private async Task FollowConsoleAsync(ChannelWriter<LogLine> lines, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; _wantsConsole && Runs && _mayFollow; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (_console is { } console)
            {
                var any = false;
                await foreach (var line in _consoleReader.FollowAsync(console, cancellationToken).ConfigureAwait(false))
                {
                    any = true;
                    pause = FirstPause;
                    await lines.WriteAsync(line, cancellationToken).ConfigureAwait(false);
                }

                if (!any && await console.ErrorAsync(cancellationToken).ConfigureAwait(false) is { } error)
                    TellOfConsole(error);
                await DisposeAsync().ConfigureAwait(false);
            }

            // No event tells that a console is free.
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            if (!await RunsOnAsync(cancellationToken).ConfigureAwait(false))
                return;
            await BeginToFollowAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>False where it stopped or was started again, and where the server is away: its next start, or the server's return, is told.</summary>
    private async Task<bool> RunsOnAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = (await _client.Instances.FindAsync(Name, cancellationToken).ConfigureAwait(false))?.Value;
            return now is not null && GateCheck.IsRunning(now.StatusCode) && now.LastUsedAt == StartedAt;
        }
        catch (IncusException)
        {
            return false;
        }
    }

    private static async Task HandOnAsync(IAsyncEnumerable<LogLine> source, ChannelWriter<LogLine> lines, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in source.ConfigureAwait(false))
                await lines.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // It stopped, or has no journal.
        }
    }
}
