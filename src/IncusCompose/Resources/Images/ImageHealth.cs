using System.Text.Json.Serialization;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Images;

/// <summary>How an OCI image says that it is healthy.</summary>
/// <param name="Image">The image as the file names it.</param>
/// <param name="Check">Its check; null where it has none.</param>
internal sealed record ImageHealthcheck(string Image, HealthCheckDefinition? Check)
{
    /// <summary>When the file wants it to be made; null: as the image says.</summary>
    public HealthTiming? Timing { get; init; }

    /// <summary>The check as it is made.</summary>
    [JsonIgnore]
    public HealthCheckDefinition? Effective => Check is not null && Timing is not null ? Timing.Over(Check) : Check;
}

/// <summary>
/// The health checks that OCI images bring along (docker's <c>HEALTHCHECK</c>), for instances whose definition has none of its
/// own. Incus knows nothing of them: the image's registry tells, and is asked where somebody waits for the health of an
/// instance; of an image that is built its instructions tell, and once it is built it itself. What was told is recorded on the
/// instance, and asked for once.
/// </summary>
internal static class ImageHealth
{
    /// <summary>The health checks of the images that have to be asked for; where one is waited for that cannot come, that is an error.</summary>
    /// <param name="context">The stack and what is live.</param>
    /// <param name="registries">Asks registries.</param>
    /// <param name="options">What the plan is for, and what it may do.</param>
    /// <param name="problems">Receives errors and warnings.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<IReadOnlyDictionary<string, ImageHealthcheck>> AskAsync(
        PlanningContext context, RegistryImages registries, PlanOptions options, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var stack = context.Stack;
        var waits = Waits(stack).ToLookup(wait => wait.Instance.Name, wait => wait.Path, StringComparer.Ordinal);
        var found = new Dictionary<string, ImageHealthcheck>(StringComparer.Ordinal);
        // Where the server runs no such images at all, that is what is said of them.
        var runs = context.About?.ApiExtensions.Contains("instance_oci") == true;
        var open = stack.Instances.Values.Where(instance => IsOpen(instance) && (runs || !registries.Has(StackImages.ReferenceOf(instance.Image, stack)))).ToList();
        var answers = await Task.WhenAll(open.GroupBy(instance => StackImages.ReferenceOf(instance.Image, stack), StringComparer.Ordinal).Select(async group =>
        {
            var asked = group.Where(instance => Known(instance, context, options) is null).ToList();
            var isWanted = asked.Exists(instance => options.WithImageHealth || waits.Contains(instance.Name) || instance.HealthTiming is not null);
            var image = group.First().Image;
            if (context.Builds.TryGetValue(image, out var build))
            {
                var built = LiveImages.FindOwn(context.Server.Images, image, (stack.Name, context.Project));
                return await AskAsync(group.Key, () => PlannedBuilds.HealthOfAsync(image, build, built is not null && build.IsOf(built) ? built : null, isWanted, asked.Count > 0, registries, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            var credentials = stack.Images.GetValueOrDefault(image)?.Credentials;
            return isWanted && registries.Has(group.Key)
                ? await AskAsync(group.Key, async () => Of(group.Key, await registries.ConfigAsync(group.Key, credentials, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false)
                // What was told together with something else is worth knowing too.
                : (group.Key, asked.Count > 0 && registries.ConfigIfTold(group.Key) is { } told ? Of(group.Key, told) : null, null);
        })).ConfigureAwait(false);
        foreach (var (reference, health, problem) in answers)
        {
            if (health is not null)
                found[reference] = health;
            var silent = open.Where(instance => problem is not null && StackImages.ReferenceOf(instance.Image, stack) == reference && Known(instance, context, options) is null).ToList();
            if (silent.Count > 0 && !silent.Exists(instance => waits.Contains(instance.Name)))
            {
                var path = $"instances.{silent[0].Group ?? silent[0].Name}.image";
                problems.Add(Diagnostic.Warning("ImageServerSilent", stack.Source.Find(path), path, $"whether {reference} has a health check of its own cannot be told: {problem}", "it counts as ready once it runs; or write its `healthcheck`"));
            }

            foreach (var instance in open.Where(instance => health is { Check: null } && instance.HealthTiming is not null && StackImages.ReferenceOf(instance.Image, stack) == reference && !waits.Contains(instance.Name)))
            {
                var path = $"instances.{instance.Group ?? instance.Name}.healthcheck";
                problems.Add(Diagnostic.Warning("NoHealthcheck", stack.Source.Find(path), path, $"it says when the check of its image is made, and {reference} has none", "add a `test`, or leave it out"));
            }
        }

        foreach (var instance in open)
        {
            var reference = StackImages.ReferenceOf(instance.Image, stack);
            var check = found.GetValueOrDefault(reference) ?? Known(instance, context, options);
            if (check?.Check is not null)
                continue;
            var problem = answers.FirstOrDefault(answer => answer.Reference == reference).Problem;
            foreach (var path in waits[instance.Name])
            {
                problems.Add(check is null && problem is not null
                    ? Diagnostic.Error("UnknownHealthcheck", stack.Source.Find(path), path, $"whether the image of `{instance.Name}`, {reference}, has a health check cannot be told: {problem}", "give it a `healthcheck`, or wait for `condition: ready` or `started`")
                    : Diagnostic.Error("NoHealthcheck", stack.Source.Find(path), path, $"`{instance.Name}` has no health check, nor has its image {reference}, so it never becomes healthy", "give it a `healthcheck`, or wait for `condition: ready` or `started`"));
            }
        }

        return found;
    }

    /// <summary>Adds the check of its image to the configuration of an instance that has no other.</summary>
    public static void Add(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (IsOpen(instance) && (context.ImageHealth.GetValueOrDefault(StackImages.ReferenceOf(instance.Image, context.Stack)) ?? Recorded(instance, context.Stack, live)) is { } check)
            config[RecordedWords.ImageHealthcheck] = RecordedWords.Write(check with { Timing = instance.HealthTiming });
    }

    /// <summary>True where an instance's health is its image's business.</summary>
    public static bool IsOpen(InstanceDefinition instance) => instance is { Healthcheck: null, NoHealthcheck: false, Type: InstanceType.Container };

    /// <summary>True where an image may have a check of its own: only where it comes from can tell.</summary>
    public static bool MayComeWith(InstanceDefinition instance, StackDefinition stack) =>
        // The server of Incus's own project has images of systems alone.
        IsOpen(instance) && (stack.Images.GetValueOrDefault(instance.Image)?.Build is not null || ImageRemotes.Split(StackImages.ReferenceOf(instance.Image, stack)).Remote is not (null or ClientConfiguration.LocalRemote or "images"));

    private static ImageHealthcheck Of(string reference, OciImageConfig config) => new(reference, config.Healthcheck);

    private static async Task<(string Reference, ImageHealthcheck? Health, string? Problem)> AskAsync(string reference, Func<Task<ImageHealthcheck?>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return (reference, await ask().ConfigureAwait(false), null);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && RegistryImages.IsProblem(error))
        {
            return (reference, null, RegistryImages.Describe(error));
        }
    }

    /// <summary>Whose health is waited for, and where the file says so.</summary>
    private static IEnumerable<(InstanceDefinition Instance, string Path)> Waits(StackDefinition stack)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Group ?? instance.Name}";
            foreach (var (index, dependency) in instance.DependsOn.Index())
            {
                if (dependency.Condition != DependencyCondition.Healthy || stack.Instances.GetValueOrDefault(dependency.Instance) is not { } other)
                    continue;
                string[] places = [$"{path}.depends_on.{dependency.Instance}", $"{path}.depends_on.{other.Group}", $"{path}.depends_on[{index}]"];
                yield return (other, Array.Find(places, stack.Source.Contains) ?? $"{path}.depends_on");
            }

            if (instance.Ready?.Gates.Any(gate => gate is HealthGate) == true)
                yield return (instance, stack.Source.Contains($"{path}.ready.healthy") ? $"{path}.ready.healthy" : $"{path}.ready");
        }
    }

    /// <summary>What is known of an instance's image, as far as the instance stays with it.</summary>
    private static ImageHealthcheck? Known(InstanceDefinition instance, PlanningContext context, PlanOptions options) =>
        context.Server.Find(InstanceKind.IdOf(instance.Name)) is { } live && !MovedImages.WillFollow(instance, live, context, options) ? Recorded(instance, context.Stack, live) : null;

    /// <summary>What was told when the instance was made, if it was made from the same image.</summary>
    private static ImageHealthcheck? Recorded(InstanceDefinition instance, StackDefinition stack, LiveResource? live) =>
        live?.Raw is Instance made && RecordedWords.ReadImageHealthcheck(made.Config) is { } recorded && recorded.Image == StackImages.ReferenceOf(instance.Image, stack) ? recorded : null;
}
