using IncusCompose.Definition;
using IncusCompose.Loading.Composition;

namespace IncusCompose.Building;

/// <summary>
/// What of this machine is the stack's own business and no source of an image, though it may lie in the folder that one is built
/// from: the stack's files, and what its instances write to. An instruction that names it makes it a source all the same.
/// </summary>
internal sealed class OwnPaths
{
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>That of no stack.</summary>
    public static OwnPaths None { get; } = new();

    public static OwnPaths Of(StackDefinition stack)
    {
        var own = new OwnPaths();
        own._paths.UnionWith(stack.Paths);
        own._paths.UnionWith(stack.EnvironmentPaths);
        own._paths.UnionWith(stack.Paths.Select(Path.GetDirectoryName).Append(stack.Folder).OfType<string>().Select(folder => Path.Combine(folder, EnvironmentFiles.DefaultName)));
        own._paths.UnionWith(stack.Secrets.Values.Select(secret => secret.File).OfType<string>());
        foreach (var instance in stack.Instances.Values.Concat(stack.InactiveInstances.Values))
        {
            var mounted = instance.Volumes.Where(mount => mount is { IsHostPath: true, ReadOnly: false }).Select(mount => mount.Source)
                .Concat(instance.Persist.Select(folder => folder.Source))
                .Concat(instance.Devices.Values.Where(device => device.GetValueOrDefault("type") == "disk" && !device.ContainsKey("pool") && device.GetValueOrDefault("readonly") != "true").Select(device => device.GetValueOrDefault("source", "")));
            own._paths.UnionWith(mounted.Where(Path.IsPathFullyQualified).Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))));
        }

        return own;
    }

    /// <summary>True where something is left out of what a build is known by.</summary>
    /// <param name="folder">The folder that is built from. As a whole it is never left out.</param>
    /// <param name="path">The path in it, with slashes.</param>
    /// <param name="isFolder">True for a folder, which stays where something in it is named.</param>
    /// <param name="sources">What the instructions name of it.</param>
    public bool LeavesOut(string folder, string path, bool isFolder, IReadOnlyList<string[]> sources)
    {
        var parts = path.Split('/');
        var depth = Enumerable.Range(1, parts.Length).FirstOrDefault(count => _paths.Contains(Path.Combine(folder, Path.Combine(parts[..count]))));
        return depth > 0 && !sources.Any(source => source.Length >= depth && (source.Length <= parts.Length || isFolder)
            && source.Zip(parts).All(pair => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pair.First, pair.Second, ignoreCase: false)));
    }
}
