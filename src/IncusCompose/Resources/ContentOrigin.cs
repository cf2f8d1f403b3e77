using System.Formats.Tar;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Files;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources;

/// <summary>
/// Files of this machine. They go to the server as a backup of a volume that never was: so every server can take them,
/// whatever the pool, without an instance to mount the volume; and there is no moment at which the volume is there without
/// them. Source: Incus internal/server/storage/drivers/generic_vfs.go, the layout of backups.
/// </summary>
internal sealed record ContentOrigin(IReadOnlyList<VolumeContent> Content) : VolumeOrigin("content")
{
    private const string Root = "backup/volume";
    private const int MostEntries = 100_000;

    // The permissions that Incus gives to an empty volume, and to folders that are only on the way.
    private const UnixFileMode RootMode = (UnixFileMode)0b111_001_001;
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    // What is written as JSON is YAML too, as long as no character is escaped that YAML escapes otherwise.
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string Summary { get; init; } = "";

    public override VolumeOrigin? Look(PlanningContext context, string path)
    {
        path += ".content";
        if (!context.Require("custom_volume_backup", path, "a volume with content") || !context.Require("backup_override_name", path, "a volume with content"))
            return null;
        try
        {
            var files = Entries().ToList();
            return this with
            {
                Summary = string.Create(CultureInfo.InvariantCulture, $"{files.Count(entry => entry.Kind != InstanceFileKind.Directory)} files ({Sizes.Show(files.Sum(entry => entry.Size))}) from {string.Join(", ", Content.Select(content => content.Source))}"),
            };
        }
        catch (IOException error)
        {
            context.Error("UnreadableFile", path, error.Message, context.Stack.Folder is { } folder ? $"paths start from {folder}" : "");
            return null;
        }
    }

    public override string Describe() => Summary;

