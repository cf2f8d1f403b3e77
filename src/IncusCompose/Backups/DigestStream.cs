using System.Security.Cryptography;
using IncusCompose.Streams;

namespace IncusCompose.Backups;

/// <summary>Passes on what is read from another stream, and digests and counts it on the way.</summary>
internal sealed class DigestStream(Stream inner, Action<long>? counted = null) : ReadStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>How many bytes have been read.</summary>
    public long Count { get; private set; }

    /// <summary>The SHA-256 of what has been read, in hexadecimal.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = inner.Read(buffer);
        Take(buffer[..count]);
        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Take(buffer.Span[..count]);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }

    private void Take(ReadOnlySpan<byte> data)
    {
        _hash.AppendData(data);
        Count += data.Length;
        counted?.Invoke(Count);
    }
}
