namespace Incus.Client;

/// <summary>
/// A connection on which all that came is read, also where the other side has closed it since. A websocket answers each ping as
/// it reads it; where that answer cannot be sent any more, .NET gives up the messages behind the ping too, and so what a command
/// wrote would be lost. Nothing is told of such writes: reading ends by itself then.
/// </summary>
internal sealed class ReadToEndStream(Stream inner) : ConnectionStream
{
    // Before that, a write that fails is a connection that could not be made.
    private volatile bool answered;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException) when (answered)
        {
            // Closed by the other side.
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        answered |= count > 0;
        return count;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException) when (answered)
        {
            // As for writes.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
