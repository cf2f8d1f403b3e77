using Incus.Client;
using IncusCompose.Loading.Documents;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Backups;

/// <summary>Plans the restoring of a backup.</summary>
internal static class BackupRestorer
{
    public static async Task<StackCopyPlan> PlanAsync(
        IncusClient client, IDocumentFormat format, string path, BackupRestoreOptions options, IProgress<CopyEvent>? progress, CancellationToken cancellationToken)
    {
        var reader = await BackupReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        await reader.VerifyAsync(progress, cancellationToken).ConfigureAwait(false);
        var content = await reader.ReadDefinitionsAsync(cancellationToken).ConfigureAwait(false);
        var unowned = content.Where(live => live.Mark?.BelongsTo(reader.Manifest.Stack, reader.Manifest.Project) != true).Select(live => live.Id.ToString()).ToList();
        if (unowned.Count > 0)
            throw new BackupUnusableException(path, [$"the definitions of {string.Join(", ", unowned)} do not bear the stack's mark"]);
        var placer = new StackPlacer(client, reader.Manifest.Stack, content, options.Pools);
        if (reader.Manifest.OptimizedStorage)
            await ReportDriversAsync(client, reader, content, options, placer, cancellationToken).ConfigureAwait(false);
        // A root disk's pool the server takes by word; those of attached volumes it reads in the archive.
        var attached = content.Where(live => live.Raw is Instance instance && instance.Devices.Values.Any(device =>
            !InstanceForm.IsRootDisk(device) && options.Pools.ContainsKey(device.GetValueOrDefault("pool", "")))).ToList();
        if (attached.Count > 0 && !ExportedResource.IsReadable(reader.Manifest))
        {
            placer.Report($"{attached[0].Id} has volumes in a pool of another name, which cannot be told to the server in a backup that is "
                + (reader.Manifest.OptimizedStorage ? "in a storage driver's own format" : $"compressed by {reader.Manifest.Compression} instead of gzip"));
        }

        var source = new BackupSource(reader, format, attached.Count > 0 ? placer.Translate : null);
        return await placer.PlanAsync(source, () => [], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is in a storage driver's own format can be read by no other.</summary>
    private static async Task ReportDriversAsync(
        IncusClient client, BackupReader reader, IReadOnlyList<LiveResource> content, BackupRestoreOptions options, StackPlacer placer, CancellationToken cancellationToken)
    {
        var drivers = (await client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(pool => pool.Name, pool => pool.Driver);
        foreach (var live in content.Where(live => StackContent.HasData(live.Id)))
        {
            var before = BackupCreator.PoolOf(live);
            var pool = options.Pools.GetValueOrDefault(before, before);
            if (reader.DataOf(live.Id).Driver is { } saved && drivers.GetValueOrDefault(pool) is { } driver && driver != saved)
                placer.Report($"{live.Id} was saved in the format of {saved}, and pool {pool} is {driver}");
        }
    }
}
