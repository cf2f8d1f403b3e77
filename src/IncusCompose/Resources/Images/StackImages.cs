using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Images;

/// <summary>An image as the file names it.</summary>
/// <param name="Definition">Its entry of <c>images</c>; null where an instance names it without one.</param>
/// <param name="Reference">What it leads to.</param>
/// <param name="Type"><c>container</c> or <c>virtual-machine</c>.</param>
/// <param name="Path">Where the file names it.</param>
internal sealed record ImageName(ImageDefinition? Definition, string Reference, string Type, string Path);

/// <summary>The images that a stack names: where each comes from, when it is looked for, and what it is on the server now.</summary>
internal static class StackImages
{
    // In place of a fingerprint, which a build has only once it is done.
    private const string NewBuild = "a new build";

    /// <summary>What an instance's word for its image leads to: the source of an entry of <c>images:</c>, or the word itself.</summary>
    public static string ReferenceOf(string image, StackDefinition stack) =>
        stack.Images.TryGetValue(image, out var declared) ? declared.Reference : image;

    /// <summary>The files of this machine that an image is made of; null where it is made of none.</summary>
    public static ImageFiles? FilesOf(ImageDefinition? image) => image switch
    {
        { File: { } file } => new ImageFiles(file, null),
        { Metadata: { } metadata, Rootfs: { } rootfs } => new ImageFiles(metadata, rootfs),
        _ => null,
    };

    /// <summary>The images that are asked for where they come from, with every plan.</summary>
    public static IEnumerable<ImageName> Followed(StackDefinition stack) =>
        Named(stack).Where(image => image.Definition?.Publish is null && PullOf(stack, image.Reference, image.Type) == ImagePull.Always);

    /// <summary>Every image that instances or the file's <c>images</c> name, each once.</summary>
    private static IEnumerable<ImageName> Named(StackDefinition stack) =>
        stack.Instances.Values.Select(instance => new ImageName(stack.Images.GetValueOrDefault(instance.Image), ReferenceOf(instance.Image, stack), InstanceKind.TypeName(instance.Type), $"instances.{instance.Group ?? instance.Name}.image"))
            .Concat(stack.Images.Values.Where(image => stack.Instances.Values.All(instance => instance.Image != image.Name)).Select(image => new ImageName(image, image.Reference, InstanceTypes.Container, $"images.{image.Name}")))
            .DistinctBy(image => (image.Reference, image.Type));

    /// <summary>When an image is looked for: as often as any of those that name it want.</summary>
    public static ImagePull PullOf(StackDefinition stack, string reference, string type)
    {
        var wanted = stack.Instances.Values.Where(instance => ReferenceOf(instance.Image, stack) == reference && InstanceKind.TypeName(instance.Type) == type)
            .Select(instance => instance.PullPolicy ?? stack.Images.GetValueOrDefault(instance.Image)?.Pull ?? ImagePull.Missing).ToList();
        if (wanted.Count == 0)
            wanted = [.. stack.Images.Values.Where(image => image.Reference == reference).Select(image => image.Pull ?? ImagePull.Missing)];
        return wanted.Contains(ImagePull.Always) ? ImagePull.Always : wanted.Contains(ImagePull.Missing) || wanted.Count == 0 ? ImagePull.Missing : ImagePull.Never;
    }

    /// <summary>The fingerprint of what an instance's word for its image leads to on the server now; null where it is not there.</summary>
    public static string? FingerprintOf(InstanceDefinition instance, PlanningContext context)
    {
        var reference = ReferenceOf(instance.Image, context.Stack);
        var type = InstanceKind.TypeName(instance.Type);
        // What is to be brought with this plan counts already.
        if (context.NewestImages.TryGetValue((reference, type), out var newest))
            return newest;
        if (context.Stack.Images.GetValueOrDefault(instance.Image) is { Source.Length: 0 } made)
        {
            var live = LiveImages.FindOwn(context.Server.Images, made.Name, (context.Stack.Name, context.Project));
            return live is not null && context.Builds.GetValueOrDefault(made.Name) is { } build && !build.IsOf(live) ? NewBuild : live?.Fingerprint;
        }

        var (remoteName, alias) = ImageRemotes.Split(reference);
        var remote = remoteName is null or ClientConfiguration.LocalRemote ? null : ImageRemotes.Find(context.Remotes, remoteName);
        return remoteName is null or ClientConfiguration.LocalRemote || remote is not null
            ? LiveImages.FindNamed(remote, reference, type, null, (context.Stack.Name, context.Project), context.Server.Images) is { } here ? KeptImage.FingerprintOf(here) : null
            : null;
    }

    /// <summary>The digest in its registry of what an instance's word for its image leads to; null where that is not written down.</summary>
    public static string? DigestOf(InstanceDefinition instance, PlanningContext context)
    {
        var reference = ReferenceOf(instance.Image, context.Stack);
        var (name, alias) = ImageRemotes.Split(reference);
        if (name is null || ImageRemotes.Find(context.Remotes, name) is not { Protocol: "oci" } remote || LiveImages.FindNamed(remote, reference, InstanceKind.TypeName(instance.Type), context.ImageDigests.GetValueOrDefault(reference), (context.Stack.Name, context.Project), context.Server.Images) is not { } here)
            return null;
        return context.ImageDigests.GetValueOrDefault(reference) is { } newest && (newest.Fingerprint != here.Fingerprint || IsDigestKept(here, alias, context))
            ? newest.Image
            : ImageDigest.Read(here)?.Image;
    }

    /// <summary>True for an image whose digest this stack has written down. One of the same layers takes its place, which nobody else's is made to give up.</summary>
    public static bool IsDigestKept(Image image, string alias, PlanningContext context) =>
        ImageDigest.Read(image) is not null && image.UpdateSource?.Alias == alias && OwnershipMark.Read(image.Properties)?.BelongsTo(context.Stack.Name, context.Project) == true;
}
