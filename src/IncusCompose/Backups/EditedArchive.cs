using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using IncusCompose.Streams;

namespace IncusCompose.Backups;

/// <summary>
/// A tar archive as another one has it, byte by byte, but for one small file in it that is changed on the way. (Taking it
/// apart and making it anew would not keep every attribute of the files of an instance.)
/// </summary>
/// <param name="archive">The archive, not compressed; is disposed with this stream.</param>
/// <param name="isWanted">True for the path of the file to change.</param>
/// <param name="edit">Its new content.</param>
internal sealed class EditedArchive(Stream archive, Func<string, bool> isWanted, Func<byte[], byte[]> edit) : ReadStream
{
    private const int Block = 512;
    private const int LongestFile = 64 * 1024 * 1024;
    private const int LongestExtension = 1024 * 1024;

    // What is to be handed out next, then how many bytes are to be passed on as they are.
    private ReadOnlyMemory<byte> _ready;
    private long _passing;
    private long? _extendedSize;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ready.IsEmpty && _passing == 0 && !_ended)
            await NextAsync(cancellationToken).ConfigureAwait(false);
        if (!_ready.IsEmpty)
        {
            var count = Math.Min(buffer.Length, _ready.Length);
            _ready[..count].CopyTo(buffer);
            _ready = _ready[count..];
            return count;
        }

        if (_ended)
            return await archive.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        var passed = await archive.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _passing)], cancellationToken).ConfigureAwait(false);
        if (passed == 0 && buffer.Length > 0)
            throw new EndOfStreamException("the archive ends in the middle of a file");
        _passing -= passed;
        return passed;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            archive.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Looks at the next entry. Format: POSIX pax and ustar, GNU's long names and sizes.</summary>
    private async Task NextAsync(CancellationToken cancellationToken)
    {
        var header = new byte[Block];
        var read = await archive.ReadAtLeastAsync(header, Block, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read < Block || header.All(octet => octet == 0))
        {
            // The end mark, and whatever fills up the archive behind it.
            _ready = header.AsMemory(0, read);
            _ended = true;
            return;
        }

        var type = (char)header[156];
        var size = type is 'x' or 'g' ? SizeOf(header) : _extendedSize ?? SizeOf(header);
        if (type == 'x' && size <= LongestExtension)
        {
            var extension = await ReadContentAsync(size, cancellationToken).ConfigureAwait(false);
            _extendedSize = ExtendedSize(extension.AsSpan(0, (int)size));
            _ready = (byte[])[.. header, .. extension];
            return;
        }

        if (type is '0' or '\0' && isWanted(NameOf(header)) && size <= LongestFile)
        {
            var content = edit((await ReadContentAsync(size, cancellationToken).ConfigureAwait(false))[..(int)size]);
            SetSize(header, content.Length);
            _ready = (byte[])[.. header, .. content, .. new byte[Padded(content.Length) - content.Length]];
        }
        else
        {
            _ready = header;
            _passing = Padded(size);
        }

        if (type is not ('g' or 'L' or 'K'))
            _extendedSize = null;
    }

    private async Task<byte[]> ReadContentAsync(long size, CancellationToken cancellationToken)
    {
        var content = new byte[Padded(size)];
        await archive.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        return content;
    }

    private static long Padded(long size) => (size + Block - 1) / Block * Block;

    private static string NameOf(ReadOnlySpan<byte> header)
    {
        var name = Text(header[..100]);
        var prefix = header[257..262].SequenceEqual("ustar"u8) && header[262] == 0 ? Text(header[345..500]) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static long SizeOf(ReadOnlySpan<byte> header)
    {
        var field = header[124..136];
        if ((field[0] & 0x80) != 0)
            return BinaryPrimitives.ReadInt64BigEndian(field[4..]);
        var digits = Text(field).Trim();
        return digits.Length == 0 ? 0 : Convert.ToInt64(digits, 8);
    }

    private static void SetSize(Span<byte> header, long size)
    {
        Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0') + '\0', header[124..136]);
        // The sum of all octets, its own field counted as blanks.
        header[148..156].Fill((byte)' ');
        var sum = 0;
        foreach (var octet in header)
            sum += octet;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header[148..156]);
    }

    /// <summary>The size that a pax header names for the entry behind it: too long for the entry's own field.</summary>
    private static long? ExtendedSize(ReadOnlySpan<byte> records)
    {
        while (records.Length > 0)
        {
            var blank = records.IndexOf((byte)' ');
            if (blank < 1 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length <= blank || length > records.Length)
                return null;
            var record = records[(blank + 1)..length];
            if (record.StartsWith("size="u8) && long.TryParse(record["size=".Length..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                return size;
            records = records[length..];
        }

        return null;
    }
}
