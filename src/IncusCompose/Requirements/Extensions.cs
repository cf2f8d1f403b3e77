namespace IncusCompose.Requirements;

/// <summary>What a server must have for a key.</summary>
/// <param name="Name">The API extension.</param>
/// <param name="Since">The first feature release with it, such as <c>6.11</c>; a long-term release may have it later than others.</param>
internal sealed record Extension(string Name, string Since);

/// <summary>Which keys need an API extension that Incus 6.0 did not begin with.</summary>
internal static class Extensions
{
    private static readonly Lazy<Dictionary<string, List<(string[] Pattern, Extension Extension)>>> s_byEntity = new(Read);

    /// <summary>What a key needs; null where every server that is supported has it.</summary>
    /// <param name="entity">The kind of thing, as extensions.txt names it: <c>instance</c>, <c>network</c>, <c>device:nic</c>.</param>
    /// <param name="key">The key.</param>
    public static Extension? For(string entity, string key)
    {
        if (!s_byEntity.Value.TryGetValue(entity, out var keys))
            return null;
        var segments = key.Split('.');
        return keys.FirstOrDefault(entry => ConfigCatalog.Matches(entry.Pattern, segments)).Extension;
    }

    private static Dictionary<string, List<(string[] Pattern, Extension Extension)>> Read()
    {
        var result = new Dictionary<string, List<(string[], Extension)>>(StringComparer.Ordinal);
        using var reader = new StreamReader(typeof(Extensions).Assembly.GetManifestResourceStream("IncusCompose.Requirements.extensions.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!result.TryGetValue(words[2], out var keys))
                result[words[2]] = keys = [];
            foreach (var key in words[3..])
                keys.Add((key.Split('.'), new Extension(words[0], words[1])));
        }

        return result;
    }
}
