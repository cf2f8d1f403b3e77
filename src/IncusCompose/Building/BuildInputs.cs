using IncusCompose.Definition;
using IncusCompose.Provision;

namespace IncusCompose.Building;

/// <summary>
/// Everything on this machine that decides what a build makes, as a digest: its words, and what the builder is given of its
/// folders. What it fetches, and the values of secrets, are not in it.
/// </summary>
internal static class BuildInputs
{
    private static readonly string[] s_dockerfiles = ["Containerfile", "Dockerfile"];

    /// <summary>The file with the instructions; null where they are in none, or somewhere else.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static string? DockerfileOf(BuildDefinition build)
    {
        if (build.DockerfileInline is not null || !build.IsLocal)
            return null;
        if (build.Dockerfile is not { } said)
        {
            return s_dockerfiles.Select(name => Path.Combine(build.Context, name)).LastOrDefault(File.Exists)
                ?? throw new IOException(Directory.Exists(build.Context) ? $"the folder {build.Context} has no Dockerfile" : $"there is no folder {build.Context}");
        }

        var path = Path.GetFullPath(said, build.Context);
        return File.Exists(path) ? path : throw new IOException($"there is no file {path}");
    }

    /// <summary>The instructions; null where only the builder can get them.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static string? InstructionsOf(BuildDefinition build) =>
        build.DockerfileInline ?? (DockerfileOf(build) is { } file ? SourceTree.ReadText(file) : null);

    /// <summary>The digest.</summary>
    /// <param name="build">What is built.</param>
    /// <param name="own">What is the stack's own: it is left out, as far as no instruction names it.</param>
    /// <exception cref="IOException">A file or folder is not there, or cannot be read.</exception>
    public static string DigestOf(BuildDefinition build, OwnPaths own)
    {
        using var digest = new ContentDigest();
        digest.Add(build.Words);
        var dockerfile = DockerfileOf(build);
        if (dockerfile is not null)
            digest.Add(SourceTree.Read(dockerfile), Path.GetDirectoryName(dockerfile)!);
        var sources = InstructionsOf(build) is { } text ? Dockerfile.SourcesOf(text) : [];
        if (build.IsLocal)
            Add(digest, build.Context, IgnoreFile.Of(build.Context, dockerfile), own, Named(null));
        foreach (var (name, folder) in build.AdditionalContexts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Where(pair => BuildDefinition.IsPath(pair.Value)))
            Add(digest, folder, IgnoreFile.Of(folder, null), own, Named(name));
        return digest.ToString();

        List<string[]> Named(string? context) => [.. sources.Where(source => source.Context == context).Select(source => source.Pattern.Split('/'))];
    }

    private static void Add(ContentDigest digest, string folder, IgnoreFile ignored, OwnPaths own, IReadOnlyList<string[]> sources)
    {
        try
        {
            digest.Add(SourceTree.OfContext(folder, IsWanted), folder);
        }
        catch (UnreadableSourceException error)
        {
            throw new IOException($"{error.Message}; where it is no source, leave it out with the line `{Path.GetRelativePath(folder, error.Path).Replace('\\', '/')}` in {ignored.Path}", error);
        }

        bool IsWanted(string path, FileSystemInfo entry)
        {
            var isFolder = entry is DirectoryInfo && entry.LinkTarget is null;
            // What git notes for itself changes with a look at the folder.
            return path != ".git"
                && !own.LeavesOut(folder, path, isFolder, sources)
                // No builder takes what is no content; to wait for a pipe would be to wait for ever.
                && (entry is DirectoryInfo || entry.LinkTarget is not null || Files.HostFileSystem.KindOf(entry.FullName, followLink: false) == Incus.Client.InstanceFileKind.File)
                && (!ignored.Ignores(path) || (isFolder && ignored.HasExceptions));
        }
    }
}
