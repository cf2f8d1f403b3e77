using System.Formats.Tar;

namespace IncusCompose.Backups;

/// <summary>
/// Where the files of a backup go: a new directory, or one tar archive where the path ends with <c>.tar</c>. Only their
/// owner can read them. What was not completed is taken away again.
/// </summary>
internal abstract class BackupWriter : IAsyncDisposable
{
    /// <summary>The name of the manifest; it is written last, so that what has none is no backup.</summary>
    public const string ManifestFile = "manifest.json";

    public const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Whoever names one of these expects a file, and not a directory of that name.
    private static readonly string[] s_otherArchives =
        [".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst", ".tar.lz4", ".gz", ".xz", ".bz2", ".zst", ".zip", ".7z", ".rar"];

    private bool _completed;

    /// <summary>True where several files can be written at the same time.</summary>
    public abstract bool TakesSeveral { get; }

    /// <summary>True for the path of an archive.</summary>
    public static bool IsArchive(string path) => path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="IOException">There is something at the path already, or it names an archive of another kind.</exception>
    public static BackupWriter Create(string path)
    {
        if (IsArchive(path))
            return new ArchiveWriter(path);
        if (s_otherArchives.FirstOrDefault(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase)) is { } end)
            throw new IOException($"{path}: a backup is no {end} file. Name a directory or a .tar file; the data in it is compressed (gzip, if nothing else is said)");
        return new DirectoryWriter(path);
    }

    /// <summary>Writes one file, in pieces, and digests it on the way.</summary>
    public async Task<(long Size, string Sha256)> AddAsync(string file, Stream content, Action<long>? counted, CancellationToken cancellationToken)
    {
        using var digest = new DigestStream(content, counted);
        await WriteAsync(file, digest, cancellationToken).ConfigureAwait(false);
        return (digest.Count, digest.Sha256());
    }

    /// <summary>Writes the manifest. From now on it is a backup.</summary>
    public async Task CompleteAsync(StackBackup manifest, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream(BackupJson.Write(manifest));
        await WriteAsync(ManifestFile, text, cancellationToken).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        _completed = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_completed)
            return;
        await CloseAsync().ConfigureAwait(false);
        Discard();
    }

    protected abstract Task WriteAsync(string file, Stream content, CancellationToken cancellationToken);

    protected abstract ValueTask CloseAsync();

    protected abstract void Discard();

    private static FileStream NewFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = FileMode600;
        return new FileStream(path, options);
    }

    private sealed class DirectoryWriter : BackupWriter
    {
        private readonly string _path;
        private readonly bool _isNew;

        public DirectoryWriter(string path)
        {
            _path = Path.GetFullPath(path);
            _isNew = !Directory.Exists(_path);
            if (File.Exists(_path) || (!_isNew && Directory.EnumerateFileSystemEntries(_path).Any()))
                throw new IOException($"{path} exists already: a backup goes into a new or empty directory, or into a new .tar file");
            if (_isNew && Path.GetDirectoryName(_path) is { } parent && !Directory.Exists(parent))
                throw new DirectoryNotFoundException($"There is no directory {parent} to put a backup into");
            MakeFolder(_path);
        }

        public override bool TakesSeveral => true;

        protected override async Task WriteAsync(string file, Stream content, CancellationToken cancellationToken)
        {
            var path = Path.Combine(_path, file);
            MakeFolder(Path.GetDirectoryName(path)!);
            var stream = NewFile(path);
            await using (stream.ConfigureAwait(false))
            {
                await content.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }
        }

        protected override ValueTask CloseAsync() => ValueTask.CompletedTask;

        protected override void Discard()
        {
            foreach (var entry in new DirectoryInfo(_path).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo folder)
                    folder.Delete(recursive: true);
                else
                    entry.Delete();
            }

            if (_isNew)
                Directory.Delete(_path);
        }

        private static void MakeFolder(string path)
        {
            if (Directory.Exists(path))
                return;
            // The mode is that of the last folder alone: each is made by itself.
            if (Path.GetDirectoryName(path) is { } parent)
                MakeFolder(parent);
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, FileMode600 | UnixFileMode.UserExecute);
        }
    }

    private sealed class ArchiveWriter : BackupWriter
    {
        private readonly FileStream _file;
        private readonly TarWriter _archive;

        public ArchiveWriter(string path)
        {
            if (File.Exists(path) || Directory.Exists(path))
                throw new IOException($"{path} exists already: name a new file");
            _file = NewFile(path);
            _archive = new TarWriter(_file, TarEntryFormat.Pax, leaveOpen: true);
        }

        public override bool TakesSeveral => false;

        protected override Task WriteAsync(string file, Stream content, CancellationToken cancellationToken) =>
            // The size of what the server sends is known when it has been sent: the writer goes back to note it.
            _archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file) { DataStream = content, Mode = FileMode600 }, cancellationToken);

        protected override async ValueTask CloseAsync()
        {
            await _archive.DisposeAsync().ConfigureAwait(false);
            _file.Flush(flushToDisk: true);
            await _file.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Discard() => File.Delete(_file.Name);
    }
}
