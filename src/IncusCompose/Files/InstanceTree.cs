using System.Runtime.CompilerServices;
using Incus.Client;

namespace IncusCompose.Files;

/// <summary>A file or directory of an instance, to be read.</summary>
internal sealed class InstanceTree : IFileSource
{
    private readonly InstanceFiles _files;
    private readonly string _instance;
    private readonly string _path;
    private readonly InstanceFileEntry _root;

    private InstanceTree(InstanceFiles files, string instance, string path, InstanceFileEntry root, string name)
    {
        _files = files;
        _instance = instance;
        _path = path;
        _root = root;
        Name = name;
    }

    public string Name { get; }

    public bool IsDirectory => _root.Kind == InstanceFileKind.Directory;

    /// <summary>
    /// A path that begins at the root, as a path without a slash before it does too, without <c>.</c> and <c>..</c> between its
    /// names. What is said at its end, <c>/.</c> or a slash, stays.
    /// </summary>
    public static string Normalize(string path)
    {
        var names = new List<string>();
        foreach (var name in path.Split('/'))
        {
            if (name == ".." && names.Count > 0)
                names.RemoveAt(names.Count - 1);
            else if (name is not ("" or "." or ".."))
                names.Add(name);
        }

        var end = names.Count == 0 ? "" : path.EndsWith("/.", StringComparison.Ordinal) ? "/." : path.EndsWith('/') ? "/" : "";
        return "/" + string.Join('/', names) + end;
    }

    /// <exception cref="IncusNotFoundException">There is nothing.</exception>
    public static async Task<InstanceTree> OpenAsync(InstanceFiles files, string instance, string path, bool followLink, CancellationToken cancellationToken)
    {
        var (clean, content, directory) = SourcePath.Read(Normalize(path), '/');
        var root = await files.FindAsync(clean, followLink || directory, cancellationToken).ConfigureAwait(false)
            ?? throw new IncusNotFoundException($"there is no {path} in instance {instance}");
        if (directory && root.Kind != InstanceFileKind.Directory)
            throw new FileCopyException($"{clean} in instance {instance} is no directory: leave out what stands behind its name");
        if (root.Kind == InstanceFileKind.Other)
            throw new FileCopyException($"{clean} in instance {instance} is a device, a socket or a named pipe: only files, directories and links can be copied");
        return new InstanceTree(files, instance, clean, root, content ? "" : SourcePath.NameOf(clean, '/'));
    }

    public IAsyncEnumerable<CopiedFile> ReadAsync(Action<string> skipped, CancellationToken cancellationToken) =>
        ReadAsync(_root, _path, "", skipped, cancellationToken);

    private async IAsyncEnumerable<CopiedFile> ReadAsync(
        InstanceFileEntry entry, string path, string below, Action<string> skipped, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (CopiedFile.Of(entry, below) is not { } copied)
        {
            skipped(path);
            yield break;
        }

        yield return copied with
        {
            Target = copied.Kind == CopiedKind.Link ? await _files.ReadLinkAsync(path, cancellationToken).ConfigureAwait(false) : "",
            OpenAsync = cancel => ValueTask.FromResult<Stream>(new PartsStream(_files.ReadAsync(path, cancel))),
        };
        if (copied.Kind != CopiedKind.Directory)
            yield break;
        var entries = await _files.ListAsync(path, cancellationToken).ConfigureAwait(false);
        foreach (var child in entries.OrderBy(child => child.Name, StringComparer.Ordinal))
        {
            // The agent of a virtual machine may answer what it likes; a name must not lead out of its directory.
            if (child.Name is "" or "." or ".." || child.Name.AsSpan().ContainsAny('/', '\0'))
                throw new FileCopyException($"instance {_instance} says that {path} holds something with the name \"{child.Name}\", which is none");
            var childPath = path == "/" ? path + child.Name : $"{path}/{child.Name}";
            await foreach (var file in ReadAsync(child, childPath, below.Length == 0 ? child.Name : $"{below}/{child.Name}", skipped, cancellationToken).ConfigureAwait(false))
                yield return file;
        }
    }
}
