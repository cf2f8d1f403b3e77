namespace IncusCompose.Diagnostics;

/// <summary>
/// Where each value of a definition was written, by its dotted path (<c>instances.web.ports[0]</c>).
/// Kept beside the definition so that the definition itself stays plain values.
/// </summary>
public sealed class SourceMap
{
    // The type itself: its code is compiled beforehand then, which that behind the interface is not.
    private readonly Dictionary<string, SourceLocation> _locations;

    /// <summary>Makes a map from paths to places.</summary>
    public SourceMap(IReadOnlyDictionary<string, SourceLocation> locations)
    {
        _locations = locations as Dictionary<string, SourceLocation> ?? new Dictionary<string, SourceLocation>(locations, StringComparer.Ordinal);
    }

    /// <summary>What messages about this definition must not quote.</summary>
    internal HiddenValues Hidden { get; init; } = HiddenValues.None;

    /// <summary>The map of a definition that was made by code.</summary>
    public static SourceMap Empty { get; } = new(new Dictionary<string, SourceLocation>());

    /// <summary>Paths that stand for others: what was made of one definition in the file says where that is.</summary>
    internal IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>Paths that a definition has, by other words, from elsewhere in the file: where the file says what stands there.</summary>
    internal IReadOnlyDictionary<string, string> Words { get; init; } = new Dictionary<string, string>();

    /// <summary>The same places, with paths that stand for others.</summary>
    internal SourceMap WithAliases(IReadOnlyDictionary<string, string> aliases) => new(_locations)
    {
        Hidden = Hidden,
        Words = Words,
        // What stands for an alias stands for what that stands for.
        Aliases = Aliases.Where(alias => !aliases.ContainsKey(alias.Key)).Concat(aliases.Select(alias => KeyValuePair.Create(alias.Key, Aliases.GetValueOrDefault(alias.Value, alias.Value))))
            .ToDictionary(alias => alias.Key, alias => alias.Value),
    };

    /// <summary>True where the file says something at this very path.</summary>
    public bool Contains(string path) => _locations.ContainsKey(Real(Said(path)));

    /// <summary>A path as the file has it: what became of another word is said by that one.</summary>
    internal string Said(string path)
    {
        if (Words.Count == 0)
            return path;
        var real = Real(path);
        for (var current = real; !_locations.ContainsKey(current);)
        {
            if (Words.TryGetValue(current, out var word))
                return word + real[current.Length..];
            var cut = current.LastIndexOfAny(['.', '[']);
            if (cut <= 0)
                break;
            current = current[..cut];
        }

        return path;
    }

    /// <summary>
    /// The place of a value, or of the nearest value around it that has one
    /// (a default has no place of its own, but the instance that it belongs to does).
    /// </summary>
    public SourceLocation Find(string path)
    {
        for (var current = Real(Said(path)); ;)
        {
            if (_locations.TryGetValue(current, out var location))
                return location;
            var cut = current.LastIndexOfAny(['.', '[']);
            if (cut <= 0)
                return _locations.TryGetValue("", out var root) ? root : SourceLocation.None;
            current = current[..cut];
        }
    }

    private string Real(string path) =>
        Aliases.Count > 0 && path.Split('.', 3) is [var first, var second, ..] && Aliases.TryGetValue($"{first}.{second}", out var real)
            ? real + path[(first.Length + second.Length + 1)..]
            : path;
}
