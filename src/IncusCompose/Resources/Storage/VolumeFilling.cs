using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Files;
using IncusCompose.Resources.Instances;
using FileAttributes = Incus.Client.FileAttributes;

namespace IncusCompose.Resources.Storage;

/// <summary>A volume that is filled, where it is new, with what an instance's image has at a path.</summary>
/// <param name="Volume">The volume.</param>
/// <param name="Target">Where the instance mounts it.</param>
/// <param name="IsAsked">True where the file says so; otherwise it is done for applications alone.</param>
internal sealed record VolumeFill(ResourceId Volume, string Target, bool IsAsked);

/// <summary>
/// What docker does with a new, empty volume: it gets what the image has where the volume is mounted, owners and permissions
/// included, before the first container starts; many images run as a user who could not write into it otherwise. A note on the
/// volume says how far that has come, so that it is done once, and goes on where it was interrupted. Nothing that is in a volume
/// is ever changed. Source: https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container.
/// </summary>
internal static class VolumeFilling
{
    private const string Key = OwnershipMark.Prefix + "filling", Extension = "custom_volume_sftp";

    /// <summary>It is new, and nobody has filled it yet.</summary>
    private const string New = "new";

    /// <summary>It was empty, and what is in it is a part of what it gets.</summary>
    private const string Begun = "begun";

    /// <summary>What is being written goes by this name until it is complete.</summary>
    private const string Unfinished = ".incus-compose-unfinished";

    /// <summary>Notes on a volume that is made that it is to be filled.</summary>
    public static void MarkNew(IDictionary<string, string> config) => config[Key] = New;

    /// <summary>The volumes of the stack that an instance would fill.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="context">The stack and what is live.</param>
    public static IReadOnlyList<VolumeFill> Of(InstanceDefinition instance, PlanningContext context) =>
        context.About?.ApiExtensions.Contains(Extension) == false ? [] : Wanted(instance, context);

    /// <summary>The same; what the server cannot do is reported.</summary>
    public static IReadOnlyList<VolumeFill> Look(InstanceDefinition instance, PlanningContext context)
    {
        var wanted = Wanted(instance, context);
        if (wanted.Count == 0 || context.About?.ApiExtensions.Contains(Extension) != false)
            return wanted;
        var path = $"instances.{instance.Name}.volumes";
        if (wanted.Any(fill => fill.IsAsked))
            context.Require(Extension, path, "Filling a volume from an image (`nocopy: false`)");
        else if (OciApplications.IsOciImage(instance, context) == true && wanted.FirstOrDefault(fill => context.Server.Find(fill.Volume) is null) is { } empty)
            context.Report(Diagnostic.Warning("NotFilled", context.Stack.Source.Find(path), path, $"the volume {empty.Volume.Name} begins empty, where docker copies to it what the image has at {empty.Target}: that needs the API extension \"{Extension}\", which Incus {context.About.Environment.ServerVersion} does not have", "use Incus 6.13 or later, or say `nocopy: true` where it may be empty"));
        return [];
    }

    /// <summary>True where an instance that is made would fill a volume, so that it may not start at once.</summary>
    public static bool IsDue(ApplyContext context, DesiredResource desired) => Open(context, desired).Any();

