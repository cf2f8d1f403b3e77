using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>
/// One command in an instance: its websockets for standard input, output, error and control
/// (doc/instance-exec.md; an empty text message marks the end of a stream).
/// </summary>
internal sealed class ExecSession(ApiCaller caller, string instance, ExecRequest request, ExecStreams streams)
{
    private const int ChunkSize = 64 * 1024;
    private const int SignalKill = 9;
    private const int CommandNotFound = 127;
    private const int CommandNotExecutable = 126;

    /// <summary>How long killing the command may take when the caller has given up.</summary>
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(5);

    /// <summary>Whether the command wrote anything, to whichever stream.</summary>
    private bool wrote;

    public async Task<ExecResult> RunAsync(string url, CancellationToken cancellationToken)
    {
        var operation = await caller.StartAsync(HttpMethod.Post, url, BodyOf(request), null, cancellationToken).ConfigureAwait(false);
        var secrets = OperationSockets.SecretsOf(operation.Info);
        using var stopInput = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopOutput = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var collectedOutput = streams.StandardOutput is null ? new MemoryStream() : null;
        using var collectedError = streams.StandardError is null && !request.Interactive ? new MemoryStream() : null;
        var sockets = new List<ClientWebSocket>();
        ClientWebSocket? control = null;
        try
        {
            // Control comes first: the server does not wait for it, so a short command would be over before.
            control = await OpenAsync(operation, secrets, "control", sockets, cancellationToken).ConfigureAwait(false);
            // As soon as these are open the command runs.
            var data = await Task.WhenAll((request.Interactive ? (string[])["0"] : ["0", "1", "2"])
                .Select(name => OpenAsync(operation, secrets, name, sockets, cancellationToken))).ConfigureAwait(false);
            streams.Control?.Attach(control);
            var input = SendInputAsync(data[0], stopInput.Token);
            var output = request.Interactive
                ? ReceiveAsync(data[0], streams.StandardOutput, collectedOutput, stopOutput)
                : Task.WhenAll(
                    ReceiveAsync(data[1], streams.StandardOutput, collectedOutput, stopOutput),
                    ReceiveAsync(data[2], streams.StandardError, collectedError, stopOutput));
            Watch(control, stopInput.Token);
            await output.ConfigureAwait(false);
            await stopInput.CancelAsync().ConfigureAwait(false);
            ObserveInput(input);
            // A terminal stays open, and with it the operation, until both sides have closed it.
            if (request.Interactive)
                data[0].Dispose();
            var outcome = await WaitAsync(operation, cancellationToken).ConfigureAwait(false);
            return Result(outcome, collectedOutput, collectedError);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await KillAsync(control).ConfigureAwait(false);
            await operation.CancelAsync(CancellationToken.None).ConfigureAwait(false);
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            streams.Control?.Detach();
            await stopInput.CancelAsync().ConfigureAwait(false);
            lock (sockets)
            {
                foreach (var socket in sockets)
                    socket.Dispose();
            }
        }
    }

    internal static JsonObject BodyOf(ExecRequest request)
    {
        var body = new JsonObject
        {
            ["command"] = IncusJson.ToArray(request.Command),
            ["wait-for-websocket"] = true,
            ["interactive"] = request.Interactive,
            ["environment"] = IncusJson.ToObject(request.Environment ?? IncusResource.NoConfig),
            ["user"] = request.User,
            ["group"] = request.Group,
            ["cwd"] = request.WorkingDirectory ?? "",
        };
        if (request is { Interactive: true, Width: > 0, Height: > 0 })
        {
            body["width"] = request.Width;
            body["height"] = request.Height;
        }
        return body;
    }

    private async Task<ClientWebSocket> OpenAsync(
        IncusOperation operation, Dictionary<string, string> secrets, string name, List<ClientWebSocket> opened, CancellationToken cancellationToken)
    {
        var socket = await OperationSockets.OpenAsync(caller, operation, secrets, name, cancellationToken).ConfigureAwait(false);
        lock (opened)
            opened.Add(socket);
        return socket;
    }

