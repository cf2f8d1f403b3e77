using System.Security.Cryptography;
using System.Text;

namespace IncusCompose.Resources;

/// <summary>What a name of a registry leads to right now, for one architecture.</summary>
/// <param name="Repository">The image's name there, without tag and digest.</param>
/// <param name="NameDigest">The digest of what the name leads to: of the list of all architectures, where there is one.</param>
/// <param name="Digest">The digest of the manifest, by which an image is told from every other one.</param>
/// <param name="Config">The digest of what the image says of itself; null where it is in a form of old.</param>
/// <param name="Layers">The digests of its layers, in their order.</param>
internal sealed record OciManifest(string Repository, string NameDigest, string Digest, string? Config, IReadOnlyList<string> Layers)
{
    /// <summary>
    /// What Incus calls an image of these layers: images that differ in what they say of themselves alone are one to it.
    /// Source: Incus client/oci_images.go, computeFingerprint.
    /// </summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Layers))));
}

/// <summary>What an OCI image says of itself.</summary>
/// <param name="Entrypoint">Its entry point, without its arguments; empty where it has none.</param>
internal sealed record OciImageConfig(IReadOnlyList<string> Entrypoint);
