using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Incus.Client.Tests;

public sealed class WebSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public async Task What_came_before_the_other_side_closed_is_read_though_its_ping_cannot_be_answered()
    {
        var path = Path.Combine(_folder, "socket");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var serving = ServeAsync(listener);
        await using var connection = IncusConnection.Unopened(new ConnectionOptions { Addresses = [$"unix://{path}"] }, $"unix://{path}");

        using var socket = await connection.OpenWebSocketAsync("/1.0/operations/a/websocket", CancellationToken.None);
        await serving;

        var buffer = new byte[100];
        var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((WebSocketMessageType.Binary, "hello"), (part.MessageType, Encoding.ASCII.GetString(buffer, 0, part.Count)));
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Accepts a websocket, sends a ping and a message, and is gone.</summary>
    private static async Task ServeAsync(Socket listener)
    {
        using var stream = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var key = "";
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase))
                key = line.Split(':', 2)[1].Trim();
        }

        // RFC 6455, section 4.2.2, asks for SHA-1.
#pragma warning disable CA5350
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
        await stream.WriteAsync(new byte[] { 0x89, 0, 0x82, 5, (byte)'h', (byte)'e', (byte)'l', (byte)'l', (byte)'o' });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
