using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Incus.Client;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>Passes everything on between a client and a real daemon, and keeps what the client sends. Over a Unix socket each request has a connection of its own.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly string _target;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-record-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<MemoryStream> _sent = new();

    /// <param name="target">The daemon's Unix socket.</param>
    public RecordingRelay(string target)
    {
        _target = target;
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _ = AcceptAsync();
    }

    private string SocketPath => Path.Combine(_folder.FullName, "socket");

    /// <summary>A client of the default project that goes through it.</summary>
    public Task<IncusClient> ConnectAsync() => IncusClient.ConnectAsync(ConnectionOptions.Unix(SocketPath));

    /// <summary>The body of the one request that begins like this, such as <c>POST /1.0/instances?</c>.</summary>
    public JsonElement BodyOf(string request)
    {
        var text = Assert.Single(_sent.Select(Text), text => text.StartsWith(request, StringComparison.Ordinal));
        return JsonDocument.Parse(text[text.IndexOf('{', text.IndexOf("\r\n\r\n", StringComparison.Ordinal))..(text.LastIndexOf('}') + 1)]).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        _end.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Text(MemoryStream sent)
    {
        lock (sent)
            return Encoding.UTF8.GetString(sent.ToArray());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassAsync(await _listener.AcceptAsync(_end.Token));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var sent = new MemoryStream();
        _sent.Enqueue(sent);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_target), _end.Token);
            await Task.WhenAny(CopyAsync(client, server, sent), CopyAsync(server, client, null));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two hung up.
        }

        client.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to, MemoryStream? record)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
        {
            if (record is not null)
            {
                lock (record)
                    record.Write(buffer, 0, count);
            }

            for (var done = 0; done < count;)
                done += await to.SendAsync(buffer.AsMemory(done, count - done), _end.Token);
        }
    }
}
