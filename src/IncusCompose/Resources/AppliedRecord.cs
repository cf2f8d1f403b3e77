using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IncusCompose.Resources;

/// <summary>
/// What was last applied to a resource: each property with its value, or with a digest of it where the value is long
/// or secret. Comparing needs no more than that. Digests of secrets are salted, each with a salt of its own, so that equal ones do not
/// show, and nobody finds a word in a table.
/// </summary>
internal sealed partial class AppliedRecord
{
    private const int LongestPlainValue = 64;
    private const string DigestPrefix = "sha256:";
    private const string SaltedPrefix = "hmac-sha256:";
    private const int SaltLength = 9;
    private const int DigestLength = 16;

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

    /// <summary>This record, with what an earlier one says of some paths: what is not written now.</summary>
    public AppliedRecord Except(Func<string, bool> isMeant, AppliedRecord earlier) =>
        new(new(_values.Where(entry => !isMeant(entry.Key)).Concat(earlier._values.Where(entry => isMeant(entry.Key))).ToDictionary(), StringComparer.Ordinal));

    /// <summary>True where exactly this value was applied. Older records hold plain values that would be digests today, and digests without salt.</summary>
    public bool Matches(string path, string value)
    {
        if (!_values.TryGetValue(path, out var applied))
            return false;
        if (applied == value)
            return true;
        if (applied.StartsWith(SaltedPrefix, StringComparison.Ordinal) && applied.LastIndexOf(':') is var end && end >= SaltedPrefix.Length)
            return applied == Salted(value, applied[SaltedPrefix.Length..end]);
        return applied == Digest(value);
    }

    /// <summary>The applied value where it was kept as it is; null where it was not applied or only its digest is known.</summary>
    public string? Plain(string path) =>
        _values.TryGetValue(path, out var applied) && !IsDigest(applied) ? applied : null;

    public bool SameAs(AppliedRecord other) => _values.SequenceEqual(other._values);

    public override string ToString() => JsonSerializer.Serialize(_values, Json.Default.SortedDictionaryStringString);

    private static string Encode(string path, string value)
    {
        // Engine-only properties live nowhere else on the server: they are kept whole.
        if (PropertyPath.IsEngineOnly(path))
            return value;
        if (PropertyPath.IsSecret(path, value))
            return Salted(value, Convert.ToBase64String(RandomNumberGenerator.GetBytes(SaltLength)));
        return value.Length <= LongestPlainValue && !IsDigest(value) ? value : Digest(value);
    }

    private static bool IsDigest(string text) => text.StartsWith(DigestPrefix, StringComparison.Ordinal) || text.StartsWith(SaltedPrefix, StringComparison.Ordinal);

    private static string Digest(string value) => DigestPrefix + Short(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    private static string Salted(string value, string salt) =>
        $"{SaltedPrefix}{salt}:{Short(HMACSHA256.HashData(Encoding.UTF8.GetBytes(salt), Encoding.UTF8.GetBytes(value)))}";

    private static string Short(byte[] digest) => Convert.ToHexStringLower(digest.AsSpan(0, DigestLength));

    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    [JsonSourceGenerationOptions(WriteIndented = false)]
    private sealed partial class Json : JsonSerializerContext;
}
