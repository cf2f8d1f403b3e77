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

    /// <summary>The same places, with paths that stand for others.</summary>
    internal SourceMap WithAliases(IReadOnlyDictionary<string, string> aliases) => new(_locations)
    {
        Hidden = Hidden,
        // What stands for an alias stands for what that stands for.
        Aliases = Aliases.Where(alias => !aliases.ContainsKey(alias.Key)).Concat(aliases.Select(alias => KeyValuePair.Create(alias.Key, Aliases.GetValueOrDefault(alias.Value, alias.Value))))
            .ToDictionary(alias => alias.Key, alias => alias.Value),
    };

    /// <summary>True where the file says something at this very path.</summary>
    public bool Contains(string path) => _locations.ContainsKey(Real(path));

    /// <summary>
    /// The place of a value, or of the nearest value around it that has one
    /// (a default has no place of its own, but the instance that it belongs to does).
    /// </summary>
    public SourceLocation Find(string path)
    {
        for (var current = Real(path); ;)
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
