using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Resources;

namespace IncusCompose.Backups;

/// <summary>
/// A stack that is there: the server copies its data itself; where the clone is on another server, it passes through this
/// machine, and neither server has to reach the other.
/// </summary>
/// <param name="source">Its server, in its project.</param>
/// <param name="stack">Its name.</param>
/// <param name="isSameServer">True where the clone is on the same server.</param>
/// <param name="snapshots">Whether the snapshots come along.</param>
/// <param name="data">What the data of an instance or volume is copied from; null: from itself.</param>
internal sealed class LiveSource(
    IncusClient source, string stack, bool isSameServer, bool snapshots, IReadOnlyDictionary<ResourceId, string>? data) : IStackSource
{
    /// <summary>The key of a copied instance or volume that says what it was copied from.</summary>
    public const string OriginKey = OwnershipMark.Prefix + "copied-from";

    private const string BaseImageKey = "volatile.base_image";

    private long _transferred;

    public long Transferred => Interlocked.Read(ref _transferred);

    /// <summary>What is written of a copy's origin: server, project, stack and resource.</summary>
    public static string OriginOf(IncusClient source, string stack, ResourceId id) =>
        $"{source.Server.Environment.CertificateFingerprint}/{source.Project}/{stack}/{id}";

    public bool Forgets(string key) =>
        key.StartsWith("volatile.", StringComparison.Ordinal) && key.EndsWith(".hwaddr", StringComparison.Ordinal);

    public async Task MakeVolumeAsync(IncusClient target, PlacedResource volume, Meter meter, CancellationToken cancellationToken)
    {
        var origin = (StorageVolume)volume.Origin.Raw;
        var made = new StorageVolume
        {
            Name = volume.Name,
            ContentType = origin.ContentType,
            Description = ResourceFields.From(volume.Desired.Properties).Word(PropertyPath.Description),
            // How its files' owners are written comes along with them.
            Config = ConfigOf(target, volume, origin.Config, key => key.StartsWith("volatile.idmap.", StringComparison.Ordinal)),
        };
        var (pool, name) = (volume.From.Scope!, DataOf(volume));
        if (isSameServer)
        {
            var copied = new VolumeCopySource(pool, name, source.Project, !snapshots) { Refresh = volume.IsRenewed };
            cancellationToken.ThrowIfCancellationRequested();
            // Not cancelled itself: what was asked for must be known to be taken away.
            var copying = target.StorageVolumes.CopyAsync(volume.Id.Scope!, made, copied, CancellationToken.None);
            await OperationEnd.CompleteOrSettleAsync(copying, meter, cancellationToken).ConfigureAwait(false);
            return;
        }

        var options = await OptionsAsync(volume, meter, () => source.StorageVolumes.HasSnapshotsAsync(pool, name, cancellationToken)).ConfigureAwait(false);
        Add(await target.StorageVolumes.CopyFromServerAsync(
            volume.Id.Scope!, made, source.StorageVolumes, pool, name, options, meter, cancellationToken).ConfigureAwait(false));
    }

    public async Task MakeInstanceAsync(IncusClient target, PlacedResource instance, Meter meter, CancellationToken cancellationToken)
    {
        var name = DataOf(instance);
        var fields = ResourceFields.From(instance.Desired.Properties);
        var profiles = fields.Word(PropertyPath.Profiles);
        var origin = (Instance)instance.Origin.Raw;
        var copy = new InstanceCreate
        {
            Name = instance.Name,
            Type = fields.Word(PropertyPath.Type),
            Architecture = origin.Architecture,
            Description = fields.Word(PropertyPath.Description),
            Source = InstanceSource.FromInstance(name, source.Project, !snapshots) with { Refresh = instance.IsRenewed ? true : null },
            Config = ConfigOf(target, instance, origin.Config, key => key == BaseImageKey || key.StartsWith("image.", StringComparison.Ordinal)),
            Devices = fields.DeviceMap(),
            Profiles = profiles.Length == 0 ? [] : profiles.Split(','),
            Ephemeral = fields.Word(PropertyPath.Ephemeral) == "true",
        };
        if (isSameServer)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await OperationEnd.CompleteOrSettleAsync(target.Instances.CreateAsync(copy, CancellationToken.None), meter, cancellationToken).ConfigureAwait(false);
            return;
        }

        var options = await OptionsAsync(
            instance, meter, async () => (await source.Instances.ListSnapshotsAsync(name, cancellationToken).ConfigureAwait(false)).Count > 0).ConfigureAwait(false);
        Add(await target.Instances.CopyFromServerAsync(source.Instances, name, copy, options, meter, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The configuration of the copy from its first moment on: whoever is cut off leaves nothing without its mark.</summary>
    private SortedDictionary<string, string> ConfigOf(
        IncusClient target, PlacedResource resource, IReadOnlyDictionary<string, string> origin, Func<string, bool> comesAlong)
    {
        var config = ResourceFields.From(resource.Desired.Properties).Config;
        foreach (var (key, value) in origin.Where(entry => comesAlong(entry.Key)))
            config[key] = value;
        new OwnershipMark(resource.Stack, target.Project, resource.Desired.DefinitionPath, resource.Desired.Applied!).Write(resource.Id, config);
        // What a request does not name the server takes over from the source: a kept copy's notes.
        config[CheckpointRecord.CopyKey] = "";
        config[CheckpointRecord.DefinitionKey] = "";
        config[OriginKey] = OriginOf(source, stack, resource.From);
        return config;
    }

    private async Task<MigrationOptions> OptionsAsync(PlacedResource resource, Meter meter, Func<Task<bool>> hasSnapshots)
    {
        meter.Say("copying");
        return new MigrationOptions
        {
            // btrfs sends what changed since the last snapshot; without any, it would send everything, and rsync only what differs.
            WithoutSnapshots = !snapshots || (resource.IsRenewed && !await hasSnapshots().ConfigureAwait(false)),
            Refresh = resource.IsRenewed,
            Counted = meter.Count,
        };
    }

    private string DataOf(PlacedResource resource) => data?.GetValueOrDefault(resource.From) ?? resource.From.Name;

    private void Add(long bytes) => Interlocked.Add(ref _transferred, bytes);
}
