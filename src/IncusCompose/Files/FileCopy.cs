using Incus.Client;

namespace IncusCompose.Files;

/// <summary>Files cannot be copied as asked; the message says which and why.</summary>
public sealed class FileCopyException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which file and why.</param>
    /// <param name="inner">The cause, or null.</param>
    public FileCopyException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>How files are copied.</summary>
public sealed record FileCopyOptions
{
    /// <summary>
    /// Keep owner and group by number and, on this machine, set-user-id and set-group-id bits. Without it what is new belongs
    /// to root in an instance, and on this machine to whoever copies. Permissions and time are kept in any case.
    /// </summary>
    public bool KeepOwner { get; init; }

    /// <summary>Where the source itself is a link, copy what it leads to. Links below it are copied as links in any case.</summary>
    public bool FollowLink { get; init; }
}

/// <summary>What was copied.</summary>
public sealed record FileCopyResult
{
    /// <summary>Files, hard links included.</summary>
    public int Files { get; init; }

    /// <summary>Directories, those that were there already included.</summary>
    public int Directories { get; init; }

    /// <summary>Symbolic links.</summary>
    public int Links { get; init; }

    /// <summary>Bytes of content.</summary>
    public long Bytes { get; init; }

    /// <summary>What was not copied, or not whole, and why, for people to read: devices, sockets and named pipes are left out.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>The end of a copy that is not in the instance: a path of this machine, or a tar archive that streams.</summary>
public sealed class HostFiles
{
    private HostFiles(string? path, Stream? archive)
    {
        Path = path;
        Archive = archive;
    }

    internal string? Path { get; }

    internal Stream? Archive { get; }

    /// <summary>A file or directory.</summary>
    /// <param name="path">Its path; <c>/.</c> at its end means what is in it.</param>
    public static HostFiles At(string path) => new(path, null);

    /// <summary>A tar archive, without compression; need not be seekable.</summary>
    /// <param name="archive">It is read or written to its end, and stays open.</param>
    public static HostFiles InArchive(Stream archive) => new(null, archive);
}

/// <summary>
/// Copies files between an instance and this machine, with the rules of <c>docker cp</c> for what the copy is called: into
/// a directory that is there under the source's own name, or under the name that was given where nothing is.
/// </summary>
internal static class FileCopy
{
    public static async Task<FileCopyResult> FromInstanceAsync(
        IncusClient client, string instance, string source, HostFiles to, FileCopyOptions options, CancellationToken cancellationToken)
    {
        var files = await client.Instances.OpenFilesAsync(instance, cancellationToken).ConfigureAwait(false);
        await using var opened = files.ConfigureAwait(false);
        var tree = await InstanceTree.OpenAsync(files, instance, source, options.FollowLink, cancellationToken).ConfigureAwait(false);
        if (to.Archive is { } archive)
        {
            var written = new ArchiveSink(archive, tree.Name);
            await using var ending = written.ConfigureAwait(false);
            return await CopyAsync(tree, written, cancellationToken).ConfigureAwait(false);
        }

        var root = await CopyTarget.ResolveAsync(
            to.Path!, tree, path => Task.FromResult(HostFileSystem.KindOf(path, followLink: true)), "on this machine", System.IO.Path.DirectorySeparatorChar).ConfigureAwait(false);
        return await CopyAsync(tree, new HostSink(root, options.KeepOwner), cancellationToken).ConfigureAwait(false);
    }

    public static async Task<FileCopyResult> ToInstanceAsync(
        IncusClient client, HostFiles from, string instance, string destination, FileCopyOptions options, CancellationToken cancellationToken)
    {
        // What is wrong here is told before the server is asked.
        IFileSource tree = from.Archive is { } archive ? new ArchiveTree(archive) : HostTree.Open(from.Path!, options.FollowLink, options.KeepOwner);
        var files = await client.Instances.OpenFilesAsync(instance, cancellationToken).ConfigureAwait(false);
        await using var opened = files.ConfigureAwait(false);
        var root = await CopyTarget.ResolveAsync(
            InstanceTree.Normalize(destination), tree, path => KindOfAsync(files, path, cancellationToken), $"in instance {instance}", '/').ConfigureAwait(false);
        return await CopyAsync(tree, new InstanceSink(files, instance, root, options.KeepOwner), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<InstanceFileKind?> KindOfAsync(InstanceFiles files, string path, CancellationToken cancellationToken) =>
        (await files.FindAsync(path, followLink: true, cancellationToken).ConfigureAwait(false))?.Kind;

    private static async Task<FileCopyResult> CopyAsync(IFileSource source, IFileSink sink, CancellationToken cancellationToken)
    {
        var result = new FileCopyResult();
        var notes = new List<string>();
        await foreach (var file in source.ReadAsync(path => notes.Add($"{path} is no file, directory or link: left out"), cancellationToken).ConfigureAwait(false))
        {
            long bytes = 0;
            var counted = file with { OpenAsync = async cancel => new MeteredStream(await file.OpenAsync(cancel).ConfigureAwait(false), count => bytes += count) };
            if (sink.Lost(file) is { } lost)
                notes.Add(lost);
            await sink.AddAsync(counted, cancellationToken).ConfigureAwait(false);
            result = file.Kind switch
            {
                CopiedKind.Directory => result with { Directories = result.Directories + 1 },
                CopiedKind.Link => result with { Links = result.Links + 1 },
                _ => result with { Files = result.Files + 1, Bytes = result.Bytes + bytes },
            };
        }

        await sink.FinishAsync(cancellationToken).ConfigureAwait(false);
        return result with { Notes = notes };
    }
}
