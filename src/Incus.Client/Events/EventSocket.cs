using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Incus.Client;

/// <summary>
/// The one events websocket of a connection. It never lets its reader wait for a listener: the server disconnects
/// clients that read too slowly.
/// </summary>
internal sealed class EventSocket(IncusConnection connection) : IAsyncDisposable
{
    /// <summary>Events a slow listener may lag behind before it is told that it missed some.</summary>
    private const int ListenerCapacity = 8192;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private readonly Dictionary<string, List<OperationWatch>> watches = new(StringComparer.Ordinal);
    private readonly FinalOperations finals = new(capacity: 1024);
    private readonly List<Listener> listeners = [];
    private Task? loop;
    private TaskCompletionSource<bool>? opened;
    private bool unavailable;
    private bool disposed;
    private string? scope;
    private long generation;
    private bool isOpen;

    /// <summary>Number of the connection that is open now; 0 when none is. A change means that events were missed.</summary>
    public long Generation
    {
        get
        {
            lock (gate)
                return isOpen ? generation : 0;
        }
    }

    /// <summary>Opens the websocket if it was not opened yet.</summary>
    /// <param name="project">Project to listen to where the server refuses all of them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="IncusUnreachableException">The server can not be reached.</exception>
    public Task<bool> EnsureOpenAsync(string project, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (disposed || unavailable || !connection.Options.UseEvents)
                return Task.FromResult(false);
            if (opened is null)
            {
                opened = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                var firstOpening = opened;
                loop = Task.Run(() => RunAsync(project, firstOpening), CancellationToken.None);
            }
            return opened.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Begins to watch an operation.</summary>
    /// <returns>The watch, or null when no events come for the project.</returns>
    public OperationWatch? Watch(string id, string project)
    {
        lock (gate)
        {
            if (opened is null || unavailable || disposed || (scope is not null && scope != project))
                return null;
            var watch = new OperationWatch(this, id);
            if (!watches.TryGetValue(id, out var list))
                watches[id] = list = [];
            list.Add(watch);
            if (finals.Find(id) is { } info)
                watch.Send(new OperationNews(info));
            return watch;
        }
    }

    public void Forget(OperationWatch watch)
    {
        lock (gate)
        {
            if (watches.TryGetValue(watch.Id, out var list) && list.Remove(watch) && list.Count == 0)
                watches.Remove(watch.Id);
        }
    }

    /// <summary>The final description of an operation that ended lately; null when none came.</summary>
    public OperationInfo? FindFinal(string id)
    {
        lock (gate)
            return finals.Find(id);
    }

    /// <summary>Begins to listen to events. The channel ends with an exception when there are no events any more.</summary>
    public Listener Listen(IReadOnlyCollection<string>? types)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, connection);
            var listener = new Listener(types, ListenerCapacity);
            listeners.Add(listener);
            return listener;
        }
    }

    public void StopListening(Listener listener)
    {
        lock (gate)
            listeners.Remove(listener);
    }

    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            running = loop;
        }
        await closing.CancelAsync().ConfigureAwait(false);
        if (running is not null)
            await running.ConfigureAwait(false);
        EndAll(new ObjectDisposedException(nameof(IncusClient), "The connection was closed"));
        closing.Dispose();
    }

    /// <summary>Keeps the websocket open until the connection is closed, the server refuses, or it stays away too long.</summary>
    private async Task RunAsync(string project, TaskCompletionSource<bool> firstOpening)
    {
        var cancellationToken = closing.Token;
        var everOpened = false;
        try
        {
            while (true)
            {
                ClientWebSocket? socket;
                try
                {
                    socket = everOpened
                        ? await ReconnectAsync(project, cancellationToken).ConfigureAwait(false)
                        : await ConnectAsync(project, cancellationToken).ConfigureAwait(false);
                }
                catch (IncusException exception) when (exception is not IncusUnreachableException)
                {
                    BecomeUnavailable(exception);
                    firstOpening.TrySetResult(false);
                    return;
                }
                using (socket)
                {
                    BecomeOpen(everOpened);
                    everOpened = true;
                    firstOpening.TrySetResult(true);
                    await ReadAsync(socket, cancellationToken).ConfigureAwait(false);
                }
                lock (gate)
                    isOpen = false;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            firstOpening.TrySetResult(false);
        }
        catch (IncusUnreachableException exception)
        {
            // Not reached at first, or away for too long. The next one who needs events tries anew.
            lock (gate)
            {
                opened = null;
                isOpen = false;
            }
            EndAll(exception);
            firstOpening.TrySetException(exception);
            _ = firstOpening.Task.Exception; // Seen, even if nobody waits for it any more.
        }
    }

    private async Task<ClientWebSocket> ConnectAsync(string project, CancellationToken cancellationToken)
    {
        var types = $"type={EventTypes.Operation},{EventTypes.Lifecycle}";
        if (scope is null)
        {
            try
            {
                return await connection.OpenWebSocketAsync($"/1.0/events?all-projects=true&{types}", cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException exception) when (exception is not IncusUnreachableException && !ErrorMapping.IsStartingUp(exception))
            {
                // A client that is confined to projects may be refused all of them at once.
            }
        }
        var socket = await connection.OpenWebSocketAsync($"/1.0/events?project={Uri.EscapeDataString(project)}&{types}", cancellationToken).ConfigureAwait(false);
        lock (gate)
            scope = project;
        return socket;
    }

    private async Task<ClientWebSocket> ReconnectAsync(string project, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var delay = FirstDelay;
        while (true)
        {
            try
            {
                return await ConnectAsync(project, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException exception) when (
                (exception is IncusUnreachableException || ErrorMapping.IsStartingUp(exception))
                && TimeProvider.System.GetElapsedTime(started) < connection.Options.ReconnectTimeout)
            {
                await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
    }

    private async Task ReadAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        try
        {
            while (true)
            {
                buffer.ResetWrittenCount();
                ValueWebSocketReceiveResult result;
                do
                {
                    var memory = buffer.GetMemory(16 * 1024);
                    result = await socket.ReceiveAsync(memory, cancellationToken).ConfigureAwait(false);
                    if (result.MessageType == WebSocketMessageType.Close)
                        return;
                    buffer.Advance(result.Count);
                }
                while (!result.EndOfMessage);
                Dispatch(buffer.WrittenSpan);
            }
        }
        catch (Exception exception) when (ConnectionFailures.IsFailure(exception, cancellationToken))
        {
            // The loop opens another one.
        }
    }

    /// <summary>Hands one event on to whom it concerns.</summary>
    internal void Dispatch(ReadOnlySpan<byte> message)
    {
        IncusEvent? item;
        try
        {
            item = JsonSerializer.Deserialize(message, IncusJson.Default.IncusEvent);
        }
        catch (JsonException)
        {
            return; // Nothing that concerns us is written this way.
        }
        if (item is null)
            return;
        lock (gate)
        {
            if (item.Type == EventTypes.Operation && item.Operation is { } info)
            {
                if (info.IsFinal)
                    finals.Add(info);
                foreach (var watch in watches.GetValueOrDefault(info.Id) ?? [])
                    watch.Send(new OperationNews(info));
            }
            foreach (var listener in listeners)
                listener.Send(item);
        }
    }

    private void BecomeOpen(bool again)
    {
        lock (gate)
        {
            generation++;
            isOpen = true;
            if (!again)
                return;
            foreach (var watch in watches.Values.SelectMany(static list => list))
                watch.Send(OperationNews.ReadAgain);
            foreach (var listener in listeners)
                listener.Missed();
        }
    }

    private void BecomeUnavailable(IncusException reason)
    {
        lock (gate)
        {
            unavailable = true;
            isOpen = false;
            foreach (var watch in watches.Values.SelectMany(static list => list))
                watch.Send(OperationNews.NoEvents);
            foreach (var listener in listeners)
                listener.End(reason);
        }
    }

    private void EndAll(Exception reason)
    {
        lock (gate)
        {
            foreach (var watch in watches.Values.SelectMany(static list => list))
                watch.Send(new OperationNews(reason));
            foreach (var listener in listeners)
                listener.End(reason);
        }
    }

    /// <summary>Somebody who listens to events.</summary>
    internal sealed class Listener(IReadOnlyCollection<string>? types, int capacity)
    {
        private readonly Channel<IncusEvent> channel = Channel.CreateBounded<IncusEvent>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

        private bool missed;

        public ChannelReader<IncusEvent> Events => channel.Reader;

        public void Send(IncusEvent item)
        {
            if (types is not null && !types.Contains(item.Type))
                return;
            if (missed && !channel.Writer.TryWrite(new IncusEvent { Type = EventTypes.Reconnected, Timestamp = item.Timestamp }))
                return;
            missed = !channel.Writer.TryWrite(item);
        }

        public void Missed() => missed = !channel.Writer.TryWrite(new IncusEvent { Type = EventTypes.Reconnected, Timestamp = DateTimeOffset.UtcNow });

        public void End(Exception reason) => channel.Writer.TryComplete(reason);
    }
}