    /// <summary>Fills new volumes that an instance mounts with what it has there itself.</summary>
    /// <param name="context">Where.</param>
    /// <param name="desired">The instance; it is there, and does not have the volumes yet or does not run.</param>
    /// <param name="cancellationToken">Ends the work; the next apply goes on with it.</param>
    /// <exception cref="IncusException">The server did not do it.</exception>
    public static async Task FillAsync(ApplyContext context, DesiredResource? desired, CancellationToken cancellationToken)
    {
        var open = Open(context, desired).ToList();
        if (open.Count == 0)
            return;
        var instance = (await context.Client.Instances.GetAsync(desired!.Id.Name, cancellationToken).ConfigureAwait(false)).Value;
        foreach (var fill in open.Where(fill => fill.IsAsked || OciApplications.IsOne(instance)))
        {
            // In an instance that runs, what is mounted hides what the image has.
            if (instance.StatusCode is not StatusCode.Stopped && instance.ExpandedDevices.Values.Any(device => device.GetValueOrDefault("path")?.TrimEnd('/') == fill.Target.TrimEnd('/')))
                continue;
            await context.Volumes.AloneAsync(fill.Volume.ToString(), () => FillAsync(context, instance, fill, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Volumes that may still have to be filled, as far as the plan tells: those that are made with it, and those of an apply that was interrupted.</summary>
    private static IEnumerable<VolumeFill> Open(ApplyContext context, DesiredResource? desired) =>
        ((desired as DesiredInstance)?.Fills ?? []).Where(fill => context.Plan.Resources.FirstOrDefault(resource => resource.Id == fill.Volume) is { } volume
            && (volume.Action != Planning.ChangeAction.None || volume.Live?.Raw is StorageVolume live && live.Config.GetValueOrDefault(Key) is New or Begun));

    private static IReadOnlyList<VolumeFill> Wanted(InstanceDefinition instance, PlanningContext context)
    {
        if (instance.Type != InstanceType.Container)
            return [];
        var mounts = instance.Volumes.Where(mount => mount is { IsHostPath: false, Tmpfs: null, Subpath: null, NoCopy: not true }
            && context.Stack.Volumes.GetValueOrDefault(mount.Source) is { External: false, ContentType: "filesystem" } volume && VolumeOrigin.Of(volume) is null).ToList();
        if (mounts.Count == 0 || (mounts.TrueForAll(mount => mount.NoCopy is null) && OciApplications.IsOciImage(instance, context) == false))
            return [];
        return [.. mounts.Where(mount => mount.NoCopy == false || OciApplications.IsOciImage(instance, context) != false)
            .Select(mount => (Mount: mount, Pools: InstanceForm.PoolsOf(mount.Source, context))).Where(mount => mount.Pools.Count == 1)
            .Select(mount => new VolumeFill(VolumeKind.IdOf(mount.Pools[0], mount.Mount.Source), mount.Mount.Target, mount.Mount.NoCopy == false))];
    }

    private static async Task FillAsync(ApplyContext context, Instance instance, VolumeFill fill, CancellationToken cancellationToken)
    {
        var volumes = context.Client.StorageVolumes;
        var (pool, name) = (fill.Volume.Scope!, fill.Volume.Name);
        var volume = (await volumes.FindAsync(pool, name, cancellationToken).ConfigureAwait(false))?.Value;
        if (volume is null || volume.Config.GetValueOrDefault(Key) is not (New or Begun))
            return;
        var state = volume.Config[Key];
        var source = await context.Client.Instances.OpenFilesAsync(instance.Name, cancellationToken).ConfigureAwait(false);
        await using var closingSource = source.ConfigureAwait(false);
        // Another instance's image may have something there.
        if (await source.FindAsync(fill.Target, followLink: true, cancellationToken).ConfigureAwait(false) is not { Kind: InstanceFileKind.Directory } folder)
            return;
        var target = await volumes.OpenFilesAsync(pool, name, cancellationToken).ConfigureAwait(false);
        await using var closingTarget = target.ConfigureAwait(false);
        // Half filled and used since: what is missing may have been taken away by who uses it.
        if ((state == Begun && instance.LastUsedAt.Year > 1970)
            || (state == New && (await target.ListAsync("/", cancellationToken).ConfigureAwait(false)).Any(entry => entry.Name != "lost+found")))
        {
            await NoteAsync("not needed").ConfigureAwait(false);
            return;
        }

        context.Say($"filling {name} with what the image has at {fill.Target}");
        var copy = new Copy(source, target);
        // What the image has at most a folder for, the next one may have more for.
        if (state == New && (await source.ListAsync(fill.Target, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            // Unless somebody has given it an owner since it was made.
            if (await target.FindAsync("/", cancellationToken: cancellationToken).ConfigureAwait(false) is { Uid: 0, Gid: 0 })
                await copy.SetAsync(folder, "/", cancellationToken).ConfigureAwait(false);
            return;
        }

        await NoteAsync(Begun).ConfigureAwait(false);
        await copy.IntoAsync(fill.Target, "", cancellationToken).ConfigureAwait(false);
        await copy.SetAsync(folder, "/", cancellationToken).ConfigureAwait(false);
        await NoteAsync($"from {instance.Name}:{fill.Target}").ConfigureAwait(false);

        Task NoteAsync(string note) => volumes.UpdateAsync(pool, name, current => current with { Config = new Dictionary<string, string>(current.Config) { [Key] = note } }, cancellationToken);
    }

    /// <summary>Brings what is not there yet from one file system into another one.</summary>
    private sealed class Copy(InstanceFiles source, InstanceFiles target)
    {
        public async Task IntoAsync(string from, string to, CancellationToken cancellationToken)
        {
            foreach (var entry in await source.ListAsync(from, cancellationToken).ConfigureAwait(false))
            {
                if (entry.Name is "" or "." or ".." || entry.Name.AsSpan().ContainsAny('/', '\0'))
                    continue;
                var (here, there) = ($"{from.TrimEnd('/')}/{entry.Name}", $"{to}/{entry.Name}");
                var found = await target.FindAsync(there, cancellationToken: cancellationToken).ConfigureAwait(false);
                switch (entry.Kind)
                {
                    case InstanceFileKind.Directory when found is null or { Kind: InstanceFileKind.Directory }:
                        if (found is null)
                            await target.CreateDirectoryAsync(there, cancellationToken).ConfigureAwait(false);
                        await IntoAsync(here, there, cancellationToken).ConfigureAwait(false);
                        await SetAsync(entry, there, cancellationToken).ConfigureAwait(false);
                        break;
                    case InstanceFileKind.File when found is null:
                        await FileAsync(entry, here, there, cancellationToken).ConfigureAwait(false);
                        break;
                    case InstanceFileKind.Link when found is null:
                        await target.CreateLinkAsync(there, await source.ReadLinkAsync(here, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
                        break;
                }
            }
        }

        public Task SetAsync(InstanceFileEntry entry, string path, CancellationToken cancellationToken) =>
            target.SetAttributesAsync(path, new FileAttributes { Mode = entry.Mode & 0b111_111_111, Uid = (int)entry.Uid, Gid = (int)entry.Gid }, entry.Modified, cancellationToken);

        /// <summary>A file that is there under its name is complete.</summary>
        private async Task FileAsync(InstanceFileEntry entry, string here, string there, CancellationToken cancellationToken)
        {
            const string Path = "/" + Unfinished;
            var content = new PartsStream(source.ReadAsync(here, cancellationToken));
            await using (content.ConfigureAwait(false))
                await target.WriteAsync(Path, content, cancellationToken: cancellationToken).ConfigureAwait(false);
            await SetAsync(entry, Path, cancellationToken).ConfigureAwait(false);
            await target.RenameAsync(Path, there, cancellationToken).ConfigureAwait(false);
        }
    }
}
