using Incus.Client;

namespace IncusCompose.Files;

/// <summary>What a copied thing is.</summary>
internal enum CopiedKind
{
    File,
    Directory,
    Link,
    HardLink,
}

/// <summary>One thing on its way from where it is read to where it is written.</summary>
internal sealed record CopiedFile
{
    /// <summary>Where it is below what is copied, with slashes between names; empty for that itself.</summary>
    public required string Path { get; init; }

    public required CopiedKind Kind { get; init; }

    /// <summary>Permissions with set-user-id, set-group-id and sticky bits.</summary>
    public required int Mode { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>Bytes, as far as that is known beforehand.</summary>
    public long Size { get; init; }

    public DateTimeOffset Modified { get; init; }

    /// <summary>Where a symbolic link leads to; of a hard link the path, below what is copied, of the other name.</summary>
    public string Target { get; init; } = "";

    /// <summary>Opens the content of a file.</summary>
    public Func<CancellationToken, ValueTask<Stream>> OpenAsync { get; init; } = _ => ValueTask.FromResult(Stream.Null);

    /// <summary>Read, write and execute, without the bits that lend an owner's rights.</summary>
    public int Permissions => Mode & 0x1FF;

    /// <summary>A file as it is listed, without its content or where it leads to; null where it is none of the kinds that can be copied.</summary>
    /// <param name="entry">The file.</param>
    /// <param name="path">Where it is below what is copied.</param>
    public static CopiedFile? Of(InstanceFileEntry entry, string path) => KindOf(entry.Kind) is not { } kind ? null : new CopiedFile
    {
        Path = path,
        Kind = kind,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        Size = entry.Size,
        Modified = entry.Modified,
    };

    private static CopiedKind? KindOf(InstanceFileKind kind) => kind switch
    {
        InstanceFileKind.File => CopiedKind.File,
        InstanceFileKind.Directory => CopiedKind.Directory,
        InstanceFileKind.Link => CopiedKind.Link,
        _ => null,
    };
}

/// <summary>Where copied things come from, directories before what is in them.</summary>
internal interface IFileSource
{
    /// <summary>What it all is called where it is put into a directory; empty where only what is in it is wanted.</summary>
    string Name { get; }

    /// <summary>True where more than one file may come.</summary>
    bool IsDirectory { get; }

    /// <summary>Reads it all.</summary>
    /// <param name="skipped">Is told the path of what is none of the kinds that can be copied.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<CopiedFile> ReadAsync(Action<string> skipped, CancellationToken cancellationToken);
}

/// <summary>Where copied things go.</summary>
internal interface IFileSink
{
    /// <summary>Writes one.</summary>
    Task AddAsync(CopiedFile file, CancellationToken cancellationToken);

    /// <summary>What of one cannot be written, for people to read; null where it all can.</summary>
    string? Lost(CopiedFile file);

    /// <summary>Does what has to wait for the last one: a directory's time changes with what is put into it.</summary>
    Task FinishAsync(CancellationToken cancellationToken);
}
