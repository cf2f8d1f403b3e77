using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Incus.Client;

namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>
/// Stands between a client and a real daemon, and loses one of the requests that change something: on its way there, or its
/// answer on the way back, when the daemon has done (or begun) it; or answers one itself, in the words of a server
/// unlike this daemon. Over a Unix socket each request has a connection of its own.
/// </summary>
internal sealed class FaultyRelay : IAsyncDisposable
{
    private readonly string _target;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-relay-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, bool> _open = new();
    private readonly ConcurrentDictionary<string, string> _errors = new();
    private readonly ConcurrentDictionary<string, HeldRequest> _held = new();
    private readonly ConcurrentQueue<string> _changes = new();
    private int _served;
    private LostRequest? _lost;
    private int _seen;
    private volatile string? _failed;
    private volatile string[] _refused = [];
    private volatile string[] _unanswered = [];

    /// <param name="target">The daemon's Unix socket.</param>
    public FaultyRelay(string target)
    {
        _target = target;
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _ = AcceptAsync();
    }

    private string Path => System.IO.Path.Combine(_folder.FullName, "socket");

    /// <summary>A client of the default project that goes through it.</summary>
    public Task<IncusClient> ConnectAsync() => IncusClient.ConnectAsync(ConnectionOptions.Unix(Path));

    /// <summary>The request that was lost; null where it did not come to that.</summary>
    public string? Failed => _failed;

    /// <summary>What goes through just now: "number request".</summary>
    public IEnumerable<string> Open => _open.Keys.Order(StringComparer.Ordinal);

    /// <summary>The requests that came so far and change something, in their order.</summary>
    public IReadOnlyList<string> Changes => [.. _changes];

    /// <summary>Loses one request from now on; null for none.</summary>
    public void Lose(LostRequest? request)
    {
        (_seen, _failed, _lost) = (0, null, request);
    }

    /// <summary>Loses every request from now on that begins like one of these, however often it is tried again.</summary>
    public void Refuse(params string[] requests) => _refused = requests;

    /// <summary>Passes every request on from now on that begins like one of these, and loses the answer.</summary>
    public void LoseAnswers(params string[] requests) => _unanswered = requests;

    /// <summary>Answers the next request to an address with an error, and does not pass it on.</summary>
    /// <param name="request">Method and address, such as <c>PUT /1.0/instances/web?project=shop</c>.</param>
    /// <param name="error">What the server says.</param>
    public void Answer(string request, string error) => _errors[request] = error;

    /// <summary>Keeps the next request to an address back until it may go on, and the daemon's answer to it until there is one.</summary>
    /// <param name="request">Method and address.</param>
    public HeldRequest Hold(string request) => _held[request] = new HeldRequest();

    public ValueTask DisposeAsync()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync(_end.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            var open = "";
            try
            {
                var buffer = new byte[64 * 1024];
                var count = await client.ReceiveAsync(buffer);
                // A request that was cancelled before it was sent. The daemon would wait for it, and hear nobody else meanwhile.
                if (count == 0)
                    return;
                var request = Encoding.ASCII.GetString(buffer, 0, count).Split(" HTTP/")[0];
                if (_errors.TryRemove(request, out var error))
                {
                    var answer = $"{{\"type\":\"error\",\"error\":\"{error}\",\"error_code\":400}}";
                    await client.SendAsync(Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\nConnection: close\r\n\r\n{answer}"));
                    while (await client.ReceiveAsync(buffer) > 0)
                    {
                        // The rest of the request, which nobody wants.
                    }

                    return;
                }

                var refused = Array.Exists(_refused, start => request.StartsWith(start, StringComparison.Ordinal));
                var unanswered = Array.Exists(_unanswered, start => request.StartsWith(start, StringComparison.Ordinal));
                var lost = _lost;
                var fails = refused || unanswered;
                if (IsChange(request))
                {
                    _changes.Enqueue(request);
                    fails |= lost?.Is(request) == true && Interlocked.Increment(ref _seen) == lost.Time;
                }

                if (fails)
                    _failed = request;
                _open[open = $"{Interlocked.Increment(ref _served):000000} {request}"] = true;
                if (refused || (fails && !unanswered && lost?.Afterwards != true))
                    return;
                if (_held.TryRemove(request, out var held))
                    await held.KeepAsync();
                // Not before there is something to send: the daemon would wait for it, and hear nobody else meanwhile.
                await server.ConnectAsync(new UnixDomainSocketEndPoint(_target));
                await server.SendAsync(buffer.AsMemory(0, count));
                // The body may come after the headers.
                var sending = PumpAsync(client, server);
                if (held is not null)
                {
                    count = await server.ReceiveAsync(buffer);
                    held.End();
                    await client.SendAsync(buffer.AsMemory(0, count));
                }

                if (fails)
                    await server.ReceiveAsync(buffer);
                else
                    await Task.WhenAny(PumpAsync(server, client), sending.ContinueWith(_ => Task.Delay(Timeout.Infinite, _end.Token), TaskScheduler.Default).Unwrap());
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One of the two is gone.
            }
            finally
            {
                _open.TryRemove(open, out _);
            }
        }
    }

    private static bool IsChange(string request) =>
        request.StartsWith("POST ", StringComparison.Ordinal) || request.StartsWith("PUT ", StringComparison.Ordinal)
        || request.StartsWith("PATCH ", StringComparison.Ordinal) || request.StartsWith("DELETE ", StringComparison.Ordinal);

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer)) > 0)
            await to.SendAsync(buffer.AsMemory(0, count));
    }
}

/// <summary>A request that gets lost.</summary>
/// <param name="Is">Whether one is meant: method and address, with the query.</param>
/// <param name="Time">Which of them, from 1.</param>
/// <param name="Afterwards">True to pass it on, and lose the answer.</param>
internal sealed record LostRequest(Func<string, bool> Is, int Time, bool Afterwards);

/// <summary>A request on its way that is kept back.</summary>
internal sealed class HeldRequest
{
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the request has come.</summary>
    public Task Come => _come.Task;

    /// <summary>Lets it go on, and waits until the daemon has answered.</summary>
    public Task PassOnAsync()
    {
        _goes.SetResult();
        return _ended.Task;
    }

    internal Task KeepAsync()
    {
        _come.SetResult();
        return _goes.Task;
    }

    internal void End() => _ended.SetResult();
}
