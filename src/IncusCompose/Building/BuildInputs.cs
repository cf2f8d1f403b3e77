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

    /// <summary>The digest.</summary>
    /// <exception cref="IOException">A file or folder is not there, or cannot be read.</exception>
    public static string DigestOf(BuildDefinition build)
    {
        using var digest = new ContentDigest();
        digest.Add(build.Words);
        var dockerfile = DockerfileOf(build);
        if (dockerfile is not null)
            digest.Add(SourceTree.Read(dockerfile), Path.GetDirectoryName(dockerfile)!);
        if (build.IsLocal)
            Add(digest, build.Context, IgnoreFile.Of(build.Context, dockerfile));
        foreach (var folder in build.AdditionalContexts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value).Where(BuildDefinition.IsPath))
            Add(digest, folder, IgnoreFile.Of(folder, null));
        return digest.ToString();
    }

    private static void Add(ContentDigest digest, string folder, IgnoreFile ignored) => digest.Add(SourceTree.OfContext(folder, (path, entry) =>
        // What git notes for itself changes with a look at the folder.
        path != ".git"
        // No builder takes what is no content; to wait for a pipe would be to wait for ever.
        && (entry is DirectoryInfo || entry.LinkTarget is not null || Files.HostFileSystem.KindOf(entry.FullName, followLink: false) == Incus.Client.InstanceFileKind.File)
        && (!ignored.Ignores(path) || (entry is DirectoryInfo && entry.LinkTarget is null && ignored.HasExceptions))), folder);
}
