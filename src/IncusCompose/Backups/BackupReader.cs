using System.Formats.Tar;
using System.Text.Json;
using IncusCompose.Resources;

namespace IncusCompose.Backups;

/// <summary>Reads a backup, from a directory or from one tar archive. Nothing in it is trusted before its digest was compared.</summary>
internal sealed class BackupReader
{
    private const long LongestManifest = 64 * 1024 * 1024;
    private const long LongestDefinition = 64 * 1024 * 1024;

    private readonly bool _isArchive;

    private BackupReader(string path, bool isArchive)
    {
        Path = path;
        _isArchive = isArchive;
    }

    public string Path { get; }

    public StackBackup Manifest { get; private set; } = null!;

    /// <exception cref="BackupUnusableException">It is no backup, or of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<BackupReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var isArchive = !Directory.Exists(path);
        if (isArchive && !File.Exists(path))
            throw new FileNotFoundException($"There is no backup at {path}", path);
        var reader = new BackupReader(System.IO.Path.GetFullPath(path), isArchive);
        var manifest = await reader.ReadManifestAsync(cancellationToken).ConfigureAwait(false);
        if (manifest.Format != StackBackup.FormatName)
            throw new BackupUnusableException(path, ["its manifest is not that of a stack's backup"]);
        if (manifest.Version > StackBackup.NewestVersion)
            throw new BackupUnusableException(path, [$"its format has version {manifest.Version}, and this program knows {StackBackup.NewestVersion}: use a newer one"]);
        if (ProblemOf(manifest) is { } problem)
            throw new BackupUnusableException(path, [problem]);
        reader.Manifest = manifest with { Path = reader.Path };
        return reader;
    }

    /// <summary>Compares every file with its digest.</summary>
    /// <exception cref="BackupUnusableException">Files are missing or not what was written; all of them are named.</exception>
    public async Task VerifyAsync(IProgress<CopyEvent>? progress, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var member in Manifest.Members)
        {
            try
            {
                var wrong = await ReadAsync(
                    member,
                    async stream =>
                    {
                        var meter = new Meter(progress, member.Id, "verifying", member.Size);
                        using var digest = new DigestStream(stream, meter.Count);
                        await digest.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                        return digest.Count != member.Size ? $"{member.File} has {digest.Count} bytes instead of {member.Size}"
                            : digest.Sha256() != member.Sha256 ? $"{member.File} is damaged (its digest is not the one that was recorded)"
                            : null;
                    },
                    cancellationToken).ConfigureAwait(false);
                if (wrong is not null)
                    problems.Add(wrong);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                problems.Add($"{member.File} is missing");
            }
            catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
            {
                problems.Add($"{member.File} cannot be read: {error.Message}");
            }
        }

        if (problems.Count > 0)
            throw new BackupUnusableException(Path, problems);
    }

    /// <summary>The resources as they were.</summary>
    /// <exception cref="BackupUnusableException">A definition is none.</exception>
    public async Task<IReadOnlyList<LiveResource>> ReadDefinitionsAsync(CancellationToken cancellationToken)
    {
        var resources = new List<LiveResource>();
        foreach (var member in Manifest.Members.Where(member => member.Role == BackupRole.Definition))
        {
            if (member.Size > LongestDefinition)
                throw new BackupUnusableException(Path, [$"{member.File} is too long for a definition"]);
            var text = await ReadAsync(member, stream => ReadAllAsync(stream, cancellationToken), cancellationToken).ConfigureAwait(false);
            try
            {
                resources.Add(ResourceKinds.Of(member.Id).Read(member.Id, text));
            }
            catch (Exception error) when (error is JsonException or NotSupportedException)
            {
                throw new BackupUnusableException(Path, [$"{member.File} holds no {member.Kind}"], error);
            }
        }

        return resources;
    }

    /// <summary>The file with an instance's or volume's data.</summary>
    public BackupMember DataOf(ResourceId id) =>
        Manifest.Members.FirstOrDefault(member => member.Role == BackupRole.Data && member.Id == id)
        ?? throw new BackupUnusableException(Path, [$"the data of {id} is not in it"]);

    /// <summary>Hands the content of a file over to be read.</summary>
    public Task<T> ReadAsync<T>(BackupMember member, Func<Stream, Task<T>> read, CancellationToken cancellationToken) =>
        ReadAsync(member.File, read, cancellationToken);

    private async Task<T> ReadAsync<T>(string file, Func<Stream, Task<T>> read, CancellationToken cancellationToken)
    {
        var stream = new FileStream(
            _isArchive ? Path : System.IO.Path.Combine(Path, file),
            new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, Options = FileOptions.Asynchronous });
        await using (stream.ConfigureAwait(false))
        {
            if (!_isArchive)
                return await read(stream).ConfigureAwait(false);
            var archive = new TarReader(stream, leaveOpen: true);
            await using (archive.ConfigureAwait(false))
            {
                while (await archive.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
                {
                    if (entry.Name == file)
                        return await read(entry.DataStream ?? Stream.Null).ConfigureAwait(false);
                }
            }
        }

        throw new FileNotFoundException($"There is no {file} in {Path}", file);
    }

    private async Task<StackBackup> ReadManifestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var text = await ReadAsync(
                BackupWriter.ManifestFile,
                stream => stream.Length > LongestManifest ? throw new JsonException("too long") : ReadAllAsync(stream, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(text, BackupJson.Default.StackBackup) ?? throw new JsonException("null");
        }
        catch (Exception error) when (error is FileNotFoundException)
        {
            throw new BackupUnusableException(Path, [$"it has no {BackupWriter.ManifestFile}: it is no backup, or one that was not completed"], error);
        }
        catch (Exception error) when (error is JsonException or InvalidDataException or EndOfStreamException)
        {
            throw new BackupUnusableException(Path, [$"its {BackupWriter.ManifestFile} cannot be read ({error.Message})"], error);
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await stream.CopyToAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.ToArray();
    }

    /// <summary>What no backup that was written here says, whoever wrote it; null where all is well.</summary>
    private static string? ProblemOf(StackBackup manifest)
    {
        if (manifest is not { Stack.Length: > 0, Project.Length: > 0, Compression: not null, Members: not null })
            return "its manifest lacks the stack, its project or its files";
        foreach (var member in manifest.Members)
        {
            if (member is not { Kind: not null, Name.Length: > 0, File: not null, Sha256: not null, Size: >= 0 } || !ResourceKinds.IsKnown(member.Kind) || !IsInside(member.File)
                || !IsName(member.Name) || (ResourceKinds.Of(member.Id).HasScope ? !IsName(member.Scope) : member.Scope is not null))
                return $"its manifest names {member?.Kind} {member?.Name} in the file \"{member?.File}\", which no backup does";
        }

        var twice = manifest.Members.GroupBy(member => (member.Id, member.Role)).FirstOrDefault(group => group.Count() > 1)
            ?? (IEnumerable<BackupMember>?)manifest.Members.GroupBy(member => member.File).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            return $"its manifest names {twice.First().Id} or its file {twice.First().File} twice";
        var data = manifest.Members.Where(member => member.Role == BackupRole.Data).Select(member => member.Id).ToHashSet();
        var defined = manifest.Members.Where(member => member.Role == BackupRole.Definition).Select(member => member.Id).ToHashSet();
        if (defined.FirstOrDefault(id => StackContent.HasData(id) && !data.Contains(id)) is { Kind: not null } bare)
            return $"the data of {bare} is not in it";
        return data.FirstOrDefault(id => !StackContent.HasData(id) || !defined.Contains(id)) is { Kind: not null } unknown
            ? $"it holds data of {unknown} and does not say what that is"
            : null;
    }

    /// <summary>True for what can be the name of a resource: nothing that would lead elsewhere in an address of the server.</summary>
    private static bool IsName(string? name) => name is { Length: > 0 } and not ("." or "..") && !name.Contains('/', StringComparison.Ordinal);

    /// <summary>True for a path that leads nowhere but into the backup.</summary>
    private static bool IsInside(string file) =>
        file.Length > 0 && file.Split('/').All(segment => segment is not ("" or "." or "..") && !segment.Contains('\\', StringComparison.Ordinal));
}
