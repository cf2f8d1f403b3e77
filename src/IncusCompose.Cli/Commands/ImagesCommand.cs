using Incus.Client;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>images</c>: what the instances of a stack were made from.</summary>
internal sealed class ImagesCommand(Session session, NameCompletion names)
    : StackInstancesVerb("images", "List the images that instances were made from.", session, names)
{
    protected override async Task<int> ShowAsync(
        Invocation invocation, OpenStack stack, IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        var known = (await stack.Client.Images.ListAsync(cancellationToken)).DistinctBy(image => image.Fingerprint).ToDictionary(image => image.Fingerprint);
        var documents = instances.Select(instance => ImageDocument.From(instance, known)).ToList();
        var output = Session.Terminal.Out;
        if (invocation.Json)
        {
            JsonLines.Write(output.Inner, documents, JsonDocuments.Indented.IReadOnlyListImageDocument);
        }
        else if (invocation.Quiet)
        {
            foreach (var fingerprint in documents.Select(image => image.Fingerprint).OfType<string>().Distinct())
                output.Line(StyledWriter.Printable(fingerprint));
        }
        else
        {
            var table = new TextTable("INSTANCE", "IMAGE", "FINGERPRINT", "SIZE");
            foreach (var image in documents)
                table.Add(image.Instance, image.Image, image.Fingerprint?[..Math.Min(12, image.Fingerprint.Length)], image.Size is { } size ? Words.Megabytes(size) : null);

            table.Write(output);
        }

        return ExitCode.Success;
    }
}
