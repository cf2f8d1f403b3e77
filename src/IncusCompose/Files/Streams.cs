using IncusCompose.Streams;

namespace IncusCompose.Files;

/// <summary>Parts that come one after the other, as one stream.</summary>
internal sealed class PartsStream(IAsyncEnumerable<ReadOnlyMemory<byte>> parts) : ReadStream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _parts = parts.GetAsyncEnumerator();
    private ReadOnlyMemory<byte> _rest;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await _parts.MoveNextAsync().ConfigureAwait(false))
                return 0;
            _rest = _parts.Current;
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>Counts what is read, and closes what it reads from.</summary>
internal sealed class MeteredStream(Stream inner, Action<int> counted) : ReadStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        counted(count);
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>
/// Just so many bytes of a file that somebody may be writing to: an archive says the size before the content. (Says that
/// it can be sought in, so that its length is believed; nobody seeks.)
/// </summary>
internal sealed class SizedStream(Stream inner, long size, string name) : ReadStream
{
    private long _position;

    public override bool CanSeek => true;

    public override long Length => size;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, size - _position);
        if (wanted == 0)
            return 0;
        var count = await inner.ReadAsync(buffer[..wanted], cancellationToken).ConfigureAwait(false);
        if (count == 0)
            throw new FileCopyException($"{name} became shorter while it was read: copy it once nobody writes to it");
        _position += count;
        return count;
    }
}
