using System.Security.Cryptography;
using Incus.Client;

namespace IncusCompose.Resources.Images;

/// <summary>An image in one or two files of this machine. Source: Incus doc/reference/image_format.md.</summary>
/// <param name="Metadata">The only file, or that of the metadata.</param>
/// <param name="Rootfs">The root file system, where it is a file of its own.</param>
internal sealed record ImageFiles(string Metadata, string? Rootfs)
{
    // The first bytes of a disk in qcow2.
    private static readonly byte[] s_qcow2 = [(byte)'Q', (byte)'F', (byte)'I', 0xfb];

    /// <summary>The files' names, for a plan.</summary>
    public override string ToString() => Rootfs is null ? Metadata : $"{Metadata} and {Rootfs}";

    /// <summary>What it is an image of where the file system tells; null where only the metadata does.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public string? Type()
    {
        if (Rootfs is null)
            return null;
        using var stream = File.OpenRead(Rootfs);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual(s_qcow2)
            ? InstanceTypes.VirtualMachine
            : InstanceTypes.Container;
    }

    /// <summary>How large it is on the server.</summary>
    /// <exception cref="IOException">A file is not there.</exception>
    public long Size() => new FileInfo(Metadata).Length + (Rootfs is null ? 0 : new FileInfo(Rootfs).Length);

    /// <summary>What Incus calls it by: the digest of its files.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        foreach (var path in new[] { Metadata, Rootfs }.OfType<string>())
        {
            using var stream = File.OpenRead(path);
            for (int count; (count = stream.Read(buffer)) > 0;)
                hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Sends it to the server.</summary>
    /// <returns>Its fingerprint.</returns>
    public async Task<string> ImportAsync(IncusClient client, IReadOnlyDictionary<string, string> properties, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        var metadata = File.OpenRead(Metadata);
        await using (metadata.ConfigureAwait(false))
        {
            var rootfs = Rootfs is null ? Stream.Null : File.OpenRead(Rootfs);
            await using (rootfs.ConfigureAwait(false))
            {
                var operation = await client.Images.ImportAsync(metadata, Rootfs is null ? null : rootfs, null, Type() ?? InstanceTypes.Container, cancellationToken)
                    .CompleteAsync(progress, cancellationToken).ConfigureAwait(false);
                var fingerprint = ImageApi.FingerprintOf(operation) ?? Fingerprint();
                // Not with the files: every Incus so far (7.3) ends at properties where the metadata has none.
                await client.Images.UpdateAsync(
                    fingerprint, now => now with { Properties = now.Properties.Concat(properties).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value) },
                    CancellationToken.None).ConfigureAwait(false);
                return fingerprint;
            }
        }
    }
}
