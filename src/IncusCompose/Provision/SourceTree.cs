using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Files;
using IncusCompose.Loading;
using IncusCompose.Persistence;

namespace IncusCompose.Provision;

/// <summary>What something on this machine is.</summary>
internal enum SourceKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link that is taken as it is.</summary>
    Link,
}

/// <summary>Something on this machine that a step is made of.</summary>
/// <param name="Path">Its absolute path.</param>
/// <param name="Kind">What it is.</param>
/// <param name="CanRun">True for a file that its owner may run.</param>
/// <param name="LinkTarget">Where a link leads to, as it is written.</param>
internal sealed record SourceEntry(string Path, SourceKind Kind, bool CanRun = false, string? LinkTarget = null);

/// <summary>A file or folder of this machine that may not be read.</summary>
/// <param name="path">It.</param>
internal sealed class UnreadableSourceException(string path) : IOException($"{path} may not be read")
{
    /// <summary>It.</summary>
    public string Path { get; } = path;
}

/// <summary>The files on this machine that steps are made of, in an order that is the same everywhere.</summary>
internal static class SourceTree
{
    private const int MostEntries = 10_000;
    private const int MostOfContext = 1_000_000;
    private const long LargestFile = 1L << 30;
    private const int LongestScript = 4 * 1024 * 1024;

    /// <summary>The folders that Ansible looks into beside a playbook. Source: Ansible, "Sample directory layout" and "Where to put plugins".</summary>
    private static readonly HashSet<string> s_ansibleFolders = new(StringComparer.Ordinal)
    {
        "action_plugins", "become_plugins", "cache_plugins", "callback_plugins", "collections", "connection_plugins", "defaults", "files", "filter_plugins", "group_vars",
        "handlers", "host_vars", "inventory_plugins", "library", "lookup_plugins", "meta", "module_utils", "playbooks", "plugins", "roles", "strategy_plugins", "tasks", "templates", "test_plugins", "vars", "vars_plugins",
    };

    private static readonly string[] s_playbooks = [".yml", ".yaml"];

    private static readonly string[] s_ansibleFiles = [".json", ".cfg"];

    /// <summary>A file, or a folder with all that is in it, the folder itself left out.</summary>
    /// <exception cref="IOException">It is not there, cannot be read, or is too much.</exception>
    public static IReadOnlyList<SourceEntry> Read(string path)
    {
        if (File.Exists(path))
            return [FileAt(path)];
        RequireFolder(path);
        return Walk(path, static _ => true, followLinks: false);
    }

    /// <summary>What a builder is given of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isWanted">What of it counts, by its path from the folder on, with slashes; of a folder whether to look into it.</param>
    /// <exception cref="UnreadableSourceException">Something in it may not be read.</exception>
    /// <exception cref="IOException">It is not there, cannot be read, or is too much.</exception>
    public static IReadOnlyList<SourceEntry> OfContext(string folder, Func<string, FileSystemInfo, bool> isWanted)
    {
        RequireFolder(folder);
        return Walk(folder, entry => isWanted(Path.GetRelativePath(folder, entry.FullName).Replace('\\', '/'), entry), followLinks: false, MostOfContext, largest: long.MaxValue);
    }

    /// <summary>
    /// What a playbook is made of: it and all that lies beside it; other playbooks and task files where it names them. Where the
    /// stack file lies there too, only what Ansible looks for beside a playbook, since the rest may be anything.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<SourceEntry> OfPlaybook(string playbook, string? stackFolder, IReadOnlyCollection<string> stackFiles)
    {
        if (!File.Exists(playbook))
            throw Missing(playbook, "playbook");
        var folder = Path.GetDirectoryName(playbook)!;
        var isShared = stackFolder is not null && (stackFolder + "/").StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
        var named = NamedBy(playbook);
        return Walk(folder, entry => !IsLeftover(entry) && !stackFiles.Contains(entry.FullName) && (Path.GetDirectoryName(entry.FullName) != folder || entry switch
        {
            DirectoryInfo directory => !isShared || s_ansibleFolders.Contains(directory.Name),
            _ when s_playbooks.Contains(entry.Extension) => named.Contains(entry.FullName),
            _ => !isShared || s_ansibleFiles.Contains(entry.Extension),
        }), followLinks: true);
    }

    /// <summary>A playbook, and what lies beside it and is named in it, or in what is named in it.</summary>
    private static HashSet<string> NamedBy(string playbook)
    {
        var named = new HashSet<string>(StringComparer.Ordinal) { playbook };
        var beside = Readable(playbook, () => Directory.GetFiles(Path.GetDirectoryName(playbook)!).Where(file => s_playbooks.Contains(Path.GetExtension(file))).ToList());
        for (var unread = new Queue<string>([playbook]); unread.TryDequeue(out var next);)
        {
            var text = ReadText(next);
            foreach (var file in beside.Where(file => text.Contains(Path.GetFileName(file), StringComparison.Ordinal) && named.Add(file)))
                unread.Enqueue(file);
        }

        return named;
    }

