using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IncusCompose.Provision;

/// <summary>A digest of fields, each with its length before it, so that no two contents make the same.</summary>
internal sealed class ContentDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public ContentDigest Add(string? text)
    {
        var bytes = text is null ? null : Encoding.UTF8.GetBytes(text);
        Length(bytes?.Length ?? -1);
        _hash.AppendData(bytes ?? []);
        return this;
    }

    public ContentDigest Add(IReadOnlyCollection<string> words)
    {
        Length(words.Count);
        foreach (var word in words)
            Add(word);
        return this;
    }

    /// <exception cref="IOException">A file cannot be read.</exception>
    public ContentDigest Add(IReadOnlyList<SourceEntry> entries, string root)
    {
        Length(entries.Count);
        foreach (var entry in entries)
        {
            Add(Path.GetRelativePath(root, entry.Path).Replace('\\', '/')).Add(entry.Kind.ToString());
            Add(entry.Kind switch
            {
                SourceKind.Folder => "",
                SourceKind.Link => entry.LinkTarget,
                _ => $"{(entry.CanRun ? "x" : "-")} {SourceTree.DigestOf(entry)}",
            });
        }

        return this;
    }

    // What a record keeps of it; enough that no two contents meet.
    public override string ToString() => Convert.ToHexStringLower(_hash.GetCurrentHash())[..32];

    public void Dispose() => _hash.Dispose();

    private void Length(long length)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        _hash.AppendData(bytes);
    }
}
