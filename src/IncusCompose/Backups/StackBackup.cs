using System.Text.Json;
using System.Text.Json.Serialization;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>What a file of a backup holds.</summary>
public enum BackupRole
{
    /// <summary>A resource in API form, as JSON. Secrets in its configuration are as they are.</summary>
    [JsonStringEnumMemberName("definition")]
    Definition,

    /// <summary>The data of an instance or a volume: the server's own export.</summary>
    [JsonStringEnumMemberName("data")]
    Data,
}

/// <summary>One file of a backup.</summary>
public sealed record BackupMember
{
    /// <summary>The kind of the resource: <c>instance</c>, <c>volume</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>The resource's name.</summary>
    public required string Name { get; init; }

    /// <summary>The storage pool of a volume; null for other kinds.</summary>
    public string? Scope { get; init; }

    /// <summary>What the file holds of it.</summary>
    public required BackupRole Role { get; init; }

    /// <summary>With <see cref="StackBackup.OptimizedStorage"/>: the storage driver that can read the data.</summary>
    public string? Driver { get; init; }

    /// <summary>The file, relative to the backup, with <c>/</c> between folders.</summary>
    public required string File { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The file's SHA-256 in hexadecimal.</summary>
    public required string Sha256 { get; init; }

    internal ResourceId Id => new(Kind, Name, Scope);
}

/// <summary>A backup of a stack: its manifest, and where it is.</summary>
public sealed record StackBackup
{
    internal const string FormatName = "incus-compose-backup";
    internal const int NewestVersion = 1;

    /// <summary><c>incus-compose-backup</c>.</summary>
    public string Format { get; init; } = FormatName;

    /// <summary>The version of the format.</summary>
    public required int Version { get; init; }

    /// <summary>The stack's name.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project that it lived in.</summary>
    public required string Project { get; init; }

    /// <summary>When the backup was begun.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The server that it was taken from, as the front end named it.</summary>
    public required string Server { get; init; }

    /// <summary>That server's version.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>How the data is compressed.</summary>
    public required string Compression { get; init; }

    /// <summary>True where the data is in the storage driver's own format.</summary>
    public required bool OptimizedStorage { get; init; }

    /// <summary>True where the snapshots are in it.</summary>
    public required bool Snapshots { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<BackupMember> Members { get; init; }

    /// <summary>The directory or archive; not part of the manifest.</summary>
    [JsonIgnore]
    public string Path { get; init; } = "";

    /// <summary>The size of all its files in bytes.</summary>
    [JsonIgnore]
    public long Size => Members.Sum(member => member.Size);

    /// <summary>The names of the instances in it.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Instances => NamesOf(InstanceKind.KindName);

    /// <summary>The names of the volumes in it.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Volumes => NamesOf(VolumeKind.KindName);

    private IReadOnlyList<string> NamesOf(string kind) =>
        [.. Members.Where(member => member.Kind == kind && member.Role == BackupRole.Definition).Select(member => member.Name)];
}

/// <summary>How a backup is made.</summary>
public sealed record BackupOptions
{
    /// <summary>The usual <see cref="Compression"/>.</summary>
    public const string DefaultCompression = "gzip";

    /// <summary><c>gzip</c>, <c>zstd</c>, <c>xz</c>, <c>none</c> or what else the server knows.</summary>
    public string Compression { get; init; } = DefaultCompression;

    /// <summary>True for the storage driver's own format, which only a pool of the same driver can read.</summary>
    public bool OptimizedStorage { get; init; }

    /// <summary>False to leave the snapshots out.</summary>
    public bool Snapshots { get; init; } = true;

    /// <summary>Most exports at work at one time; an archive is written one after another whatever this says.</summary>
    public int ThrottleLimit { get; init; } = 4;
}

/// <summary>How far the copying of one resource has come: into a backup, out of one, or to another stack.</summary>
/// <param name="Id">The resource.</param>
/// <param name="Text">What is going on, in a word or two.</param>
public sealed record CopyEvent(ResourceId Id, string Text)
{
    /// <summary>0 to 100 where it is known.</summary>
    public int? Percent { get; init; }

    /// <summary>True for the last event of a resource.</summary>
    public bool Ended { get; init; }
}

/// <summary>A backup cannot be read: it is damaged, incomplete, or none.</summary>
public sealed class BackupUnusableException : Exception
{
    internal BackupUnusableException(string path, IReadOnlyList<string> problems, Exception? cause = null)
        : base($"{path} cannot be restored: {string.Join("; ", problems)}", cause)
    {
        Problems = problems;
    }

    /// <summary>Everything that is wrong with it.</summary>
    public IReadOnlyList<string> Problems { get; }
}

[JsonSerializable(typeof(StackBackup))]
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class BackupJson : JsonSerializerContext
{
    public static byte[] Write(StackBackup backup) => JsonSerializer.SerializeToUtf8Bytes(backup, Default.StackBackup);
}
