using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Incus.Client;

/// <summary>The kinds of message of SFTP, version 3 (draft-ietf-secsh-filexfer-02).</summary>
internal enum SftpKind : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    LinkStatus = 7,
    SetStatus = 9,
    SetHandleStatus = 10,
    OpenDirectory = 11,
    ReadDirectory = 12,
    Remove = 13,
    MakeDirectory = 14,
    FileStatus = 17,
    ReadLink = 19,
    SymbolicLink = 20,
    Outcome = 101,
    Handle = 102,
    Data = 103,
    Names = 104,
    Attributes = 105,
    Extended = 200,
}

/// <summary>Writes a message: numbers with their highest byte first, texts with their length before them.</summary>
internal sealed class SftpWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public SftpWriter Number(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public SftpWriter Number(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public SftpWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public SftpWriter Bytes(ReadOnlySpan<byte> value)
    {
        Number((uint)value.Length);
        _bytes.Write(value);
        return this;
    }

    public SftpWriter Attributes(FileAttributes? attributes, DateTimeOffset? modified = null)
    {
        var owner = attributes is { Uid: not null, Gid: not null };
        Number((owner ? SftpReader.HasOwner : 0) | (attributes?.Mode is not null ? SftpReader.HasMode : 0) | (modified is not null ? SftpReader.HasTimes : 0));
        if (owner)
            Number((uint)attributes!.Uid!.Value).Number((uint)attributes.Gid!.Value);
        if (attributes?.Mode is { } mode)
            Number((uint)mode);
        if (modified is { } time)
            Number((uint)time.ToUnixTimeSeconds()).Number((uint)time.ToUnixTimeSeconds());
        return this;
    }

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;
}

/// <summary>Reads an answer.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Content">What follows its number.</param>
internal sealed record SftpAnswer(SftpKind Kind, ReadOnlyMemory<byte> Content);

/// <summary>Reads the content of an answer from its beginning to its end.</summary>
internal ref struct SftpReader(ReadOnlySpan<byte> content)
{
    public const uint HasSize = 1;
    public const uint HasOwner = 2;
    public const uint HasMode = 4;
    public const uint HasTimes = 8;

    private ReadOnlySpan<byte> _rest = content;

    /// <exception cref="IncusException">The answer is shorter than it should be: a virtual machine's agent may answer what it likes.</exception>
    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public long Long() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public ReadOnlySpan<byte> Bytes() => Take((int)Math.Min(Number(), int.MaxValue));

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public InstanceFileEntry Attributes(string name)
    {
        var flags = Number();
        var size = (flags & HasSize) != 0 ? Long() : 0;
        var (uid, gid) = (flags & HasOwner) != 0 ? (Number(), Number()) : (0, 0);
        var mode = (flags & HasMode) != 0 ? Number() : 0;
        var modified = 0u;
        if ((flags & HasTimes) != 0)
        {
            Number();
            modified = Number();
        }

        return new InstanceFileEntry(name, KindOf(mode), (int)(mode & 0xFFF), uid, gid, size, DateTimeOffset.FromUnixTimeSeconds(modified));
    }

    // The file types of stat(2).
    private static InstanceFileKind KindOf(uint mode) => (mode & 0xF000) switch
    {
        0x8000 => InstanceFileKind.File,
        0x4000 => InstanceFileKind.Directory,
        0xA000 => InstanceFileKind.Link,
        _ => InstanceFileKind.Other,
    };

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new IncusException("What was answered about files of the instance ends too early", "Try again; in a virtual machine, restart its agent");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
