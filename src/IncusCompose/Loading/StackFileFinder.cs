namespace IncusCompose.Loading;

/// <summary>Finds the stack file that a user means without naming one.</summary>
internal static class StackFileFinder
{
    /// <summary>The names that are looked for, in this order.</summary>
    public static IReadOnlyList<string> Names { get; } = ["stack.yaml", "stack.yml", "compose.yaml", "compose.yml"];

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
}
