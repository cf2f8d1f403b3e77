namespace IncusCompose.Requirements;

/// <summary>Which keys need an API extension that Incus 6.0 did not begin with.</summary>
internal static class Extensions
{
    private static readonly Lazy<Dictionary<string, string>> s_releases = new(() => Lines().GroupBy(words => words[0]).ToDictionary(words => words.Key, words => words.First()[1], StringComparer.Ordinal));
    private static readonly Lazy<Dictionary<string, List<(string[] Pattern, string Extension)>>> s_byEntity = new(Read);

    /// <summary>The API extension that a key needs; null where every server that is supported has it.</summary>
    /// <param name="entity">The kind of thing, as extensions.txt names it, such as <c>network</c> or <c>network:ovn</c>.</param>
    /// <param name="key">The key.</param>
    public static string? For(string entity, string key)
    {
        if (!s_byEntity.Value.TryGetValue(entity, out var keys))
            return null;
        var segments = key.Split('.');
        return keys.FirstOrDefault(entry => ConfigCatalog.Matches(entry.Pattern, segments)).Extension;
    }

    /// <summary>The first feature release with an extension, such as <c>6.11</c>; a long-term release may have it later. Null where every server that is supported has it, or it is not known.</summary>
    public static string? SinceOf(string extension) => s_releases.Value.GetValueOrDefault(extension) is { } release && release != "-" ? release : null;

    private static Dictionary<string, List<(string[] Pattern, string Extension)>> Read()
    {
        var result = new Dictionary<string, List<(string[], string)>>(StringComparer.Ordinal);
        foreach (var words in Lines().Where(words => words.Length > 3))
        {
            if (!result.TryGetValue(words[2], out var keys))
                result[words[2]] = keys = [];
            foreach (var key in words[3..])
                keys.Add((key.Split('.'), words[0]));
        }

        return result;
    }

    private static IEnumerable<string[]> Lines()
    {
        using var reader = new StreamReader(typeof(Extensions).Assembly.GetManifestResourceStream("IncusCompose.Requirements.extensions.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                yield return line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
