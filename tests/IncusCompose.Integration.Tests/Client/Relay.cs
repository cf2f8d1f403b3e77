using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>Passes bytes between clients and a real daemon, and can cut or stall the connections: a network that fails on demand.
/// Keeps what the clients send where that is wanted.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Socket listener;
    private readonly Func<Socket> connect;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<Socket, bool> sockets = new();
    private volatile TaskCompletionSource flowing = Flowing();
    private volatile bool accepting = true;
    private volatile string? forbidden;
    private volatile Tuple<string, Func<Task>>? before;
    private volatile ConcurrentQueue<MemoryStream>? sent;

    private Relay(Socket listener, Func<Socket> connect)
    {
        this.listener = listener;
        this.connect = connect;
        listener.Listen();
        _ = AcceptAsync();
    }

    /// <summary>Listens on a Unix socket for a daemon's Unix socket.</summary>
    public static Relay Unix(string path, string target)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        return new Relay(listener, () =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(target));
            return socket;
        });
    }

    /// <summary>Listens on a free port of 127.0.0.1 for a daemon's port there.</summary>
    public static Relay Tcp(int targetPort)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return new Relay(listener, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(System.Net.IPAddress.Loopback, targetPort);
            return socket;
        });
    }

    public int Port => ((System.Net.IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Breaks every connection, and until <see cref="Restore"/> each new one.</summary>
    public void Cut()
    {
        accepting = false;
        BreakConnections();
    }

    /// <summary>Breaks every connection; new ones work.</summary>
    public void BreakConnections()
    {
        foreach (var socket in sockets.Keys)
            socket.Dispose();
        sockets.Clear();
    }

    public void Restore() => accepting = true;

    /// <summary>Answers requests that begin so (such as <c>GET /1.0/events</c>) with 403, as a server with other rules would.
    /// Looks at the first request of a connection.</summary>
    public void Forbid(string beginning) => forbidden = beginning;

    /// <summary>Does something when the server answers the next request that begins so, before its client hears of the answer.</summary>
    public void BeforeAnswer(string beginning, Func<Task> act) => before = Tuple.Create(beginning, act);

    /// <summary>Keeps what is sent on each new connection. Over a Unix socket each request has one of its own.</summary>
    public void Record() => sent = new ConcurrentQueue<MemoryStream>();

    /// <summary>The body of the one recorded request that begins like this, such as <c>POST /1.0/instances?</c>.</summary>
    public JsonElement BodyOf(string request)
    {
        var text = Assert.Single(sent!.Select(TextOf), text => text.StartsWith(request, StringComparison.Ordinal));
        return JsonDocument.Parse(text[text.IndexOf('{', text.IndexOf("\r\n\r\n", StringComparison.Ordinal))..(text.LastIndexOf('}') + 1)]).RootElement;

        static string TextOf(MemoryStream recorded)
        {
            lock (recorded)
                return Encoding.UTF8.GetString(recorded.ToArray());
        }
    }

    /// <summary>Lets no more bytes pass; connections stay.</summary>
    public void Stall() => flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask DisposeAsync()
    {
        stop.Cancel();
        flowing.TrySetResult();
        listener.Dispose();
        Cut();
        stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(stop.Token);
                if (!accepting)
                {
                    client.Dispose();
                    continue;
                }
                sockets[client] = true;
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            var count = await client.ReceiveAsync(buffer);
            if (forbidden is { } beginning && Encoding.ASCII.GetString(buffer, 0, count).StartsWith(beginning, StringComparison.Ordinal))
            {
                await client.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                client.Shutdown(SocketShutdown.Send);
                return;
            }
            await flowing.Task;
            // Not before there is something to send: Incus accepts nothing more until it has read from a new connection.
            var server = connect();
            sockets[server] = true;
            var turn = new Turn();
            turn.Act = ToDoFor(buffer.AsSpan(0, count));
            var record = sent is null ? null : new MemoryStream();
            if (record is not null)
                sent!.Enqueue(record);
            Keep(buffer.AsSpan(0, count));
            await server.SendAsync(buffer.AsMemory(0, count));
            _ = PumpAsync(server, client, _ => turn.TakeAct());
            await PumpAsync(client, server, request =>
            {
                turn.Act ??= ToDoFor(request.Span);
                Keep(request.Span);
                return null;
            });

            void Keep(ReadOnlySpan<byte> bytes)
            {
                if (record is null)
                    return;
                lock (record)
                    record.Write(bytes);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            client.Dispose();
        }
    }

    private Func<Task>? ToDoFor(ReadOnlySpan<byte> request)
    {
        if (before is not { } wanted || !Encoding.ASCII.GetString(request).StartsWith(wanted.Item1, StringComparison.Ordinal))
            return null;
        before = null;
        return wanted.Item2;
    }

    private async Task PumpAsync(Socket from, Socket to, Func<Memory<byte>, Func<Task>?> look)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                if (look(buffer.AsMemory(0, count)) is { } act)
                    await act();
                await flowing.Task;
                await to.SendAsync(buffer.AsMemory(0, count));
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            from.Dispose();
            to.Dispose();
        }
    }

    private static TaskCompletionSource Flowing()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    /// <summary>What is to be done before the answer that a connection waits for.</summary>
    private sealed class Turn
    {
        private Func<Task>? act;

        public Func<Task>? Act { get => Volatile.Read(ref act); set => Volatile.Write(ref act, value); }

        public Func<Task>? TakeAct() => Interlocked.Exchange(ref act, null);
    }
}
