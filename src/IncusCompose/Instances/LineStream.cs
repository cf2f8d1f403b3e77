using System.Text;

namespace IncusCompose.Instances;

/// <summary>
/// Hands on what is written to it, UTF-8, line by line as each is complete. What follows the last line end comes with the
/// flush; what never ends comes in pieces of about <see cref="LongestLine"/>.
/// </summary>
/// <param name="write">Receives each line, without its end.</param>
public sealed class LineStream(Action<string> write) : Stream
{
    /// <summary>How many characters of a line are kept before they are handed on.</summary>
    public const int LongestLine = 64 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var text = new char[_decoder.GetCharCount(buffer, flush: false)];
        _decoder.GetChars(buffer, text, flush: false);
        var rest = text.AsSpan();
        for (int end; (end = rest.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
        {
            _line.Append(rest[..end]);
            HandOn();
        }

        _line.Append(rest);
        if (_line.Length >= LongestLine)
            HandOn();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (_line.Length > 0)
            HandOn();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void HandOn()
    {
        write(_line.ToString().TrimEnd('\r'));
        _line.Clear();
    }
}
