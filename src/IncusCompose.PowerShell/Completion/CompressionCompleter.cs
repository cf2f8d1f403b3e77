using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the ways to compress an image or a backup. Source: Incus doc/server_config.md, images.compression_algorithm.</summary>
public sealed class CompressionCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<Candidate>>([new("bzip2", "bzip2"), new("gzip", "gzip"), new("lz4", "lz4"), new("lzma", "lzma"), new("none", "No compression"), new("xz", "xz"), new("zstd", "zstd")]);
}