    /// <summary>Sends standard input and then its end. A command that ends earlier ends this too.</summary>
    private async Task SendInputAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        if (streams.StandardInput is { } source)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
            try
            {
                int count;
                while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken)
                        .ConfigureAwait(false);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        else if (request.Interactive)
        {
            return; // A terminal has no end of file to send; the command ends by itself.
        }
        await socket.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives a stream to its end. Where that cannot go on, the other one is not waited for: the command would wait for its reader.</summary>
    private async Task ReceiveAsync(ClientWebSocket socket, Stream? given, MemoryStream? collected, CancellationTokenSource stop)
    {
        try
        {
            await ReceiveAsync(socket, given ?? collected!, given is null ? streams.LargestOutput : long.MaxValue, stop.Token).ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ReceiveAsync(ClientWebSocket socket, Stream destination, long most, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
                if (part.MessageType != WebSocketMessageType.Binary)
                    break; // The end mark, or the connection's own end.
                wrote |= part.Count > 0;
                if ((most -= part.Count) < 0)
                    throw new IncusException($"\"{request}\" in instance {instance} wrote more than {streams.LargestOutput} bytes, and was ended", "Take its output as it comes, as a stream, or have it write into a file");
                await destination.WriteAsync(buffer.AsMemory(0, part.Count), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (WebSocketException)
        {
            // The server closes without a farewell when the command is over; the operation tells how it ended.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the control stream, on which only pings come; unread, they would stop the connection.</summary>
    private static void Watch(ClientWebSocket control, CancellationToken cancellationToken) => _ = Task.Run(
        async () =>
        {
            var buffer = new byte[256];
            try
            {
                while ((await control.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
                {
                    // Nothing is said here.
                }
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The command is over.
            }
        },
        CancellationToken.None);

    /// <summary>The outcome, also when the server calls exit codes 126 and 127 an error.</summary>
    private static async Task<OperationInfo> WaitAsync(IncusOperation operation, CancellationToken cancellationToken)
    {
        try
        {
            return await operation.WaitAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusOperationException) when (ExitCodeOf(operation.Info) is CommandNotFound or CommandNotExecutable)
        {
            return operation.Info;
        }
    }

    private ExecResult Result(OperationInfo outcome, MemoryStream? output, MemoryStream? error)
    {
        var exitCode = ExitCodeOf(outcome)
            ?? throw new IncusException($"The server did not say how the command {request} in {instance} ended") { Operation = outcome.Id };
        // A shell that did not find something says so itself; the server says it of the command given here.
        if (outcome.StatusCode != StatusCode.Success && !wrote)
        {
            throw exitCode == CommandNotFound
                ? new IncusNotFoundException(
                    $"There is no command \"{request}\" in instance {instance}", "Check its name and the PATH of the instance, or give the full path")
                {
                    Operation = outcome.Id,
                    ServerMessage = outcome.Err,
                }
                : new IncusOperationException($"\"{request}\" in instance {instance} can not be executed", "Check its permissions (chmod +x) and that it is a program")
                {
                    Operation = outcome.Id,
                    ServerMessage = outcome.Err,
                };
        }
        return new ExecResult(exitCode, Text(output), Text(error));
    }

    private static int? ExitCodeOf(OperationInfo info) =>
        info.Metadata is { ValueKind: JsonValueKind.Object } metadata && metadata.TryGetProperty("return", out var code) && code.TryGetInt32(out var value)
            ? value
            : null;

    private static string? Text(MemoryStream? stream) =>
        stream is null ? null : Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);

    /// <summary>A user's stream may not react to cancellation (a console does not): it is left behind, its failure seen.</summary>
    private static void ObserveInput(Task input) =>
        input.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private static async Task KillAsync(ClientWebSocket? control)
    {
        if (control is null)
            return;
        using var limit = new CancellationTokenSource(KillTime);
        try
        {
            await ExecControl.SendSignalAsync(control, SignalKill, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Already over; and closing the control stream kills it too.
        }
    }
}
