using Incus.Client;

namespace IncusCompose.Files;

/// <summary>The path that a source itself is written to.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsNamed">
/// True where just that path was asked for; false where the source's own name was put behind it, so that what is there is as
/// little to be trusted as what is below.
/// </param>
internal readonly record struct CopyRoot(string Path, bool IsNamed);

/// <summary>What a copy is called where it goes.</summary>
internal static class CopyTarget
{
    /// <summary>The path that the source itself is written to.</summary>
    /// <param name="destination">What was asked for.</param>
    /// <param name="source">What is copied.</param>
    /// <param name="kindOf">What is at a path there, links followed; null: nothing.</param>
    /// <param name="place">Where that is, for messages.</param>
    /// <param name="separator">Between names of a path there.</param>
    /// <exception cref="FileCopyException">It cannot be written there.</exception>
    public static async Task<CopyRoot> ResolveAsync(
        string destination, IFileSource source, Func<string, Task<InstanceFileKind?>> kindOf, string place, char separator)
    {
        var trimmed = destination.TrimEnd(separator);
        var path = trimmed.Length == 0 ? separator.ToString() : trimmed;
        switch (await kindOf(path).ConfigureAwait(false))
        {
            case InstanceFileKind.Directory when source.Name.Length == 0:
                return new CopyRoot(path, IsNamed: true);
            case InstanceFileKind.Directory:
                return new CopyRoot(path == separator.ToString() ? path + source.Name : $"{path}{separator}{source.Name}", IsNamed: false);
            case InstanceFileKind.Other:
                throw Device(path, place);
            case not null when source.IsDirectory:
                throw new FileCopyException($"{path} {place} is no directory, and a directory cannot take its place: name another one");
            case not null when destination.EndsWith(separator):
                throw new FileCopyException($"{path} {place} is no directory: leave out the \"{separator}\" at its end");
            case not null:
                return new CopyRoot(path, IsNamed: true);
        }

        if (source is ArchiveTree)
            throw new FileCopyException($"there is no directory {path} {place} to unpack into: make it first");
        if (!source.IsDirectory && destination.EndsWith(separator))
            throw new FileCopyException($"there is no directory {path} {place}: make it first");
        var cut = path.LastIndexOf(separator);
        var parent = cut < 0 ? "." : cut == 0 ? separator.ToString() : path[..cut];
        return await kindOf(parent).ConfigureAwait(false) == InstanceFileKind.Directory
            ? new CopyRoot(path, IsNamed: true)
            : throw new FileCopyException($"there is no directory {parent} {place} to put {path[(cut + 1)..]} into: make it first");
    }

    /// <summary>That something is there which is no file, and which writing would change into something else.</summary>
    public static FileCopyException Device(string path, string place) =>
        new($"{path} {place} is a device, a socket or a named pipe, and nothing can take its place: name another one");
}
