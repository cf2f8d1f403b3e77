using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Resources.Images;

/// <summary>
/// Images. Each distinct one is brought to the server once, before anything is created from it: creating several
/// instances at once from an image that is not there yet is a race on the server. Source: Incus doc/image-handling.md.
/// </summary>
internal sealed partial class ImageKind : ResourceKind
{
    public const string KindName = "image";

    internal const string AliasWord = "alias";
    private const string AutoUpdateWord = "auto_update";
    private const string ProfilesWord = "profiles";
    private const string FingerprintWord = "fingerprint";
    private const string DigestWord = "digest";
    private const string BuildWord = "build";
    private const string MoreAliases = "aliases/";

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Stadium;

    /// <summary>The image of an instance: the same reference is the same resource, however many instances name it.</summary>
    public static ResourceId IdOf(InstanceDefinition instance, StackDefinition stack) =>
        IdOf(StackImages.ReferenceOf(instance.Image, stack), InstanceKind.TypeName(instance.Type));

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        var desired = new Dictionary<ResourceId, DesiredImage>();
        foreach (var instance in context.Stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}.image";
            var declared = context.Stack.Images.GetValueOrDefault(instance.Image);
            var image = Describe(context, declared, StackImages.ReferenceOf(instance.Image, context.Stack), InstanceKind.TypeName(instance.Type), path);
            if (image is not null)
                desired.TryAdd(image.Id, image);
        }

        foreach (var declared in context.Stack.Images.Values)
        {
            if (context.Stack.Instances.Values.Any(instance => instance.Image == declared.Name))
                continue;
            var image = Describe(context, declared, declared.Reference, TypeOf(declared, context), $"images.{declared.Name}");
            if (image is not null)
                desired.TryAdd(image.Id, image);
        }

        return desired.Values;
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        [.. (await scope.ImagesAsync().ConfigureAwait(false))
            .Select(image => (image, mark: OwnershipMark.Read(image.Properties)))
            .Where(pair => pair.mark is not null)
            .Select(pair => Describe(IdOf(pair.mark!.Key, pair.image.Type), pair.image))];

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken)
    {
        var images = await client.Images.ListAsync(cancellationToken).ConfigureAwait(false);
        var image = images.FirstOrDefault(image => OwnershipMark.Read(image.Properties) is { } mark && IdOf(mark.Key, image.Type) == id);
        return image is null ? null : Describe(id, image);
    }

    public override LiveResource? Locate(DesiredResource desired, ServerObservation server) =>
        LiveImages.Find((DesiredImage)desired, server.Images) is { } image ? Describe((DesiredImage)desired, image) : null;

    public override string AddressOf(LiveResource live) => $"/1.0/images/{((Image)live.Raw).Fingerprint}";

    public override void ReportMissing(DesiredResource resource, PlanningContext context)
    {
        var noun = ((DesiredImage)resource).InstanceType == InstanceTypes.Container ? "containers" : "virtual machines";
        context.Error(
            "MissingImage",
            resource.DefinitionPath,
            $"there is no image \"{resource.Id.Name}\" for {noun} on the server in project \"{context.Project}\"",
            "name an image server before the alias, such as images:debian/12, or list what is there with: incus image list");
    }

    public override bool IsKept(RemovalOptions options) => !options.RemoveImages;

    /// <summary>What a stack has made itself goes by a key of its file, which another stack may have too.</summary>
    public override bool MayBeMeant(LiveResource live, LiveResource user) =>
        live.Id.Name.Contains(':', StringComparison.Ordinal) || live.Mark is not { } mark || user.Mark is not { } other || other.BelongsTo(mark.Stack, mark.Project);

    public override string? WhyKept(LiveResource live, IReadOnlySet<string> deleted, ServerObservation server)
    {
        var fingerprint = ((Image)live.Raw).Fingerprint;
        var user = server.OfKind(InstanceKind.KindName).FirstOrDefault(instance =>
            ((Instance)instance.Raw).Config.GetValueOrDefault("volatile.base_image") == fingerprint
            && !deleted.Contains(ResourceKinds.Of(instance.Id).AddressOf(instance)));
        if (user is not null)
            return $"kept, since {user.Id} was made from it too";
        return server.Elsewhere.FirstOrDefault(instance => instance.Config.GetValueOrDefault("volatile.base_image") == fingerprint) is { } other
            ? $"kept, since {InstanceKind.IdOf(other.Name)} of project {other.Project} was made from it too"
            : null;
    }

    /// <summary>A look at the other projects that share the images of a stack which are to be deleted.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="server">What is live.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public static async Task<ServerObservation> LookElsewhereAsync(IncusClient client, ServerObservation server, string stack, CancellationToken cancellationToken)
    {
        if (!server.Images.Any(image => OwnershipMark.Read(image.Properties)?.BelongsTo(stack, client.Project) == true)
            || (client.Project != IncusClient.DefaultProject && server.Find(ProjectKind.IdOf(client.Project)) is { Raw: Project project } && project.Config.GetValueOrDefault("features.images") == "true"))
            return server;
        try
        {
            return server.With([.. (await client.Instances.ListAllProjectsAsync(cancellationToken).ConfigureAwait(false)).Where(instance => instance.Project != client.Project)]);
        }
        catch (IncusForbiddenException)
        {
            // Who may not see them cannot know.
            return server;
        }
    }

    /// <summary>Images are shared: one that is there is used whoever brought it, and what the file says is made so.</summary>
    public override bool IsShared => true;

    public override bool IsServerFilled(string path) => true;

    /// <summary>Only what says more of an image than its source is worth an entry of its own.</summary>
    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var applied = live.Mark?.Applied ?? AppliedRecord.Empty;
        var (aliases, autoUpdate, profiles) = (AliasesIn(applied), applied.Plain(AutoUpdateWord), applied.Plain(ProfilesWord)?.Split(", "));
        // A stack's other images come from a server, or are the server's own and bear no mark.
        var made = ImageExport.IsMade(live);
        if ((!made && aliases.Count == 0 && autoUpdate is null && profiles is null) || stack.Images.Values.Any(image => image.Source == live.Id.Name))
            return stack;
        var image = new ImageDefinition
        {
            Name = made ? live.Id.Name : aliases.Count > 0 ? aliases[0] : live.Id.Name[(live.Id.Name.IndexOf(':', StringComparison.Ordinal) + 1)..],
            Source = made ? "" : live.Id.Name,
            Aliases = aliases,
            AutoUpdate = autoUpdate is null ? null : autoUpdate == "true",
            Profiles = profiles,
        };
        if (made)
            image = ImageExport.FromFiles(image, live, context);
        return stack with { Images = ExportContext.With(stack.Images, image.Name, image) };
    }

    private static ResourceId IdOf(string reference, string instanceType) =>
        new(KindName, reference, instanceType == InstanceTypes.VirtualMachine ? instanceType : null);

    private static DesiredImage? Describe(PlanningContext context, ImageDefinition? declared, string reference, string instanceType, string path)
    {
        var made = declared is { Source.Length: 0 };
        var (remoteName, alias) = made ? (null, reference) : ImageRemotes.Split(reference);
        var remote = remoteName is null or ClientConfiguration.LocalRemote ? null : ImageRemotes.Find(context.Remotes, remoteName);
        if (remoteName is not (null or ClientConfiguration.LocalRemote) && remote is null)
        {
            context.Error(
                "UnknownRemote", path, $"there is no remote \"{remoteName}\" to fetch {reference} from",
                $"known remotes: {string.Join(", ", context.Remotes.Remotes.Keys.Order(StringComparer.Ordinal))}; add one with: incus remote add {remoteName} URL");
            return null;
        }

        if (remote?.Protocol == "oci")
            context.Require("instance_oci", path, $"the OCI image {reference}");
        var properties = new PropertyBag();
        if (!made && remote is null && declared is { } local && (local.Aliases.Count > 0 || local.AutoUpdate is not null || local.Profiles is not null))
        {
            context.Error(
                "LocalImage", $"images.{local.Name}", $"\"{reference}\" is on the server already and is used as it is: aliases, profiles and auto_update do not apply",
                "drop them, or name the image server that it comes from, such as images:debian/12");
        }

        var image = new DesiredImage
        {
            Id = IdOf(reference, instanceType),
            DefinitionPath = path,
            Properties = properties,
            // What is on the server only by its own alias cannot be fetched from anywhere.
            External = (remote is null && !made) || StackImages.PullOf(context.Stack, reference, instanceType) == ImagePull.Never,
            OnDemand = path.StartsWith("instances.", StringComparison.Ordinal),
            Remote = remote,
            Alias = alias,
            Files = StackImages.FilesOf(declared),
            Publish = declared?.Publish,
            Build = declared is null ? null : context.Builds.GetValueOrDefault(declared.Name),
            Secrets = context.Stack.Secrets,
            Entrypoint = declared?.Build is null ? null : context.Entrypoints.GetValueOrDefault(declared.Name),
            Credentials = declared?.Credentials,
            Digest = context.ImageDigests.GetValueOrDefault(reference),
            InstanceType = instanceType,
            Stack = (context.Stack.Name, context.Project),
            // Once it is there, the instance that it was made from matters no more.
            DependsOn = declared?.Publish is { } instance ? [InstanceKind.IdOf(instance)] : [],
            Conditions = declared?.Publish is { } builder ? [new InstanceDependency(builder, WhenDone(builder, context.Stack))] : [],
        };
        var live = LiveImages.Find(image, context.Server.Images);
        foreach (var (index, name) in (declared?.Aliases ?? []).Index())
        {
            properties.Add(index == 0 ? AliasWord : MoreAliases + name, name);
            var holder = context.Server.Images.FirstOrDefault(image => image.Aliases.Any(alias => alias.Name == name));
            if (holder is not null && (remote is not null || made) && holder.Fingerprint != live?.Fingerprint && OwnershipMark.Read(holder.Properties)?.BelongsTo(context.Stack.Name, context.Project) != true
                && (remote is null || !LiveImages.Matches(holder, remote, alias)))
            {
                context.Error(
                    "NameTaken", path, $"the alias \"{name}\" leads to another image on the server, which was not brought by this stack",
                    "choose another alias");
            }
        }

        if (declared?.AutoUpdate is { } autoUpdate)
            properties.Add(AutoUpdateWord, autoUpdate ? "true" : "false");
        if (declared?.Profiles is { Count: > 0 } profiles)
            properties.Add(ProfilesWord, string.Join(", ", profiles));
        if (live is not null && context.NewestImages.TryGetValue((reference, instanceType), out var newest))
        {
            properties.Add(FingerprintWord, newest);
            if (image.Digest is { } digest && newest == live.Fingerprint && StackImages.IsDigestKept(live, alias, context))
                properties.Add(DigestWord, digest.Image);
        }

        if (image.Build is { } build)
        {
            properties.Add(BuildWord, build.ToString());
            if (context.Require("instance_oci", path, $"an image that is built, as {declared!.Name} is,") && (live is null || !build.IsOf(live)))
                RequireBuilder(context, PlannedBuilds.PathOf(declared!.Name, context.Stack));
        }

        if (live is null && image.Files is { } files && !image.External)
            RequireFiles(files, context, declared!.Name);
        return image;
    }

    private const string NoBuilder = "there is no builder of images on this machine's PATH";
    private const string GetBuilder = "install buildah (apt-get install buildah), podman or docker; or name an `image` that a registry has";

    /// <summary>One is there, or one error says that none is.</summary>
    private static void RequireBuilder(PlanningContext context, string path)
    {
        if (BuildTool.Find() is null && context.Problems.All(problem => problem.Id != "NoBuilder"))
            context.Error("NoBuilder", path, NoBuilder, GetBuilder);
    }

    private static void RequireFiles(ImageFiles files, PlanningContext context, string name)
    {
        foreach (var file in new[] { files.Metadata, files.Rootfs }.OfType<string>().Where(file => !File.Exists(file)))
        {
            context.Error("UnreadableFile", $"images.{name}", Directory.Exists(file) ? $"{file} is a folder" : $"there is no file {file}",
                context.Stack.Folder is { } folder ? $"paths start from {folder}" : "name a file on this machine");
        }
    }

    /// <summary>What an instance that an image is made from must have come to.</summary>
    private static DependencyCondition WhenDone(string builder, StackDefinition stack) =>
        stack.Instances.Values.SelectMany(instance => instance.DependsOn).Any(dependency => dependency.Instance == builder && dependency.Condition == DependencyCondition.Completed)
            ? DependencyCondition.Completed
            : DependencyCondition.Ready;

    /// <summary>What an image that no instance names is of: as the server knows it, else as its files tell.</summary>
    private static string TypeOf(ImageDefinition declared, PlanningContext context)
    {
        if (declared.Source.Length > 0)
            return InstanceTypes.Container;
        if (context.Server.Images.FirstOrDefault(image => LiveImages.IsOf(image, declared.Name, (context.Stack.Name, context.Project))) is { } live)
            return live.Type;
        if (declared.Publish is { } builder && context.Stack.Instances.TryGetValue(builder, out var instance))
            return InstanceKind.TypeName(instance.Type);
        try
        {
            return StackImages.FilesOf(declared)?.Type() ?? InstanceTypes.Container;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // That it cannot be read is reported where it is to be sent.
            return InstanceTypes.Container;
        }
    }

    /// <summary>The aliases among the properties of an image.</summary>
    public static IReadOnlyList<string> AliasesIn(PropertyBag properties) =>
        [.. properties.Where(property => IsAlias(property.Key)).Select(property => property.Value)];

    private static IReadOnlyList<string> AliasesIn(AppliedRecord? applied) =>
        [.. (applied?.Paths ?? []).Where(IsAlias).OrderBy(path => path != AliasWord).Select(path => path == AliasWord ? applied!.Plain(path) : path[MoreAliases.Length..]).OfType<string>()];

    private static bool IsAlias(string path) => path == AliasWord || path.StartsWith(MoreAliases, StringComparison.Ordinal);

    private static IReadOnlyList<string>? ProfilesIn(PropertyBag properties) => properties[ProfilesWord]?.Split(", ");

    private static string WithCredentials(string address, ImageCredentials? credentials) => credentials is null
        ? address
        : new UriBuilder(address) { UserName = Uri.EscapeDataString(credentials.Username), Password = Uri.EscapeDataString(credentials.Password) }.Uri.AbsoluteUri.TrimEnd('/');

    /// <summary>An error without the password of an address, which the server may say as it was told; null where it does not.</summary>
    /// <param name="error">The error.</param>
    /// <param name="address">The address, with a user and a password or without.</param>
    internal static IncusException? Told(IncusException error, string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.UserInfo.Split(':', 2) is not [_, { Length: > 0 } escaped])
            return null;
        string Without(string text) => new[] { escaped, Uri.UnescapeDataString(escaped), Uri.EscapeDataString(Uri.UnescapeDataString(escaped)) }
            .Aggregate(text, (shown, password) => shown.Replace(password, Diagnostics.Secrets.Masked, StringComparison.Ordinal));
        // What stands below it may say it again.
        return error.ToString() == Without(error.ToString()) ? null : new IncusException(Without(error.Problem), error.Advice is { } advice ? Without(advice) : null);
    }

    internal static LiveResource Describe(ResourceId id, Image image) =>
        new()
        {
            Id = id,
            Properties = new PropertyBag { { AutoUpdateWord, image.AutoUpdate ? "true" : "false" } },
            Mark = OwnershipMark.Read(image.Properties),
            Raw = image,
        };

    /// <summary>An image as the stack sees it: of its aliases those count that the stack has made or wants.</summary>
    private static LiveResource Describe(DesiredImage desired, Image image)
    {
        var live = Describe(desired.Id, image);
        if (live.Mark?.BelongsTo(desired.Stack.Name, desired.Stack.Project) != true)
            live = live with { Mark = null };
        string[] known = [.. AliasesIn(desired.Properties), .. AliasesIn(live.Mark?.Applied).Except(AliasesIn(desired.Properties))];
        // Of the two places of an alias, that counts where the stack has recorded it, or wants it.
        foreach (var name in known.Where(name => image.Aliases.Any(alias => alias.Name == name)))
        {
            var isFirst = desired.Properties[AliasWord] == name || (desired.Properties[MoreAliases + name] is null && live.Mark?.Applied.Plain(AliasWord) == name);
            if (!isFirst)
                live.Properties.Add(MoreAliases + name, name);
            else if (!live.Properties.Contains(AliasWord) || live.Mark?.Applied.Plain(AliasWord) == name)
                live.Properties.Add(AliasWord, name);
        }

        if (desired.Properties.Contains(ProfilesWord) || live.Mark?.Applied.Contains(ProfilesWord) == true)
            live.Properties.Add(ProfilesWord, string.Join(", ", image.Profiles));
        if (desired.Build is { } planned && image.Properties.TryGetValue(PlannedBuild.Key, out var build))
            live.Properties.Add(BuildWord, planned.IsOf(image) ? planned.ToString() : build);
        if (desired.Properties.Contains(FingerprintWord))
            live.Properties.Add(FingerprintWord, image.Fingerprint);
        if (desired.Properties.Contains(DigestWord) && ImageDigest.Read(image) is { } digest)
            live.Properties.Add(DigestWord, digest.Image);
        return live;
    }
}
