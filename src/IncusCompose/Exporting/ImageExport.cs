using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Exporting;

/// <summary>
/// Images that came from no server (of files, of an instance, built): a stack file says them as the files that
/// <c>incus image export</c> writes. Source: Incus cmd/incus/image.go.
/// </summary>
internal static class ImageExport
{
    private const string Packed = "tar.gz";

    /// <summary>In which form the server has them.</summary>
    /// <param name="client">The server.</param>
    /// <param name="images">The images.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>By what each is called in a stack: what the name of its one file ends in; null where it is in two files. What could not be asked is missing.</returns>
    public static async Task<IReadOnlyDictionary<ResourceId, string?>> LookAsync(IncusClient client, IEnumerable<LiveResource> images, CancellationToken cancellationToken)
    {
        var forms = new Dictionary<ResourceId, string?>();
        foreach (var live in images.Where(live => IsMade(live) && live.Raw is Image))
        {
            try
            {
                // The answer's head says it; the files themselves are not read.
                var exported = await client.Images.ExportAsync(((Image)live.Raw).Fingerprint, cancellationToken).ConfigureAwait(false);
                await using (exported.ConfigureAwait(false))
                    forms[live.Id] = exported.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true ? null : EndingOf(exported.FileName);
            }
            catch (IncusException error) when (error is not IncusUnreachableException)
            {
                // The files are told in the form that most have.
            }
        }

        return forms;
    }

    /// <summary>True for what came from no server.</summary>
    public static bool IsMade(LiveResource live) => live.Id.Kind == ImageKind.KindName && !live.Id.Name.Contains(':', StringComparison.Ordinal);

    /// <summary>Lets an image come from the files that it can be exported to, and says how.</summary>
    public static ImageDefinition FromFiles(ImageDefinition image, LiveResource live, ExportContext context)
    {
        var name = image.Name.Replace('/', '-');
        var project = context.Project == IncusClient.DefaultProject ? "" : $" --project {context.Project}";
        var form = context.ImageForms.TryGetValue(live.Id, out var known) ? known : Packed;
        // Incus adds the ending of a single file to the name that it is given, and of two files gives the first this name.
        // A folder of the name would get the files with other names: one that an image is built of often has the image's.
        var target = form is null ? $"./{name}.image" : $"./{name}";
        image = form is null ? image with { Metadata = target, Rootfs = target + ".root" } : image with { File = $"{target}.{form}" };
        context.Note("ImageOfFiles", $"images.{image.Name}",
            $"what the image {image.Name} was made of is not on the server; the file says {image.File ?? $"{image.Metadata} and {image.Rootfs}"}, which {(form is null ? "are" : "is")} needed where the image is not",
            $"write {(form is null ? "them" : "it")}: incus image export{project} {((Image)live.Raw).Fingerprint[..12]} {SecretVariables.ForShell(target)}");
        return image;
    }

    private static string EndingOf(string? fileName) => fileName?.Split('.', 2) is [_, { Length: > 0 } ending] ? ending : Packed;
}
