namespace Incus.Client;

/// <summary>What a backup of an instance or custom volume is to hold, and how (<c>POST …/backups</c>, doc/backup.md).</summary>
public sealed record BackupCreate
{
    /// <summary>Name of the backup, unique for its instance or volume.</summary>
    public required string Name { get; init; }

    /// <summary>When the server deletes it by itself; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>True to leave the snapshots out.</summary>
    public bool WithoutSnapshots { get; init; }

    /// <summary>
    /// True for the storage driver's own format: faster, but it can only be restored in a pool of the same driver.
    /// </summary>
    public bool OptimizedStorage { get; init; }

    /// <summary>
    /// <c>gzip</c>, <c>zstd</c>, <c>xz</c>, <c>none</c>, … (extension <c>backup_compression_algorithm</c>); null for the server's choice.
    /// </summary>
    public string? Compression { get; init; }
}

/// <summary>How an instance is made from an exported backup (<c>POST /1.0/instances</c> with the archive).</summary>
public sealed record InstanceImport
{
    /// <summary>Name of the instance (extension <c>backup_override_name</c>); null for the archive's.</summary>
    public string? Name { get; init; }

    /// <summary>Storage pool of the root disk (extension <c>container_backup_override_pool</c>); null for the archive's.</summary>
    public string? Pool { get; init; }
}

/// <summary>Data on its way from the server. Dispose it when it has been read.</summary>
public sealed class ServerDownload : IAsyncDisposable
{
    private readonly HttpResponseMessage response;

    internal ServerDownload(HttpResponseMessage response, Stream content)
    {
        this.response = response;
        Content = content;
    }

    /// <summary>The data; reading ends with an <see cref="IOException"/> where the connection breaks.</summary>
    public Stream Content { get; }

    /// <summary>How many bytes there are; null where the server does not say.</summary>
    public long? Length => response.Content.Headers.ContentLength;

    /// <summary>What form they are in; null where the server does not say.</summary>
    public string? ContentType => response.Content.Headers.ContentType?.ToString();

    /// <summary>What the server calls the file; null where it does not say, or where there are several.</summary>
    public string? FileName => response.Content.Headers.ContentDisposition?.FileName?.Trim('"') is { Length: > 0 } name ? name : null;

    /// <summary>Lets go of the connection.</summary>
    /// <returns>When it is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync().ConfigureAwait(false);
        response.Dispose();
    }
}
