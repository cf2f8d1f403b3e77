using System.Formats.Tar;

namespace IncusCompose.Files;

/// <summary>Writes a tar archive as a stream; owners, modes and times are those in the instance.</summary>
/// <param name="archive">Receives it, and stays open.</param>
/// <param name="name">What the copy is called in the archive; empty: what is in it lies in the archive itself.</param>
internal sealed class ArchiveSink(Stream archive, string name) : IFileSink, IAsyncDisposable
{
    private readonly TarWriter _writer = new(archive, TarEntryFormat.Pax, leaveOpen: true);

    public async Task AddAsync(CopiedFile file, CancellationToken cancellationToken)
    {
        var path = string.Join('/', new[] { name.Length == 0 ? "." : name, file.Path }.Where(part => part.Length > 0));
        var entry = new PaxTarEntry(
            file.Kind switch
            {
                CopiedKind.Directory => TarEntryType.Directory,
                CopiedKind.Link => TarEntryType.SymbolicLink,
                _ => TarEntryType.RegularFile,
            },
            file.Kind == CopiedKind.Directory ? path + "/" : path)
        {
            Mode = (UnixFileMode)file.Mode,
            Uid = (int)file.Uid,
            Gid = (int)file.Gid,
            ModificationTime = file.Modified,
        };
        if (file.Kind == CopiedKind.Link)
            entry.LinkName = file.Target;
        if (file.Kind != CopiedKind.File)
        {
            await _writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
            return;
        }

        var content = await file.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var opened = content.ConfigureAwait(false);
        entry.DataStream = new SizedStream(content, file.Size, path);
        await _writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
    }

    public string? Lost(CopiedFile file) => null;

    public Task FinishAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
