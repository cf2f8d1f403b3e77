using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Building;

/// <summary>An image of the stack that is built on this machine, with what decides what becomes of it.</summary>
/// <param name="Definition">How.</param>
/// <param name="Inputs">A digest of its sources, its instructions and its words.</param>
/// <param name="Place">Where its sources are, as people read it.</param>
internal sealed record PlannedBuild(BuildDefinition Definition, string Inputs, string Place)
{
    /// <summary>Beside the mark of an image: what it was built of.</summary>
    public const string Key = OwnershipMark.Prefix + "build";

    /// <summary>What plans show, and what an image remembers.</summary>
    public override string ToString() => $"{Place}, sources {Inputs}";

    /// <summary>
    /// What the image says of itself: whose it is too, so that what two stacks build of one folder are two images, of which each
    /// can go without the other.
    /// </summary>
    /// <param name="image">Its key in the file.</param>
    /// <param name="stack">The stack, and the project that it lives in.</param>
    public string DescriptionOf(string image, (string Name, string Project) stack) => $"{image} of {stack.Name} in project {stack.Project}, built of {Place}";

    /// <summary>True for an image that was built of the same, wherever that lay.</summary>
    public bool IsOf(Image image) => image.Properties.GetValueOrDefault(Key)?.EndsWith($" {Inputs}", StringComparison.Ordinal) == true;
}

/// <summary>What is known of builds before there is a plan: which images are built at all, and of what.</summary>
internal static class PlannedBuilds
{
    /// <summary>
    /// The stack with one origin for each image: of those that have a registry and sources, the registry where it has the image,
    /// and the sources where it has not. What the server has already stays what it was. Source: compose-spec build.md, "Using
    /// build and image".
    /// </summary>
    public static async Task<StackDefinition> ResolveAsync(
        StackDefinition stack, string project, ClientConfiguration remotes, ServerObservation live, RegistryImages registries, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var open = stack.Images.Values.Where(image => image is { Build: not null, Source.Length: > 0 }).ToList();
        if (open.Count == 0)
            return stack;
        var isFetched = await Task.WhenAll(open.Select(image => IsFetchedAsync(image, stack, project, remotes, live, registries, problems, cancellationToken))).ConfigureAwait(false);
        var images = stack.Images.ToDictionary(StringComparer.Ordinal);
        foreach (var (image, fetched) in open.Zip(isFetched))
            images[image.Name] = fetched ? image with { Build = null } : image with { Source = "", Pull = null, Credentials = null, AutoUpdate = null };
        return stack with { Images = images };
    }

    /// <summary>What each image is built of, by its key; what cannot be read is an error.</summary>
    public static async Task<IReadOnlyDictionary<string, PlannedBuild>> ReadAsync(StackDefinition stack, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var own = OwnPaths.Of(stack);
        var read = await Task.WhenAll(stack.Images.Values.Where(image => image.Build is not null).Select(image => Task.Run<(ImageDefinition Image, PlannedBuild? Build, string? Problem)>(
            () =>
            {
                var build = image.Build!;
                try
                {
                    return (image, new PlannedBuild(build, BuildInputs.DigestOf(build, own)[..16], PlaceOf(build, stack.Folder)), null);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Text.RegularExpressions.RegexMatchTimeoutException)
                {
                    return (image, null, error.Message.TrimEnd('.'));
                }
            },
            cancellationToken))).ConfigureAwait(false);
        var builds = new Dictionary<string, PlannedBuild>(StringComparer.Ordinal);
        foreach (var (image, build, problem) in read)
        {
            var path = PathOf(image.Name, stack);
            if (build is not null)
                builds[image.Name] = build;
            else
                problems.Add(Diagnostic.Error("UnreadableBuild", stack.Source.Find(path), path, $"it cannot be built: {problem}", stack.Folder is { } folder ? $"paths start from {folder}, that of the Dockerfile from the build's context" : "name a folder with a Dockerfile"));
        }

        return builds;
    }

    /// <summary>The entry point that an image will have: as the one says that is built already, else as its instructions do.</summary>
    /// <param name="name">Its key.</param>
    /// <param name="build">What it is built of.</param>
    /// <param name="built">The one that the server has of the same sources; null where it has none.</param>
    /// <param name="registries">Asks the registry of the image that it begins with.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The words; null where there is no telling.</returns>
    public static async Task<ImageEntrypoint?> EntrypointOfAsync(string name, PlannedBuild build, Image? built, RegistryImages registries, CancellationToken cancellationToken)
    {
        if (built is not null && RecordedWords.ReadEntrypoint(built.Properties) is { } recorded)
            return recorded with { Image = name };
        if (BuildInputs.InstructionsOf(build.Definition) is not { } text
            || Dockerfile.ProgramOf(text, build.Definition.Target, build.Definition.Arguments) is not { } program)
            return null;
        if (program.Entrypoint is { } words)
            return new ImageEntrypoint(name, words);
        if (build.Definition.AdditionalContexts.ContainsKey(program.Base!))
            return null;
        return new ImageEntrypoint(name, (await registries.ConfigAsync(Loading.Dialects.OciReference.Translate(program.Base!), null, cancellationToken).ConfigureAwait(false)).Entrypoint);
    }

