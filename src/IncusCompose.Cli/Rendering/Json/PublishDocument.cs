using IncusCompose.Publishing;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>What <c>publish --json</c> writes: the image.</summary>
internal sealed record PublishDocument(
    string Fingerprint, IReadOnlyList<string> Aliases, string Source, string Type, string Architecture, long Size, bool Public, bool Existed,
    string Project, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Warnings)
{
    public static PublishDocument From(PublishedImage image) => new(
        image.Fingerprint, image.Aliases, image.Source, image.Type, image.Architecture, image.Size, image.Public, image.Existed, image.Project, image.Properties,
        image.Warnings);
}
