using Incus.Client;

namespace IncusCompose.Resources.Images;

/// <summary>
/// Which image of a registry it is. Incus tells such images apart by their layers alone, so that another command, variable or
/// user of an image is known by its digest only. It is written down on the images that are followed; instances carry it along.
/// </summary>
/// <param name="Name">The digest that the name led to: where the registry tells it again, nothing has moved.</param>
/// <param name="Image">The digest of the image itself.</param>
/// <param name="Fingerprint">What Incus calls the image.</param>
internal sealed record ImageDigest(string Name, string Image, string Fingerprint)
{
    private const string Key = OwnershipMark.Prefix + "digest";
    private const string NameKey = OwnershipMark.Prefix + "name-digest";

    public static ImageDigest Of(OciManifest manifest) => new(manifest.NameDigest, manifest.Digest, manifest.Fingerprint);

    /// <summary>What is written down on an image; null where nothing is.</summary>
    public static ImageDigest? Read(Image image) =>
        image.Properties.GetValueOrDefault(Key) is { Length: > 0 } digest ? new ImageDigest(image.Properties.GetValueOrDefault(NameKey, ""), digest, image.Fingerprint) : null;

    /// <summary>The digest of the image that an instance was made from; null where there was none.</summary>
    public static string? Of(Instance instance) => instance.Config.GetValueOrDefault("image." + Key) is { Length: > 0 } digest ? digest : null;

    public void Write(IDictionary<string, string> properties) => (properties[Key], properties[NameKey]) = (Image, Name);

    public static void Erase(IDictionary<string, string> properties)
    {
        properties.Remove(Key);
        properties.Remove(NameKey);
    }
}

/// <summary>What the names of the images that are followed lead to where they come from.</summary>
/// <param name="Fingerprints">By reference and type of instance.</param>
/// <param name="Digests">Of those of registries, by reference.</param>
internal sealed record NewestImages(IReadOnlyDictionary<(string Reference, string Type), string> Fingerprints, IReadOnlyDictionary<string, ImageDigest> Digests);
