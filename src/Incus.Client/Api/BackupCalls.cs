using System.Globalization;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>What backups of instances and of custom volumes have in common.</summary>
internal static class BackupCalls
{
    /// <summary>Starts a backup of the thing at a path of the API.</summary>
    public static Task<IncusOperation> CreateAsync(
        ApiCaller caller, string path, string withoutSnapshotsKey, BackupCreate backup, CancellationToken cancellationToken)
    {
        if (backup.Compression is not null)
            caller.Connection.RequireExtension("backup_compression_algorithm", "Choosing the compression of a backup");
        var body = new JsonObject
        {
            ["name"] = backup.Name,
            ["expires_at"] = backup.ExpiresAt?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            [withoutSnapshotsKey] = backup.WithoutSnapshots,
            ["optimized_storage"] = backup.OptimizedStorage,
        };
        if (backup.ExpiresAt is null)
            body.Remove("expires_at");
        if (backup.Compression is not null)
            body["compression_algorithm"] = backup.Compression;
        return caller.StartAsync(HttpMethod.Post, caller.Url($"{path}/backups"), body, null, cancellationToken);
    }

    /// <summary>The names of the backups; the server lists their addresses.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(ApiCaller caller, string path, CancellationToken cancellationToken)
    {
        var addresses = await caller.ListAsync(caller.Url($"{path}/backups"), IncusJson.Default.EnvelopeIReadOnlyListString, cancellationToken).ConfigureAwait(false);
        return [.. addresses.Select(address => address.Split('?')[0]).Select(address => Uri.UnescapeDataString(address[(address.LastIndexOf('/') + 1)..]))];
    }

    /// <summary>Begins to read the archive of a backup.</summary>
    public static Task<ServerDownload> ExportAsync(ApiCaller caller, string path, string backup, CancellationToken cancellationToken) =>
        caller.DownloadAsync($"{path}/backups/{ApiCaller.Segment(backup)}/export", cancellationToken);

    public static Task<IncusOperation> DeleteAsync(ApiCaller caller, string path, string backup, CancellationToken cancellationToken) =>
        caller.StartAsync(HttpMethod.Delete, caller.Url($"{path}/backups/{ApiCaller.Segment(backup)}"), (JsonNode?)null, null, cancellationToken);

    /// <summary>Sends an archive to a collection, for a new member to be made from it.</summary>
    public static async Task<IncusOperation> ImportAsync(
        ApiCaller caller, string path, Stream archive, string? name, string? pool, CancellationToken cancellationToken)
    {
        if (name is not null)
            caller.Connection.RequireExtension("backup_override_name", "Restoring a backup under another name");
        if (pool is not null)
            caller.Connection.RequireExtension("container_backup_override_pool", "Restoring a backup in another storage pool");
        using var content = new StreamContent(archive);
        content.Headers.ContentType = new("application/octet-stream");
        if (name is not null)
            content.Headers.Add("X-Incus-name", name);
        if (pool is not null)
            content.Headers.Add("X-Incus-pool", pool);
        return await caller.StartAsync(HttpMethod.Post, caller.Url(path), content, null, cancellationToken).ConfigureAwait(false);
    }
}