    /// <summary>The health check that an image will have: as the one says that is built already, else as its instructions do, or the image that it begins with.</summary>
    /// <param name="name">Its key.</param>
    /// <param name="build">What it is built of.</param>
    /// <param name="built">The one that the server has of the same sources; null where it has none.</param>
    /// <param name="mayAsk">True where a registry may be asked for it.</param>
    /// <param name="isOpen">True where more than the built one may tell.</param>
    /// <param name="registries">Asks the registry of the image that it begins with.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The check; null where it was not asked for.</returns>
    /// <exception cref="IncusException">There is no telling.</exception>
    public static async Task<ImageHealthcheck?> HealthOfAsync(string name, PlannedBuild build, Image? built, bool mayAsk, bool isOpen, RegistryImages registries, CancellationToken cancellationToken)
    {
        if (built is not null && RecordedWords.ReadImageHealthcheck(built.Properties) is { } recorded)
            return recorded with { Image = name };
        if (!isOpen)
            return null;
        var health = BuildInputs.InstructionsOf(build.Definition) is { } text ? Dockerfile.HealthOf(text, build.Definition.Target, build.Definition.Arguments) : null;
        if (health is { IsSaid: true })
            return new ImageHealthcheck(name, health.Check);
        if (health?.Base is null || build.Definition.AdditionalContexts.ContainsKey(health.Base))
            return mayAsk ? throw new IncusException("its instructions do not say") : null;
        var reference = Loading.Dialects.OciReference.Translate(health.Base);
        var config = mayAsk ? await registries.ConfigAsync(reference, null, cancellationToken).ConfigureAwait(false) : registries.ConfigIfTold(reference);
        return config is null ? null : new ImageHealthcheck(name, config.Healthcheck);
    }

    /// <summary>What the builder keeps an image as.</summary>
    public static string TagOf(string stack, string image) => $"localhost/incus-compose/{Allowed(stack)}/{Allowed(image)}";

    private static string Allowed(string name) =>
        string.Join('-', new string([.. name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } allowed ? allowed : "image";

    /// <summary>Where the file says how an image is built: under <c>images</c>, or where the instance is.</summary>
    public static string PathOf(string image, StackDefinition stack) => stack.Source.Aliases.GetValueOrDefault($"images.{image}", $"images.{image}.build");

    private static string PlaceOf(BuildDefinition build, string? folder)
    {
        var place = build.Context;
        if (build.IsLocal && folder is not null)
        {
            place = Path.GetRelativePath(folder, place).Replace('\\', '/');
            place = place == "." || place.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(place) ? place : "./" + place;
        }

        return $"{Secrets.Mask("", place)} ({(build.DockerfileInline is not null ? "instructions of the file" : build.Dockerfile ?? "Dockerfile")})";
    }

    private static async Task<bool> IsFetchedAsync(
        ImageDefinition image, StackDefinition stack, string project, ClientConfiguration remotes, ServerObservation live, RegistryImages registries, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        if (live.Images.Any(one => OwnershipMark.Read(one.Properties) is { } mark && mark.BelongsTo(stack.Name, project) && mark.Key == image.Name && one.Properties.ContainsKey(PlannedBuild.Key)))
            return false;
        if (LiveImages.IsThere(image.Source, remotes, live))
            return true;
        // What other servers have, they say when it is fetched.
        if (!registries.Has(image.Source))
            return true;
        var path = PathOf(image.Name, stack);
        bool has;
        try
        {
            await registries.FindDigestAsync(image.Source, image.Credentials, cancellationToken).ConfigureAwait(false);
            has = true;
        }
        catch (IncusNotFoundException)
        {
            has = false;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && RegistryImages.IsProblem(error))
        {
            lock (problems)
            {
                problems.Add(Diagnostic.Error("RegistrySilent", stack.Source.Find(path), path, $"whether {image.Source} is to be fetched or built cannot be told: {RegistryImages.Describe(error)}",
                    "write `pull_policy: build` to have it built in any case, or try again"));
            }

            return false;
        }

        lock (problems)
        {
            problems.Add(new Diagnostic(DiagnosticSeverity.Information, "BuildOrFetch", stack.Source.Find(path), path,
                has ? $"{image.Source} is fetched, since its registry has it" : $"{image.Source} is built, since its registry does not have it",
                has ? "write `pull_policy: build` to have it built in any case" : ""));
        }

        return has;
    }
}
