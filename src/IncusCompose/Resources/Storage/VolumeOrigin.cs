using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Storage;

/// <summary>What a volume is made from: files of this machine that the server gets when it makes the volume, and never again.</summary>
/// <param name="Word">The word of the file that says so.</param>
internal abstract record VolumeOrigin(string Word)
{
    /// <summary>What a definition says; null: it is made empty.</summary>
    public static VolumeOrigin? Of(VolumeDefinition volume) => volume switch
    {
        { Import: { } backup } => new BackupOrigin(backup),
        { ContentType: "iso", Source: { } image } => new IsoOrigin(image),
        { Content.Count: > 0 } => new ContentOrigin(volume.Content),
        _ => null,
    };

    /// <summary>Looks at the files before anything is begun, and reports what is wrong with them or with the server.</summary>
    /// <returns>The same, knowing more about its files; null where something is reported.</returns>
    public abstract VolumeOrigin? Look(PlanningContext context, string path);

    /// <summary>What it is, for a plan.</summary>
    public abstract string Describe();

    /// <summary>Makes the volume.</summary>
    public abstract Task CreateAsync(ApplyContext context, DesiredVolume volume, CancellationToken cancellationToken);

    /// <summary>Makes a volume that came from elsewhere what it should be, and the stack's own; all else that it brought stays.</summary>
    protected static Task AdoptAsync(ApplyContext context, DesiredVolume volume, CancellationToken cancellationToken) =>
        context.Client.StorageVolumes.UpdateAsync(
            volume.Id.Scope!,
            volume.Id.Name,
            current =>
            {
                // A mark that it brought is another stack's, or an older one's.
                var config = current.Config.ToDictionary();
                OwnershipMark.Erase(config);
                var fields = ResourceFields.From(config);
                fields.Set(PropertyPath.Description, current.Description.Length == 0 ? null : current.Description);
                foreach (var (path, value) in volume.Properties)
                    fields.Set(path, value);
                context.MarkOf(volume)?.Write(volume.Id, fields.Config);
                return current with { Description = fields.Word(PropertyPath.Description), Config = fields.Config };
            },
            cancellationToken);

    /// <summary>The size of a file that can be read; null, with a problem reported, where there is none.</summary>
    protected static long? SizeOf(string file, PlanningContext context, string path)
    {
        try
        {
            using var stream = File.OpenRead(file);
            if (stream.CanSeek)
                return stream.Length;
            context.Error("UnreadableFile", path, $"{file} is no ordinary file", "name a file on this machine");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var reason = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => $"there is no file {file}",
                _ when Directory.Exists(file) => $"{file} is a folder",
                _ => $"the file {file} cannot be read",
            };
            context.Error("UnreadableFile", path, reason, context.Stack.Folder is { } folder ? $"paths start from {folder}" : "name a file on this machine");
        }

        return null;
    }
}

/// <summary>A backup of a volume, as <c>incus storage volume export</c> writes it.</summary>
internal sealed record BackupOrigin(string File) : VolumeOrigin("import")
{
    private long Size { get; init; }

    public override VolumeOrigin? Look(PlanningContext context, string path)
    {
        path += ".import";
        return context.Require("custom_volume_backup", path, "a volume from a backup") && context.Require("backup_override_name", path, "a volume from a backup")
            && SizeOf(File, context, path) is { } size ? this with { Size = size } : null;
    }

    public override string Describe() => $"{File} ({Sizes.Show(Size)})";

    public override async Task CreateAsync(ApplyContext context, DesiredVolume volume, CancellationToken cancellationToken)
    {
        context.Say($"sending {File}");
        var stream = System.IO.File.OpenRead(File);
        await using (stream.ConfigureAwait(false))
        {
            await context.Client.StorageVolumes.ImportBackupAsync(volume.Id.Scope!, volume.Id.Name, stream, cancellationToken)
                .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }

        await AdoptAsync(context, volume, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>
/// The image of an optical disc. Incus lets nobody change such a volume once it is there, so that it could not be marked:
/// the file goes to a volume of another name, which is copied with the mark on it.
/// </summary>
internal sealed record IsoOrigin(string File) : VolumeOrigin("source")
{
    private const long Spare = 1024 * 1024;

    private long Size { get; init; }

    public override VolumeOrigin? Look(PlanningContext context, string path)
    {
        path += ".source";
        return context.Require("custom_volume_iso", path, "a volume from an ISO image") && SizeOf(File, context, path) is { } size ? this with { Size = size } : null;
    }

    public override string Describe() => $"{File} ({Sizes.Show(Size)})";

    public override async Task CreateAsync(ApplyContext context, DesiredVolume volume, CancellationToken cancellationToken)
    {
        var volumes = context.Client.StorageVolumes;
        var pool = volume.Id.Scope!;
        var sent = $"{volume.Id.Name}-incus-compose-sent";
        // One that was left by an apply that was killed may be half of it.
        await volumes.DeleteAsync(pool, sent, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        context.Say($"sending {File}");
        var stream = System.IO.File.OpenRead(File);
        await using (stream.ConfigureAwait(false))
        {
            await volumes.ImportIsoAsync(pool, sent, stream, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var fields = ResourceFields.From(volume.Properties);
            context.MarkOf(volume)?.Write(volume.Id, fields.Config);
            // The file is as long as it is, whatever the size; but with a quota for nothing but its content btrfs cannot write it.
            fields.Config["size"] = (Size + Spare).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var copy = new StorageVolume { Name = volume.Id.Name, ContentType = "iso", Description = fields.Word(PropertyPath.Description), Config = fields.Config };
            await volumes.CopyAsync(pool, copy, new VolumeCopySource(pool, sent, context.Client.Project, WithoutSnapshots: true), cancellationToken)
                .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await volumes.DeleteAsync(pool, sent, CancellationToken.None).OrGoneAsync().ConfigureAwait(false);
        }
    }
}
