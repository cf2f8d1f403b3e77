using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Persistence;

/// <summary>
/// Where something is mounted within a folder of the host: the place must be there, and a container's root, who would make it,
/// mostly may not write to the folder. As docker does, it is made on this machine where the server runs here too.
/// </summary>
internal static class MountPoints
{
    /// <param name="Folder">The folder of the host.</param>
    /// <param name="Path">The path in it.</param>
    /// <param name="Source">What is mounted there; null where it is no path of the host.</param>
    internal sealed record Place(string Folder, string Path, string? Source);

    /// <summary>Makes those of a container that are not there.</summary>
    /// <param name="client">The server.</param>
    /// <param name="fields">The instance as it is to be.</param>
    /// <param name="made">Is told each folder that was made, the outer ones first.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">The server could not be asked, or one cannot be made; says what to do.</exception>
    public static async Task MakeAsync(IncusClient client, ResourceFields fields, Action<string> made, CancellationToken cancellationToken)
    {
        var places = fields.Word(PropertyPath.Type) == "virtual-machine" ? [] : Of(fields.Devices.Values).ToList();
        if (places.Count == 0 || !await HostFolders.AreHereAsync(client, cancellationToken).ConfigureAwait(false))
            return;
        foreach (var place in places)
            Make(place, made);
    }

    /// <summary>The places within folders of the host, outer ones first, as Incus mounts them.</summary>
    internal static IEnumerable<Place> Of(IEnumerable<IReadOnlyDictionary<string, string>> devices)
    {
        var disks = devices.Where(device => device.GetValueOrDefault("type") == "disk")
            .Select(device => (Path: Plain(device.GetValueOrDefault("path", "")), Folder: SourceOf(device)))
            .Where(disk => disk.Path is not null).Select(disk => (Path: disk.Path!, disk.Folder)).OrderBy(disk => disk.Path, StringComparer.Ordinal).ToList();
        foreach (var (path, source) in disks)
        {
            // The innermost one is the last of them.
            var around = disks.LastOrDefault(disk => path.StartsWith(disk.Path + "/", StringComparison.Ordinal));
            if (around.Folder is { } folder)
                yield return new Place(folder, path[(around.Path.Length + 1)..], source);
        }
    }

    internal static void Make(Place place, Action<string> made)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(place.Folder));
        var path = Path.GetFullPath(Path.Combine(folder, place.Path));
        // A folder that is not there is said by the server; a link that leads out of it is the instance's doing, perhaps.
        if (!OperatingSystem.IsLinux() || !Directory.Exists(folder) || Path.Exists(path) || !path.StartsWith(folder + "/", StringComparison.Ordinal))
            return;
        try
        {
            // Links that stay in it are gone by; none that is put there from now on is.
            var (root, real) = (RealPaths.Of(folder), RealPaths.Of(path));
            if (real.StartsWith(root + "/", StringComparison.Ordinal))
                BeneathFolder.Make(root, real[(root.Length + 1)..].Split('/'), place.Source is { } source && File.Exists(source), made);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IncusException($"{path}, where something is mounted in the instance, cannot be made: {error.Message.TrimEnd('.')}", $"Make it with: mkdir -p {path}", error);
        }
    }

    /// <summary>The folders of a path that are not there, the outer ones first.</summary>
    internal static IEnumerable<string> Missing(string path)
    {
        var missing = new Stack<string>();
        for (var folder = path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
            missing.Push(folder);
        return missing;
    }

    private static string? SourceOf(IReadOnlyDictionary<string, string> device) =>
        !device.ContainsKey("pool") && device.GetValueOrDefault("source") is { Length: > 1 } source ? Plain(source) : null;

    /// <summary>An absolute path as short as it can be said, that of everything as nothing; null for what is none.</summary>
    private static string? Plain(string path) => path.StartsWith('/') ? Path.GetFullPath(path).TrimEnd('/') : null;
}
