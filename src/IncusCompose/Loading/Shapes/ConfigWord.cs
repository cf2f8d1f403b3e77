using IncusCompose.Definition;

namespace IncusCompose.Loading.Shapes;

/// <summary>A word of a stack file that stands for a key of Incus's configuration.</summary>
/// <param name="Path">Where it stands below what it configures: <c>memory.swap</c>.</param>
/// <param name="Key">Incus's key: <c>limits.memory.swap</c>; of free names the beginning, up to the last dot: <c>linux.sysctl.</c>.</param>
internal sealed record ConfigWord(string Path, string Key)
{
    /// <summary>The API extension that a server needs to know the key; null: every server does that is supported.</summary>
    public string? Extension { get; init; }

    /// <summary>The only type of instance that has it; null: every type.</summary>
    public InstanceType? Only { get; init; }

    /// <summary>True where the word holds free names, each of which is a key that begins with <see cref="Key"/>.</summary>
    public bool IsPrefix => Key.EndsWith('.');

    /// <summary>True where the word stands for this key.</summary>
    public bool Covers(string key) => IsPrefix ? key.Length > Key.Length && key.StartsWith(Key, StringComparison.Ordinal) : key == Key;

    /// <summary>Where the file says a key by this word.</summary>
    public string PathOf(string key) => IsPrefix ? $"{Path}.{key[Key.Length..]}" : Path;
}
