using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace IncusCompose.Resources;

/// <summary>
/// A resource's properties in API form, by path, in path order. Everything that Incus holds for a resource is a string
/// at a path, so that one comparison serves every kind.
/// </summary>
internal sealed class PropertyBag : IEnumerable<KeyValuePair<string, string>>
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public static PropertyBag Empty { get; } = new();

    public PropertyBag()
    {
    }

    public PropertyBag(IEnumerable<KeyValuePair<string, string>> values)
    {
        foreach (var (path, value) in values)
            _values[path] = value;
    }

    public int Count => _values.Count;

    public IEnumerable<string> Paths => _values.Keys;

    public string? this[string path] => _values.GetValueOrDefault(path);

    /// <summary>Sets a value while the bag is being built.</summary>
    public void Add(string path, string value) => _values[path] = value;

    public bool Contains(string path) => _values.ContainsKey(path);

    public bool TryGet(string path, [NotNullWhen(true)] out string? value) => _values.TryGetValue(path, out value);

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>True where both hold the same values at the same paths.</summary>
    public bool SameAs(PropertyBag other) => _values.SequenceEqual(other._values);
}
