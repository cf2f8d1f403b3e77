using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Backups;

/// <summary>Writes a stack into a directory or archive.</summary>
internal sealed class BackupCreator(IncusClient client, string stack, BackupOptions options, IProgress<CopyEvent>? progress)
{
    public async Task<StackBackup> RunAsync(string path, CancellationToken cancellationToken)
    {
        var created = DateTimeOffset.UtcNow;
        var content = await StackContent.ReadAsync(client, stack, cancellationToken).ConfigureAwait(false);
        var drivers = options.OptimizedStorage ? await DriversAsync(cancellationToken).ConfigureAwait(false) : null;
        var members = new ConcurrentBag<BackupMember>();
        var writer = BackupWriter.Create(path);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var live in content)
            {
                var definition = NewMember(live.Id, BackupRole.Definition, FileOf(live.Id) + ".json");
                using var text = new MemoryStream(ResourceKinds.Of(live.Id).Write(live));
                members.Add(await AddAsync(writer, definition, text, null, cancellationToken).ConfigureAwait(false));
            }

            var work = new ParallelOptions
            {
                MaxDegreeOfParallelism = writer.TakesSeveral ? options.ThrottleLimit : 1,
                CancellationToken = cancellationToken,
            };
            await Parallel.ForEachAsync(content.Where(live => StackContent.HasData(live.Id)), work, async (live, token) =>
            {
                var data = NewMember(live.Id, BackupRole.Data, FileOf(live.Id) + Extension);
                if (drivers?.GetValueOrDefault(PoolOf(live)) is { } driver)
                    data = data with { Driver = driver };
                var meter = new Meter(progress, live.Id, "saving");
                await TemporaryBackup.ReadAsync(client, live.Id, options, meter, async download =>
                {
                    var saving = new Meter(progress, live.Id, "saving", download.Length);
                    members.Add(await AddAsync(writer, data, download.Content, saving.Count, token).ConfigureAwait(false));
                }, token).ConfigureAwait(false);
                meter.End("saved");
            }).ConfigureAwait(false);

            var manifest = new StackBackup
            {
                Version = StackBackup.NewestVersion,
                Stack = stack,
                Project = client.Project,
                CreatedAt = created,
                Server = client.Name,
                ServerVersion = client.Server.Environment.ServerVersion,
                Compression = options.Compression,
                OptimizedStorage = options.OptimizedStorage,
                Snapshots = options.Snapshots,
                Members = [.. members.OrderBy(member => ResourceKinds.RankOf(member.Id)).ThenBy(member => member.File, StringComparer.Ordinal)],
            };
            await writer.CompleteAsync(manifest, cancellationToken).ConfigureAwait(false);
            return manifest with { Path = Path.GetFullPath(path) };
        }
    }

    private static async Task<BackupMember> AddAsync(
        BackupWriter writer, BackupMember member, Stream content, Action<long>? counted, CancellationToken cancellationToken)
    {
        var (size, sha256) = await writer.AddAsync(member.File, content, counted, cancellationToken).ConfigureAwait(false);
        return member with { Size = size, Sha256 = sha256 };
    }

    private static BackupMember NewMember(ResourceId id, BackupRole role, string file) => new()
    {
        Kind = id.Kind,
        Name = id.Name,
        Scope = id.Scope,
        Role = role,
        File = file,
        Size = 0,
        Sha256 = "",
    };

    /// <summary>A readable name that is one file's alone, whatever the resource is called.</summary>
    private static string FileOf(ResourceId id) =>
        $"{id.Kind}s/{(id.Scope is null ? "" : Uri.EscapeDataString(id.Scope) + "/")}{Uri.EscapeDataString(id.Name)}";

    private string Extension => options.Compression switch
    {
        "gzip" => ".tar.gz",
        "none" => ".tar",
        "zstd" => ".tar.zst",
        var other => ".tar." + other,
    };

    /// <summary>The pool that an instance's root disk or a volume is in.</summary>
    public static string PoolOf(LiveResource live) =>
        live.Raw is Instance instance
            ? instance.ExpandedDevices.Values.FirstOrDefault(InstanceForm.IsRootDisk)?["pool"] ?? ""
            : live.Id.Scope!;

    private async Task<Dictionary<string, string>> DriversAsync(CancellationToken cancellationToken) =>
        (await client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(pool => pool.Name, pool => pool.Driver);
}