    /// <summary>What a role is made of: all that is in its folder.</summary>
    /// <inheritdoc cref="Read"/>
    public static IReadOnlyList<SourceEntry> OfRole(string folder)
    {
        if (!Directory.Exists(folder))
            throw Missing(folder, "role");
        return Walk(folder, static entry => !IsLeftover(entry), followLinks: true);
    }

    /// <summary>A small file's text.</summary>
    /// <exception cref="IOException">It cannot be read, is too long, or is no text.</exception>
    public static string ReadText(string path) => Readable(path, () =>
        BoundedText.Read(path, LongestScript) ?? throw new IOException($"the file {path} is larger than 4 MiB; bring what is large in by `files`"));

    /// <summary>The digest of a file's content, however long it is.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string DigestOf(SourceEntry file) => Readable(file.Path, () =>
    {
        using var stream = File.OpenRead(file.Path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        for (int count; (count = stream.Read(buffer)) > 0;)
            hash.AppendData(buffer, 0, count);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    });

    /// <summary>Hidden files, and what Python and Ansible leave behind: no content.</summary>
    private static bool IsLeftover(FileSystemInfo entry) =>
        entry.Name.StartsWith('.') || entry.Name == "__pycache__" || entry.Extension is ".pyc" or ".retry";

    /// <param name="root">The folder.</param>
    /// <param name="wanted">What of it counts.</param>
    /// <param name="followLinks">What a link leads to counts, as Ansible takes it; else the link itself does.</param>
    /// <param name="most">How much it may hold.</param>
    /// <param name="largest">How large a file in it may be.</param>
    private static List<SourceEntry> Walk(string root, Func<FileSystemInfo, bool> wanted, bool followLinks, int most = MostEntries, long largest = LargestFile)
    {
        var found = new List<SourceEntry>();
        // Where those folders really are that it is in.
        var above = new HashSet<string>(StringComparer.Ordinal);
        Readable(root, () =>
        {
            Into(new DirectoryInfo(root), RealOf(root));
            return true;
        });
        return found;

        void Into(DirectoryInfo folder, string real)
        {
            if (!above.Add(real))
                throw new IOException($"{folder.FullName} leads back to {real}, which it lies in; take away the link on the way, or name another folder");
            foreach (var entry in Readable(folder.FullName, () => folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false }).OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList()))
            {
                if (!wanted(entry))
                    continue;
                if (found.Count == most)
                    throw new IOException($"the folder {root} holds more than {most} files and folders; name a smaller one");
                var target = entry.LinkTarget;
                if (target is not null && !(followLinks && HostFileSystem.KindOf(entry.FullName, followLink: true) is InstanceFileKind.File or InstanceFileKind.Directory))
                {
                    found.Add(new SourceEntry(entry.FullName, SourceKind.Link, LinkTarget: target));
                }
                else if (entry is DirectoryInfo inner)
                {
                    found.Add(new SourceEntry(inner.FullName, SourceKind.Folder));
                    Into(inner, target is null ? Path.Combine(real, inner.Name) : RealOf(inner.FullName));
                }
                else
                {
                    found.Add(FileAt(entry.FullName, largest));
                }
            }

            above.Remove(real);
        }
    }

    // Elsewhere a link that leads back ends with the number of files.
    private static string RealOf(string folder) => OperatingSystem.IsWindows() ? folder : RealPaths.Of(Path.GetFullPath(folder));

    private static SourceEntry FileAt(string path, long largest = LargestFile)
    {
        var file = HostFileSystem.Find(path, followLink: true) ?? throw Missing(path, "file");
        // To open a pipe is to wait for somebody who writes into it.
        if (file.Kind != InstanceFileKind.File)
            throw new IOException($"{path} is a device, a socket or a named pipe; name a file");
        if (file.Size > largest)
            throw new IOException($"the file {path} is larger than 1 GiB; put what is large on a volume");
        return new SourceEntry(path, SourceKind.File, !OperatingSystem.IsWindows() && (file.Mode & 0b001_000_000) != 0);
    }

    private static void RequireFolder(string path)
    {
        if (!Directory.Exists(path))
            throw Missing(path, "file or folder");
    }

    private static FileNotFoundException Missing(string path, string what) => new($"there is no {what} {path}", path);

    private static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing((error as FileNotFoundException)?.FileName ?? path, "file");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UnreadableSourceException(path);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException($"the file {path} is not UTF-8 text");
        }
    }
}
