using System.Formats.Tar;
using System.Runtime.CompilerServices;

namespace IncusCompose.Files;

/// <summary>What is in a tar archive that streams.</summary>
internal sealed class ArchiveTree(Stream archive) : IFileSource
{
    public string Name => "";

    public bool IsDirectory => true;

    public async IAsyncEnumerable<CopiedFile> ReadAsync(Action<string> skipped, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new TarReader(archive, leaveOpen: true);
        await using var ending = reader.ConfigureAwait(false);
        while (await NextAsync(reader, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            var path = PathOf(entry.Name);
            CopiedKind? kind = entry.EntryType switch
            {
                TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => CopiedKind.File,
                TarEntryType.Directory => CopiedKind.Directory,
                TarEntryType.SymbolicLink => CopiedKind.Link,
                TarEntryType.HardLink => CopiedKind.HardLink,
                _ => null,
            };
            if (kind is null || (path.Length == 0 && kind != CopiedKind.Directory))
            {
                skipped(entry.Name);
                continue;
            }

            yield return new CopiedFile
            {
                Path = path,
                Kind = kind.Value,
                Mode = (int)entry.Mode,
                Uid = (uint)entry.Uid,
                Gid = (uint)entry.Gid,
                Size = entry.Length,
                Modified = entry.ModificationTime,
                Target = kind == CopiedKind.HardLink ? PathOf(entry.LinkName) : entry.LinkName,
                OpenAsync = _ => ValueTask.FromResult(entry.DataStream ?? Stream.Null),
            };
        }
    }

    private static async ValueTask<TarEntry?> NextAsync(TarReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new FileCopyException($"what was given is no tar archive without compression: {error.Message}", error);
        }
    }

    /// <summary>The path below the place to unpack to; a name must not lead out of it.</summary>
    private static string PathOf(string name)
    {
        var names = name.Split('/').Where(part => part is not ("" or ".")).ToList();
        return names.Contains("..")
            ? throw new FileCopyException($"the archive holds \"{name}\", which leads out of the place to unpack to: make it without \"..\"")
            : string.Join('/', names);
    }
}
