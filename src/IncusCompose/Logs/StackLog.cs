using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Incus.Client;
using IncusCompose.Operating;

namespace IncusCompose.Logs;

/// <summary>
/// The consoles and journals of a stack's instances as one log: what there is, merged by time, and then what comes, as it
/// comes. Nothing is asked again and again: what comes is streamed by the server, and its events tell of restarts and of
/// instances that are new.
/// </summary>
internal sealed class StackLog
{
    private const int MostWaiting = 1024;

    private readonly IncusClient _client;
    private readonly string _stack;
    private readonly IReadOnlyCollection<string> _names;
    private readonly LogOptions _options;
    private readonly Action<string, string> _note;
    private readonly ConcurrentDictionary<string, InstanceLog> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> _following = [];
    private readonly Channel<LogLine> _coming = Channel.CreateBounded<LogLine>(MostWaiting);

    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="names">The instances or definitions to read of; empty for all.</param>
    /// <param name="options">Which lines to read.</param>
    /// <param name="note">Is told an instance's name and what a user should know about its log.</param>
    public StackLog(IncusClient client, string stack, IReadOnlyCollection<string> names, LogOptions options, Action<string, string> note)
    {
        _client = client;
        _stack = stack;
        _names = names;
        _options = options;
        _note = note;
    }

    public async IAsyncEnumerable<LogLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var events = _options.Follow ? _client.Events.ReadAsync([EventTypes.Lifecycle], end.Token).GetAsyncEnumerator(end.Token) : null;
        // The events come first, so that nothing falls between them and the list.
        var happened = events?.MoveNextAsync().AsTask();
        var watch = Task.CompletedTask;
        try
        {
            var first = (await StackInstances.FindAsync(_client, _stack, cancellationToken).ConfigureAwait(false))
                .Select(_names).Select(live => LogOf((Instance)live.Raw)).ToList();
            if (_options.Follow)
                await Task.WhenAll(first.Select(log => log.BeginToFollowAsync(cancellationToken))).ConfigureAwait(false);
            if (happened is not null)
                watch = WatchStartsAsync(events!, happened, end.Token);

            await foreach (var line in MergeAsync(first, end.Token).ConfigureAwait(false))
                yield return line;
            foreach (var log in first)
                log.TellIfSilent();
            if (!_options.Follow)
                yield break;

            foreach (var log in first)
                _following.Add(FollowAsync(log.FollowAsync(_coming.Writer, end.Token)));
            await foreach (var line in _coming.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return line;
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ((Task?)happened ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (events is not null)
                await events.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(_following).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var log in _logs.Values)
                await log.DisposeAsync().ConfigureAwait(false);
        }
    }

    private InstanceLog LogOf(Instance instance) => _logs.GetOrAdd(instance.Name, _ => new InstanceLog(_client, instance, _options, _note));

    /// <summary>All that there is, by time. Each journal is sorted already, so that no more than a line of each is held.</summary>
    private static async IAsyncEnumerable<LogLine> MergeAsync(List<InstanceLog> logs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var startedAt = logs.ToDictionary(log => log.Name, log => log.StartedAt, StringComparer.Ordinal);
        var sources = logs.SelectMany(log => log.Past(cancellationToken)).Select(lines => lines.GetAsyncEnumerator(cancellationToken)).ToList();
        try
        {
            var begun = await Task.WhenAll(sources.Select(source => source.MoveNextAsync().AsTask())).ConfigureAwait(false);
            var next = new PriorityQueue<int, (DateTimeOffset Time, int Source)>();
            for (var source = 0; source < sources.Count; source++)
            {
                if (begun[source])
                    next.Enqueue(source, (TimeOf(sources[source].Current), source));
            }

            while (next.TryDequeue(out var source, out _))
            {
                yield return sources[source].Current;
                if (await sources[source].MoveNextAsync().ConfigureAwait(false))
                    next.Enqueue(source, (TimeOf(sources[source].Current), source));
            }
        }
        finally
        {
            foreach (var source in sources)
                await source.DisposeAsync().ConfigureAwait(false);
        }

        DateTimeOffset TimeOf(LogLine line) => line.Time ?? startedAt[line.Instance];
    }

    /// <summary>Follows one instance; what goes wrong there ends the whole log.</summary>
    private async Task FollowAsync(Task following)
    {
        try
        {
            await following.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _coming.Writer.TryComplete(error);
            throw;
        }
    }

    /// <summary>Tells instances that they were started, and follows those that are new.</summary>
    private async Task WatchStartsAsync(IAsyncEnumerator<IncusEvent> events, Task<bool> next, CancellationToken cancellationToken)
    {
        for (; await next.ConfigureAwait(false); next = events.MoveNextAsync().AsTask())
        {
            // Where events may have been missed, each may have been started, and others made.
            if (events.Current.Lifecycle is not { } happened)
            {
                await FollowNewAsync(cancellationToken).ConfigureAwait(false);
                foreach (var log in _logs.Values)
                    log.Started();
            }
            else if (happened.Action is "instance-started" or "instance-restarted" && happened.Project == _client.Project)
            {
                if (!_logs.ContainsKey(happened.Name))
                    await FollowNewAsync(cancellationToken).ConfigureAwait(false);
                _logs.GetValueOrDefault(happened.Name)?.Started();
            }
        }
    }

    /// <summary>Follows the stack's instances that were made meanwhile, from their start on: only the server knows whose one is.</summary>
    private async Task FollowNewAsync(CancellationToken cancellationToken)
    {
        try
        {
            var instances = await StackInstances.FindAsync(_client, _stack, cancellationToken).ConfigureAwait(false);
            foreach (var live in instances.Among(_names).Where(live => !_logs.ContainsKey(live.Id.Name)))
                _following.Add(FollowAsync(LogOf((Instance)live.Raw).FollowStartsAsync(_coming.Writer, cancellationToken)));
        }
        catch (Exception error) when (error is StackNotFoundException or IncusException)
        {
            // It has none just now, or the server is away: the next start tells.
        }
    }
}
