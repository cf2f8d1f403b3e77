using System.Net.Sockets;

namespace Incus.Client;

/// <summary>
/// A connection to a Unix socket that is made when the first bytes are to be sent. Incus reads from a new connection
/// before it accepts the next one, so one that is open and silent stops the daemon for everybody; the HTTP handler
/// leaves such ones behind when a request is cancelled while its connection is being made.
/// </summary>
internal sealed class UnixSocketStream(string path) : ConnectionStream
{
    private readonly TaskCompletionSource<NetworkStream> connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool disposed;
    private NetworkStream? stream;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var target = stream ?? await ConnectAsync(cancellationToken).ConfigureAwait(false);
        await target.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var source = await connected.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask; // Nothing is held back.

    protected override void Dispose(bool disposing)
    {
        disposed = true;
        stream?.Dispose();
        if (connected.TrySetException(new ObjectDisposedException(nameof(UnixSocketStream))))
            _ = connected.Task.Exception; // Seen, even if nobody waits to read.
        base.Dispose(disposing);
    }

    private async Task<NetworkStream> ConnectAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException or ArgumentOutOfRangeException)
                throw new IOException(exception.Message, exception);
            throw;
        }
        stream = new NetworkStream(socket, ownsSocket: true);
        connected.TrySetResult(stream);
        if (disposed)
            await stream.DisposeAsync().ConfigureAwait(false);
        return stream;
    }
}
