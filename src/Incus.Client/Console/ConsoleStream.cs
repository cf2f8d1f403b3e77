using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>
/// What an instance writes to its console from now on (doc/instances_console.md), and what is typed there. The server gives
/// a console to one reader at a time. Disposing of it gives the console back.
/// </summary>
public sealed class ConsoleStream : IAsyncDisposable
{
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(1);

    private readonly ClientWebSocket control;
    private readonly ClientWebSocket data;
    private readonly IncusOperation operation;

    private ConsoleStream(IncusOperation operation, ClientWebSocket control, ClientWebSocket data)
    {
        this.operation = operation;
        this.control = control;
        this.data = data;
    }

    internal static async Task<ConsoleStream> OpenAsync(ApiCaller caller, string url, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["type"] = "console", ["width"] = 200, ["height"] = 50 };
        var operation = await caller.StartAsync(HttpMethod.Post, url, body, null, cancellationToken).ConfigureAwait(false);
        ClientWebSocket? control = null;
        try
        {
            var secrets = OperationSockets.SecretsOf(operation.Info);
            control = await OperationSockets.OpenAsync(caller, operation, secrets, "control", cancellationToken).ConfigureAwait(false);
            var data = await OperationSockets.OpenAsync(caller, operation, secrets, "0", cancellationToken).ConfigureAwait(false);
            return new ConsoleStream(operation, control, data);
        }
        catch
        {
            control?.Dispose();
            await operation.CancelAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for output.</summary>
    /// <param name="buffer">Receives it: bytes as the instance wrote them, with line ends and escapes of a terminal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many bytes came; 0 at the end: the instance stopped, or the console was taken away.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing more can be read.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                var part = await data.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (part.MessageType != WebSocketMessageType.Binary)
                    return 0;
                if (part.Count > 0)
                    return part.Count;
            }
        }
        catch (WebSocketException)
        {
            // The server closes without a farewell.
            return 0;
        }
    }

    /// <summary>Why there was no output at all: the server says so only when the console's operation has ended.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The server's error; null where the console ended well.</returns>
    public async Task<IncusException?> ErrorAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await operation.WaitAsync(null, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (IncusException exception)
        {
            return exception;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(CloseTime);
        foreach (var socket in (ClientWebSocket[])[data, control])
        {
            try
            {
                if (socket.State == WebSocketState.Open)
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or InvalidOperationException)
            {
                // Already over.
            }
            socket.Dispose();
        }

        // Until then the server refuses it to the next reader, and to us.
        try
        {
            using var end = new CancellationTokenSource(EndTime);
            await operation.WaitAsync(null, end.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IncusException or OperationCanceledException)
        {
            // However it ended, it is given back, or the server is slow to notice.
        }
    }
}
