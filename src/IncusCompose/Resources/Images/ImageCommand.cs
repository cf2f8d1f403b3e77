using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Keys;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Images;

/// <summary>What an OCI image runs by itself.</summary>
/// <param name="Image">The image as the file names it.</param>
/// <param name="Words">Its entry point, without its arguments; empty where it has none.</param>
internal sealed record ImageEntrypoint(string Image, IReadOnlyList<string> Words)
{
    public override string ToString() => Words.Count == 0 ? "none" : ShellWords.Join(Words);
}

/// <summary>
/// Arguments for an image's own entry point, as compose's <c>command</c> says them. Incus has one word for both, so that the
/// entry point must be known: the image's registry tells it. It is recorded on the instance, and asked for once.
/// </summary>
internal static class ImageCommand
{
    /// <summary>What a container from an OCI image runs, with its arguments.</summary>
    public const string Key = "oci.entrypoint";

    /// <summary>The entry points of the images that have to be asked for; what cannot be told is an error.</summary>
    /// <param name="context">The stack and what is live.</param>
    /// <param name="registries">Asks registries.</param>
    /// <param name="options">What the plan may do: an instance that follows its image is of another one then.</param>
    /// <param name="problems">Receives errors.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<IReadOnlyDictionary<string, ImageEntrypoint>> AskAsync(
        PlanningContext context, RegistryImages registries, PlanOptions options, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var stack = context.Stack;
        var wanted = stack.Instances.Values
            .Where(instance => instance.Command is not null && !InstanceForm.ConfigOf(instance).ContainsKey(Key)
                && (context.Server.Find(InstanceKind.IdOf(instance.Name)) is not { } live || Recorded(instance, stack, live) is null || MovedImages.WillFollow(instance, live, context, options)))
            .DistinctBy(instance => StackImages.ReferenceOf(instance.Image, stack))
            // Where the server runs no such images at all, that is what is said.
            .Where(_ => context.About?.ApiExtensions.Contains("instance_oci_entrypoint") == true)
            .ToList();
        var found = new Dictionary<string, ImageEntrypoint>(StringComparer.Ordinal);
        var answers = await Task.WhenAll(wanted.Select(async Task<(InstanceDefinition Instance, ImageEntrypoint? Entrypoint, string? Problem)> (instance) =>
        {
            var reference = StackImages.ReferenceOf(instance.Image, stack);
            try
            {
                if (context.Builds.TryGetValue(instance.Image, out var build))
                {
                    var image = LiveImages.FindOwn(context.Server.Images, instance.Image, (stack.Name, context.Project));
                    return await PlannedBuilds.EntrypointOfAsync(instance.Image, build, image is not null && build.IsOf(image) ? image : null, registries, cancellationToken).ConfigureAwait(false) is { } own
                        ? (instance, own, null)
                        : (instance, null, "its instructions do not say");
                }

                var config = await registries.ConfigAsync(reference, stack.Images.GetValueOrDefault(instance.Image)?.Credentials, cancellationToken).ConfigureAwait(false);
                return (instance, new ImageEntrypoint(reference, config.Entrypoint), null);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && RegistryImages.IsProblem(error))
            {
                return (instance, null, RegistryImages.Describe(error));
            }
        })).ConfigureAwait(false);
        foreach (var (instance, entrypoint, problem) in answers)
        {
            if (entrypoint is not null)
            {
                found[entrypoint.Image] = entrypoint;
                continue;
            }

            var path = $"instances.{instance.Group ?? instance.Name}.command";
            problems.Add(Diagnostic.Error("UnknownEntrypoint", stack.Source.Find(path), path,
                $"`command` alone is for an image's own entry point, and what that of {StackImages.ReferenceOf(instance.Image, stack)} is cannot be told: {problem}",
                "write the image's `entrypoint` as well; `entrypoint: []` where it has none"));
        }

        return found;
    }

    /// <summary>Adds what an instance runs, where its definition says the arguments alone.</summary>
    public static void Add(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (instance.Command is not { } command || config.ContainsKey(Key))
            return;
        // What could not be told has been reported.
        if ((context.Entrypoints.GetValueOrDefault(StackImages.ReferenceOf(instance.Image, context.Stack)) ?? Recorded(instance, context.Stack, live)) is not { } entrypoint)
        {
            context.Require("instance_oci_entrypoint", $"instances.{instance.Name}.command", "`command`");
            return;
        }

        if (entrypoint.Words.Count + command.Count == 0)
        {
            context.Error("BadCommand", $"instances.{instance.Name}.command", $"the image {entrypoint.Image} has no entry point, and this names no program either", "write one");
            return;
        }

        config[Key] = ShellWords.Join([.. entrypoint.Words, .. command]);
        config[RecordedWords.Entrypoint] = RecordedWords.Write(entrypoint);
    }

    /// <summary>Takes the arguments out of a live instance's configuration where they were said alone; null where they were not, or somebody changed it.</summary>
    public static IReadOnlyList<string>? Take(SortedDictionary<string, string> config, IReadOnlyDictionary<string, string> live)
    {
        if (RecordedWords.ReadEntrypoint(live) is not { } entrypoint || !config.TryGetValue(Key, out var value)
            || ShellWords.Split(value) is not { } words || !words.Take(entrypoint.Words.Count).SequenceEqual(entrypoint.Words))
            return null;
        config.Remove(Key);
        return [.. words.Skip(entrypoint.Words.Count)];
    }

    /// <summary>What was asked for when the instance was made, if it was made from the same image.</summary>
    private static ImageEntrypoint? Recorded(InstanceDefinition instance, StackDefinition stack, LiveResource? live) =>
        live?.Raw is Instance made && RecordedWords.ReadEntrypoint(made.Config) is { } recorded && recorded.Image == StackImages.ReferenceOf(instance.Image, stack) ? recorded : null;
}