    public override async Task CreateAsync(ApplyContext context, DesiredVolume volume, CancellationToken cancellationToken)
    {
        var fields = ResourceFields.From(volume.Properties);
        context.MarkOf(volume)?.Write(volume.Id, fields.Config);
        // The record that it had its content: whatever becomes of the files here, they are written once.
        fields.Config[OwnershipMark.Prefix + "content"] = Summary;
        // What is sent can be sent again only from a file; nobody else may read what may hold secrets.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var archive = new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
        await using (archive.ConfigureAwait(false))
        {
            context.Say("packing its content");
            await WriteAsync(archive, volume.Id.Name, fields, cancellationToken).ConfigureAwait(false);
            archive.Position = 0;
            context.Say($"sending {Sizes.Show(archive.Length)}");
            await context.Client.StorageVolumes.ImportBackupAsync(volume.Id.Scope!, volume.Id.Name, archive, cancellationToken)
                .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the archive of a volume that holds the files.</summary>
    internal async Task WriteAsync(Stream archive, string name, ResourceFields fields, CancellationToken cancellationToken)
    {
        var uid = OwnerIn(fields, "initial.uid");
        var gid = OwnerIn(fields, "initial.gid");
        var mode = fields.Config.TryGetValue("initial.mode", out var digits) && digits.Length is > 0 and <= 4 && digits.All(digit => digit is >= '0' and <= '7')
            ? (UnixFileMode)Convert.ToInt32(digits, 8)
            : RootMode;
        var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
        await using (writer.ConfigureAwait(false))
        {
            using var index = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(Index(name, fields), s_plain));
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "backup/index.yaml") { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite, DataStream = index }, cancellationToken).ConfigureAwait(false);
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, Root) { Uid = uid, Gid = gid, Mode = mode }, cancellationToken).ConfigureAwait(false);
            foreach (var entry in Entries())
            {
                var written = new PaxTarEntry(TypeOf(entry.Kind), Root + entry.Path) { Uid = entry.Uid ?? uid, Gid = entry.Gid ?? gid, Mode = entry.Mode };
                if (entry.Modified is { } modified)
                    written.ModificationTime = modified;
                if (entry.LinkTarget is not null)
                    written.LinkName = entry.LinkTarget;
                // The entry is done with its stream once it is written.
                if (entry.Kind == InstanceFileKind.File)
                    written.DataStream = File.OpenRead(entry.HostPath!);
                try
                {
                    await writer.WriteEntryAsync(written, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    written.DataStream?.Dispose();
                }
            }
        }
    }

    /// <summary>What the server reads first. Source: Incus internal/server/backup/backup_info.go.</summary>
    private static JsonObject Index(string name, ResourceFields fields) => new()
    {
        ["name"] = name,
        ["backend"] = "dir",
        ["pool"] = "default",
        ["optimized"] = false,
        ["optimized_header"] = false,
        ["type"] = "custom",
        ["config"] = new JsonObject
        {
            ["volume"] = new JsonObject
            {
                ["name"] = name,
                ["type"] = "custom",
                ["content_type"] = "filesystem",
                ["description"] = fields.Word(PropertyPath.Description),
                ["config"] = new JsonObject(fields.Config.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
                ["created_at"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            },
        },
    };

    private static int OwnerIn(ResourceFields fields, string key) =>
        fields.Config.TryGetValue(key, out var id) && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Everything that lies in the volume, folders before what is in them.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read, there are too many, or two would be one.</exception>
    private IEnumerable<Entry> Entries()
    {
        var seen = new Dictionary<string, InstanceFileKind>(StringComparer.Ordinal);
        var count = 0;
        foreach (var content in Content)
        {
            foreach (var entry in OnTheWay(content).Concat(In(content)))
            {
                if (seen.TryGetValue(entry.Path, out var before))
                {
                    if (before == InstanceFileKind.Directory && entry.Kind == InstanceFileKind.Directory)
                        continue;
                    throw new IOException($"{entry.Path} would come from two sources, one of them {entry.HostPath ?? content.Source}; give one of them another target");
                }

                if (++count > MostEntries)
                    throw new IOException($"the content holds more than {MostEntries} files and folders; pack it as a backup, and name that with `import`");
                seen.Add(entry.Path, entry.Kind);
                yield return entry;
            }
        }
    }

    private static IEnumerable<Entry> OnTheWay(VolumeContent content)
    {
        var path = "";
        foreach (var name in content.Target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path += "/" + name;
            yield return new Entry(path, InstanceFileKind.Directory, FolderMode) { Uid = content.Uid, Gid = content.Gid };
        }
    }

    private static IEnumerable<Entry> In(VolumeContent content)
    {
        var target = content.Target == "/" ? "" : content.Target;
        var source = HostFileSystem.Find(content.Source, followLink: true) ?? throw new FileNotFoundException($"there is no file or folder {content.Source}", content.Source);
        return source.Kind switch
        {
            InstanceFileKind.File => [At(content, $"{target}/{Path.GetFileName(content.Source)}", content.Source, source)],
            InstanceFileKind.Directory => Below(content, content.Source, target),
            _ => throw new IOException($"{content.Source} is a device, a socket or a named pipe; name a file or a folder"),
        };
    }

    private static IEnumerable<Entry> Below(VolumeContent content, string folder, string target)
    {
        foreach (var path in ListOf(folder))
        {
            // What has gone meanwhile is no part of it.
            if (HostFileSystem.Find(path, followLink: false) is not { } found)
                continue;
            var here = $"{target}/{Path.GetFileName(path)}";
            yield return At(content, here, path, found);
            if (found.Kind != InstanceFileKind.Directory)
                continue;
            foreach (var inner in Below(content, path, here))
                yield return inner;
        }
    }

    private static IEnumerable<string> ListOf(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"the folder {folder} cannot be read", error);
        }
    }

    private static Entry At(VolumeContent content, string path, string hostPath, InstanceFileEntry found)
    {
        if (found.Kind == InstanceFileKind.Other)
            throw new IOException($"{hostPath} is a device, a socket or a named pipe; take it out of the content");
        if (found.Kind == InstanceFileKind.File)
            RequireReadable(hostPath);
        return new Entry(path, found.Kind, (UnixFileMode)found.Mode)
        {
            HostPath = hostPath,
            Size = found.Kind == InstanceFileKind.File ? found.Size : 0,
            LinkTarget = found.Kind == InstanceFileKind.Link ? new FileInfo(hostPath).LinkTarget : null,
            Modified = found.Modified,
            Uid = content.Uid,
            Gid = content.Gid,
        };
    }

    private static void RequireReadable(string file)
    {
        try
        {
            File.OpenRead(file).Dispose();
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"the file {file} cannot be read", error);
        }
    }

    private static TarEntryType TypeOf(InstanceFileKind kind) => kind switch
    {
        InstanceFileKind.Directory => TarEntryType.Directory,
        InstanceFileKind.Link => TarEntryType.SymbolicLink,
        _ => TarEntryType.RegularFile,
    };

    /// <summary>One of the things in the volume; its path there begins with a slash.</summary>
    private sealed record Entry(string Path, InstanceFileKind Kind, UnixFileMode Mode)
    {
        public string? HostPath { get; init; }

        public long Size { get; init; }

        public string? LinkTarget { get; init; }

        public DateTimeOffset? Modified { get; init; }

        public int? Uid { get; init; }

        public int? Gid { get; init; }
    }
}
