namespace IncusCompose.Files;

/// <summary>What a source's path says beyond its name.</summary>
internal static class SourcePath
{
    /// <summary>Reads a path.</summary>
    /// <param name="path">The path as written.</param>
    /// <param name="separator">Between its names.</param>
    /// <returns>
    /// The path itself, whether only what is in it is wanted (<c>/.</c> at its end), and whether it must be a directory
    /// (a slash at its end, too).
    /// </returns>
    public static (string Path, bool Content, bool Directory) Read(string path, char separator)
    {
        var content = path == "." || path.EndsWith($"{separator}.", StringComparison.Ordinal);
        var rest = content ? path[..^1] : path;
        var trimmed = rest.TrimEnd(separator);
        return trimmed.Length == 0
            ? (rest.Length == 0 ? "." : separator.ToString(), true, true)
            : (trimmed, content, content || rest.EndsWith(separator));
    }

    public static string NameOf(string path, char separator) => path[(path.LastIndexOf(separator) + 1)..];
}
