namespace IncusCompose.Loading;

/// <summary>Finds the stack file that a user means without naming one.</summary>
internal static class StackFileFinder
{
    /// <summary>The names that are looked for, in this order.</summary>
    public static IReadOnlyList<string> Names { get; } = ["stack.yaml", "stack.yml", "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

    // Source: docker compose, which lays it over the file that it finds by itself.
    private static readonly string[] s_overrides = ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

    /// <summary>The first of the names in the folder or the nearest folder above it; null where there is none.</summary>
    public static string? FindUpwards(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            if (FindIn(current.FullName) is { } found)
                return found;
        }

        return null;
    }

    /// <summary>The first of the names in the folder; null where there is none.</summary>
    public static string? FindIn(string folder) =>
        Names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>True for a compose file's name.</summary>
    public static bool IsCompose(string path) => Path.GetFileName(path).Contains("compose.", StringComparison.Ordinal);

    /// <summary>What lies beside a compose file that was found, and is to be laid over it; null where there is nothing.</summary>
    /// <param name="found">The file.</param>
    public static string? OverrideOf(string found) => IsCompose(found)
        ? s_overrides.Select(name => Path.Combine(Path.GetDirectoryName(found)!, name)).FirstOrDefault(File.Exists)
        : null;
}
