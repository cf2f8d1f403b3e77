using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Images;

/// <summary>
/// The variables of OCI images. Up to Incus 7.0.1, and in 7.1 to 7.3, the server writes them into the configuration of an
/// instance when it is made, and does not renew them when it is rebuilt; others read them from the image at each start.
/// Source: Incus cmd/incusd/instance.go, instanceCreateFromImage.
/// </summary>
internal static class ImageEnvironment
{
    private const string Prefix = "environment.";

    /// <summary>What becomes of the variables of instances that are rebuilt: those of the old image go, those of the new one come.</summary>
    /// <param name="context">The stack and what is live.</param>
    /// <param name="registries">Asks registries; only where a server has written variables down.</param>
    /// <param name="options">What the plan may do.</param>
    /// <param name="problems">Receives warnings.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The keys to set, and with null to remove, by the instances' names.</returns>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string?>>> AskAsync(
        PlanningContext context, RegistryImages registries, PlanOptions options, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, IReadOnlyDictionary<string, string?>>(StringComparer.Ordinal);
        if (!options.AllowRebuild)
            return found;
        var answers = await Task.WhenAll(context.Stack.Instances.Values.Select(async Task<(InstanceDefinition Instance, IReadOnlyDictionary<string, string?>? Variables, string? Problem)> (instance) =>
        {
            var reference = StackImages.ReferenceOf(instance.Image, context.Stack);
            if (context.Server.Find(InstanceKind.IdOf(instance.Name)) is not { Mark: { } mark, Raw: Instance made } live || !OciApplications.IsOne(made) || mark.Applied.Plain(PropertyPath.Image) is not { } before)
                return default;
            var own = InstanceForm.ConfigOf(instance);
            var written = made.Config.Where(entry => IsVariable(entry.Key) && !own.ContainsKey(entry.Key) && !mark.Applied.Contains(PropertyPath.Config(entry.Key))).ToDictionary();
            if (written.Count == 0 || !registries.Has(before) || !registries.Has(reference)
                || ((before == reference || before == instance.Image) && !MovedImages.WillFollow(instance, live, context, options)))
                return default;
            try
            {
                var credentials = context.Stack.Images.GetValueOrDefault(instance.Image)?.Credentials;
                // By its digest it is found whatever its name leads to by now.
                var old = ImageDigest.Of(made) is { } digest && !before.Contains('@', StringComparison.Ordinal) ? $"{before}@{digest}" : before;
                if ((await registries.ManifestAsync(old, credentials, cancellationToken).ConfigureAwait(false)).Fingerprint != made.Config.GetValueOrDefault("volatile.base_image"))
                    return (instance, null, $"{before} is another image by now");
                var from = (await registries.ConfigAsync(old, credentials, cancellationToken).ConfigureAwait(false)).Environment;
                var to = (await registries.ConfigAsync(reference, credentials, cancellationToken).ConfigureAwait(false)).Environment;
                return (instance, Renewed(written, from, to, key => own.ContainsKey(key) || InstanceForm.ProfileConfig(instance, context).ContainsKey(key)), null);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && RegistryImages.IsProblem(error))
            {
                return (instance, null, RegistryImages.Describe(error));
            }
        })).ConfigureAwait(false);
        foreach (var (instance, variables, problem) in answers)
        {
            if (variables is { Count: > 0 })
                found[instance.Name] = variables;
            if (problem is null)
                continue;
            var path = $"instances.{instance.Group ?? instance.Name}.image";
            problems.Add(Diagnostic.Warning("ImageServerSilent", context.Stack.Source.Find(path), path,
                $"which variables {instance.Name} has of its old image cannot be told, so that they stay: {problem}", $"look at them once it is rebuilt: incus config show {instance.Name}"));
        }

        return found;
    }

    /// <summary>What is to become of the variables that a server has written down, when the image becomes another one.</summary>
    /// <param name="written">What stands on the instance and is not the file's.</param>
    /// <param name="from">The variables of the old image.</param>
    /// <param name="to">The variables of the new image.</param>
    /// <param name="isSaid">True for a key that the file or a profile says, which counts more than an image.</param>
    internal static IReadOnlyDictionary<string, string?> Renewed(IReadOnlyDictionary<string, string> written, IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to, Func<string, bool> isSaid)
    {
        // What is not as the old image has it is somebody's.
        var old = written.Where(entry => from.TryGetValue(entry.Key[Prefix.Length..], out var value) && value == entry.Value).Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
        // A server that has written none of the image's down reads them by itself.
        if (old.Count == 0)
            return new Dictionary<string, string?>();
        var renewed = old.ToDictionary(key => key, string? (_) => null, StringComparer.Ordinal);
        foreach (var (name, value) in to)
        {
            if (old.Contains(Prefix + name) || (!written.ContainsKey(Prefix + name) && !isSaid(Prefix + name)))
                renewed[Prefix + name] = value;
        }

        return renewed;
    }

    private static bool IsVariable(string key) => key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length;
}
