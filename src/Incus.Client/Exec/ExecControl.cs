using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>
/// Sends signals and window sizes to a running command. Give one in <see cref="ExecStreams.Control"/>; it serves one
/// command at a time.
/// </summary>
public sealed class ExecControl
{
    private readonly Lock gate = new();
    private Task lastSent = Task.CompletedTask;
    private TaskCompletionSource<ClientWebSocket> attached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends a signal to the command; waits until the command runs.</summary>
    /// <param name="signal">Signal number, such as 15 for SIGTERM.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it was sent. A command that has ended takes no notice.</returns>
    public Task SignalAsync(int signal, CancellationToken cancellationToken = default) =>
        SendAsync(new JsonObject { ["command"] = "signal", ["signal"] = signal }, cancellationToken);

    /// <summary>Tells an interactive command the size of its terminal; waits until the command runs.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it was sent. A command that has ended takes no notice.</returns>
    public Task ResizeAsync(int width, int height, CancellationToken cancellationToken = default) => SendAsync(
        new JsonObject
        {
            ["command"] = "window-resize",
            ["args"] = new JsonObject { ["width"] = $"{width}", ["height"] = $"{height}" },
        },
        cancellationToken);

    internal void Attach(ClientWebSocket socket) => attached.TrySetResult(socket);

    internal void Detach() => attached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static Task SendSignalAsync(ClientWebSocket socket, int signal, CancellationToken cancellationToken) =>
        SendAsync(socket, new JsonObject { ["command"] = "signal", ["signal"] = signal }, cancellationToken);

    private async Task SendAsync(JsonObject message, CancellationToken cancellationToken)
    {
        var socket = await attached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        Task sent;
        lock (gate)
            sent = lastSent = SendAfterAsync(lastSent, socket, message, cancellationToken);
        await sent.ConfigureAwait(false);
    }

    /// <summary>A websocket takes one message at a time.</summary>
    private static async Task SendAfterAsync(Task previous, ClientWebSocket socket, JsonObject message, CancellationToken cancellationToken)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await SendAsync(socket, message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The command has ended.
        }
    }

    private static Task SendAsync(ClientWebSocket socket, JsonObject message, CancellationToken cancellationToken) =>
        socket.SendAsync(
            System.Text.Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
}
