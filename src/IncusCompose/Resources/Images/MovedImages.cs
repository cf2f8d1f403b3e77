using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Images;

/// <summary>
/// Instances whose image moved on: what the file's word for it leads to on the server now is not what they were made from.
/// That is nothing that the file says, so it is a note until somebody allows it to be followed.
/// </summary>
internal static class MovedImages
{
    /// <summary>What an image was and what it is now, in a line; null where it did not move on, or there is no telling.</summary>
    public static string? Describe(ResourceChange change)
    {
        if (change is not { Desired: DesiredInstance { ImageFingerprint: { } now } desired, Live: { Mark: not null, Raw: Instance instance } })
            return null;
        var from = instance.Config.GetValueOrDefault("volatile.base_image", "");
        // Of the same layers, and another image all the same.
        if (from == now && ImageDigest.Of(instance) is { } before && desired.ImageDigest is { } after)
            (from, now) = (before, after);
        // Another word for the image is a change of its own.
        return from.Length == 0 || from == now || change.Steps.Any(step => step.Path == PropertyPath.Image)
            ? null
            : $"image {desired.Properties[PropertyPath.Image]} moved on: {Short(from)} -> {Short(now)}";
    }

    /// <summary>True where an instance may follow its image. One that is ephemeral is gone once it stops: it is made anew, with leave for that too.</summary>
    public static bool MayFollow(Instance instance, PlanOptions options) =>
        options.AllowRebuild && (options.AllowReplace || !instance.Ephemeral);

    /// <summary>True where an instance follows its image in a plan, as far as can be told from the image.</summary>
    public static bool WillFollow(InstanceDefinition definition, LiveResource live, PlanningContext context, PlanOptions options) =>
        live is { Mark: not null, Raw: Instance instance } && MayFollow(instance, options)
        && ((StackImages.FingerprintOf(definition, context) is { } now && instance.Config.GetValueOrDefault("volatile.base_image") != now)
            || (StackImages.DigestOf(definition, context) is { } digest && ImageDigest.Of(instance) is { } before && before != digest));

    /// <summary>A note for each image that moved on and that instances do not follow in this plan.</summary>
    public static IEnumerable<Diagnostic> Notes(PlanningContext context, IEnumerable<ResourceChange> changes, PlanOptions options) => changes
        .Where(change => change.Action is not (ChangeAction.Rebuild or ChangeAction.Replace or ChangeAction.Delete))
        .Select(change => (Change: change, Text: Describe(change)))
        .Where(pair => pair.Text is not null)
        .OrderBy(pair => pair.Change.Name, StringComparer.Ordinal)
        .GroupBy(pair => (pair.Text, pair.Change.Desired!.DefinitionPath))
        .Select(group =>
        {
            var path = group.Key.DefinitionPath + ".image";
            return new Diagnostic(
                DiagnosticSeverity.Information, "ImageMovedOn", context.Stack.Source.Find(path), path,
                $"{group.Key.Text} ({string.Join(", ", group.Select(pair => pair.Change.Name))})", AdviceFor(group.First().Change, options));
        });

    private static string AdviceFor(ResourceChange change, PlanOptions options)
    {
        var instance = (Instance)change.Live!.Raw;
        if (MayFollow(instance, options) && UpdateOrder.WhyNotNow(change, options) is { } manual)
            return manual;
        return instance.Ephemeral
            ? "it is ephemeral: make it anew with -AllowRebuild -AllowReplace (--allow-rebuild --allow-replace)"
            : "rebuild it with -AllowRebuild (--allow-rebuild)";
    }

    private static string Short(string fingerprint)
    {
        var digits = fingerprint[(fingerprint.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return digits.Length > 12 ? digits[..12] : digits;
    }
}
