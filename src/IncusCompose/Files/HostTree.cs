using System.Runtime.CompilerServices;
using Incus.Client;

namespace IncusCompose.Files;

/// <summary>A file or directory of this machine, to be read.</summary>
internal sealed class HostTree : IFileSource
{
    private readonly string _path;
    private readonly InstanceFileEntry _root;

    private HostTree(string path, InstanceFileEntry root, string name)
    {
        _path = path;
        _root = root;
        Name = name;
    }

    public string Name { get; }

    public bool IsDirectory => _root.Kind == InstanceFileKind.Directory;

    /// <exception cref="FileCopyException">There is nothing that could be copied.</exception>
    public static HostTree Open(string path, bool followLink, bool keepOwner)
    {
        if (keepOwner && !OperatingSystem.IsLinux())
            throw new FileCopyException("the owners of this machine's files are only known on Linux: copy without them");
        var (clean, content, directory) = SourcePath.Read(path, Path.DirectorySeparatorChar);
        var root = HostFileSystem.Find(clean, followLink || directory) ?? throw new FileCopyException($"there is no {path} on this machine");
        if (directory && root.Kind != InstanceFileKind.Directory)
            throw new FileCopyException($"{clean} on this machine is no directory: leave out what stands behind its name");
        if (root.Kind == InstanceFileKind.Other)
            throw new FileCopyException($"{clean} on this machine is a device, a socket or a named pipe: only files, directories and links can be copied");
        return new HostTree(clean, root, content ? "" : SourcePath.NameOf(Path.GetFullPath(clean), Path.DirectorySeparatorChar));
    }

    public IAsyncEnumerable<CopiedFile> ReadAsync(Action<string> skipped, CancellationToken cancellationToken) =>
        ReadAsync(_root, _path, "", skipped, cancellationToken);

    private static async IAsyncEnumerable<CopiedFile> ReadAsync(
        InstanceFileEntry entry, string path, string below, Action<string> skipped, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (CopiedFile.Of(entry, below) is not { } copied)
        {
            skipped(path);
            yield break;
        }

        yield return copied with
        {
            Target = copied.Kind == CopiedKind.Link ? new FileInfo(path).LinkTarget ?? "" : "",
            OpenAsync = _ => ValueTask.FromResult<Stream>(File.OpenRead(path)),
        };
        if (copied.Kind != CopiedKind.Directory)
            yield break;
        foreach (var child in Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal))
        {
            // Deleted since it was listed.
            if (HostFileSystem.Find(child, followLink: false) is not { } found)
                continue;
            var name = Path.GetFileName(child);
            await foreach (var file in ReadAsync(found, child, below.Length == 0 ? name : $"{below}/{name}", skipped, cancellationToken).ConfigureAwait(false))
                yield return file;
        }
    }
}
