using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IncusCompose.Resources;

namespace IncusCompose.Guests;

/// <summary>
/// What was put into an instance, recorded on it as one line of JSON: each path with what it is for and a digest of what was
/// written, by which it is told whether somebody changed it. The digests are salted, each instance's with a salt of its own,
/// and those of secrets are slow to make, so that whoever may read the configuration, and no more, cannot simply try words.
/// </summary>
internal sealed partial class GuestRecord
{
    /// <summary>The configuration key that holds it.</summary>
    public const string Key = OwnershipMark.Prefix + "files";

    // OWASP's number for PBKDF2 with SHA-256: a fifth of a second. It is made only where a secret was written, or differs.
    private const int Rounds = 600_000;
    private const int SaltLength = 16;
    private const int DigestLength = 16;

    private static readonly ConcurrentDictionary<string, string> s_slow = new(StringComparer.Ordinal);

    private readonly SortedDictionary<string, Entry> _entries;

    private GuestRecord(string salt, SortedDictionary<string, Entry> entries)
    {
        Salt = salt;
        _entries = entries;
    }

    /// <summary>What is recorded of one path.</summary>
    /// <param name="Label">What it is for, as plans call it.</param>
    /// <param name="Digest">The digest of what was written.</param>
    public sealed record Entry([property: JsonPropertyName("for")] string Label, [property: JsonPropertyName("digest")] string Digest)
    {
        /// <summary>With which permissions and for whom it was written; null in records of earlier versions, which did not say.</summary>
        [JsonPropertyName("as"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? As { get; init; }

        [JsonIgnore]
        public bool IsSecret => Label.StartsWith("secrets.", StringComparison.Ordinal);
    }

    /// <summary>The salt, as text; empty where nothing is recorded.</summary>
    public string Salt { get; }

    public IReadOnlyDictionary<string, Entry> Entries => _entries;

    public static GuestRecord Empty { get; } = new("", new(StringComparer.Ordinal));

    /// <summary>The record of an instance; text that somebody spoilt counts as nothing written.</summary>
    public static GuestRecord Read(IReadOnlyDictionary<string, string> config)
    {
        try
        {
            return config.GetValueOrDefault(Key) is { Length: > 0 } text && JsonSerializer.Deserialize(text, GuestRecordJson.Default.Form) is { Salt: { } salt, Files: { } files }
                ? new GuestRecord(salt, new(files.Where(file => file is { Key.Length: > 0, Value: { Label: not null, Digest: not null } } && file.Key[0] == '/').ToDictionary(), StringComparer.Ordinal))
                : Empty;
        }
        catch (JsonException)
        {
            return Empty;
        }
    }

    /// <summary>True where this very content was written to the file's path.</summary>
    public bool Holds(GuestFile file) => _entries.TryGetValue(file.Target, out var entry) && Matches(entry, file.Hash);

    /// <summary>True where the file's path was given the file's permissions and owner.</summary>
    public bool HoldsAs(GuestFile file) => _entries.TryGetValue(file.Target, out var entry) && (entry.As is null || entry.As == file.DescribeAccess());

    /// <summary>True where what has this digest is what was written.</summary>
    public bool Matches(Entry entry, byte[] hash) => entry.Digest == DigestOf(Salt, hash, entry.IsSecret);

    /// <summary>The record of exactly these files.</summary>
    public GuestRecord Of(IEnumerable<GuestFile> files)
    {
        var salt = Salt.Length > 0 ? Salt : Convert.ToBase64String(RandomNumberGenerator.GetBytes(SaltLength));
        var entries = new SortedDictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var file in files.Where(file => file.Kind != Incus.Client.InstanceFileKind.Directory))
            entries[file.Target] = new Entry(file.Label, DigestOf(salt, file.Hash, file.IsSecret)) { As = file.DescribeAccess() };
        return new GuestRecord(salt, entries);
    }

    public bool SameAs(GuestRecord other) => _entries.SequenceEqual(other._entries);

    public override string ToString() => _entries.Count == 0 ? "" : JsonSerializer.Serialize(new Form(Salt, _entries), GuestRecordJson.Default.Form);

    private static string DigestOf(string salt, byte[] hash, bool isSecret)
    {
        var salted = Encoding.UTF8.GetBytes(salt);
        if (!isSecret)
            return Convert.ToBase64String(HMACSHA256.HashData(salted, hash).AsSpan(0, DigestLength));
        // The same is asked for again: by the plan, and when it is applied.
        return s_slow.GetOrAdd($"{salt} {Convert.ToBase64String(hash)}", _ => Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(hash, salted, Rounds, HashAlgorithmName.SHA256, DigestLength)));
    }

    private sealed record Form([property: JsonPropertyName("salt")] string Salt, [property: JsonPropertyName("files")] SortedDictionary<string, Entry> Files);

    [JsonSerializable(typeof(Form))]
    private sealed partial class GuestRecordJson : JsonSerializerContext;
}
