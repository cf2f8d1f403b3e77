using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IncusCompose.Diagnostics;

namespace IncusCompose.Resources;

/// <summary>
/// What was last applied to a resource: each property with its value, or with a digest of it where the value is long
/// or secret. Comparing needs no more than that.
/// </summary>
internal sealed partial class AppliedRecord
{
    private const int LongestPlainValue = 64;
    private const string DigestPrefix = "sha256:";

    private readonly SortedDictionary<string, string> _values;

    private AppliedRecord(SortedDictionary<string, string> values)
    {
        _values = values;
    }

    public static AppliedRecord Empty { get; } = new([]);

    public IEnumerable<string> Paths => _values.Keys;

    public static AppliedRecord Of(PropertyBag properties)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, value) in properties)
            values[path] = Encode(path, value);
        return new AppliedRecord(values);
    }

    /// <summary>Reads the text of <see cref="ToString"/>; text that somebody spoilt counts as nothing applied.</summary>
    public static AppliedRecord Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return Empty;
        try
        {
            var values = JsonSerializer.Deserialize(text, Json.Default.SortedDictionaryStringString) ?? [];
            foreach (var path in values.Where(entry => entry.Value is null).Select(entry => entry.Key).ToList())
                values.Remove(path);
            return new AppliedRecord(values);
        }
        catch (JsonException)
        {
            return Empty;
        }
    }

    public bool Contains(string path) => _values.ContainsKey(path);

    /// <summary>
    /// The record of a resource that was taken elsewhere: where its properties had to change on the way, the new ones count
    /// as applied; what was drift stays drift.
    /// </summary>
    public AppliedRecord Moved(PropertyBag before, PropertyBag after)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, applied) in _values)
        {
            if (before[path] == after[path])
                values[path] = applied;
            else if (after[path] is { } value)
                values[path] = Encode(path, value);
        }

        // A device that was given another name has other paths.
        foreach (var (path, value) in after.Where(property => !before.Contains(property.Key)))
            values[path] = Encode(path, value);
        return new AppliedRecord(values);
    }

    /// <summary>True where exactly this value was applied. Older records hold plain values that would be digests today.</summary>
    public bool Matches(string path, string value) =>
        _values.TryGetValue(path, out var applied) && (applied == value || applied == Encode(path, value));

    /// <summary>The applied value where it was kept as it is; null where it was not applied or only its digest is known.</summary>
    public string? Plain(string path) =>
        _values.TryGetValue(path, out var applied) && !applied.StartsWith(DigestPrefix, StringComparison.Ordinal) ? applied : null;

    public bool SameAs(AppliedRecord other) => _values.SequenceEqual(other._values);

    public override string ToString() => JsonSerializer.Serialize(_values, Json.Default.SortedDictionaryStringString);

    private static string Encode(string path, string value)
    {
        // Engine-only properties live nowhere else on the server: they are kept whole.
        var plain = PropertyPath.IsEngineOnly(path)
            || (value.Length <= LongestPlainValue
                && !value.StartsWith(DigestPrefix, StringComparison.Ordinal)
                && !PropertyPath.IsSecret(path, value));
        return plain ? value : string.Concat(DigestPrefix, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value))).AsSpan(0, 32));
    }

    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    [JsonSourceGenerationOptions(WriteIndented = false)]
    private sealed partial class Json : JsonSerializerContext;
}
