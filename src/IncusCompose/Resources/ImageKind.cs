using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>An image that instances are created from.</summary>
internal sealed record DesiredImage : DesiredResource
{
    /// <summary>The image server; null where the image must be on the Incus server itself.</summary>
    public IncusRemote? Remote { get; init; }

    /// <summary>The alias (or fingerprint) there.</summary>
    public required string Alias { get; init; }

    /// <summary>The files of this machine that it is made of; null where it is made of none.</summary>
    public ImageFiles? Files { get; init; }

    /// <summary>The instance that it is made from; null where it is made from none.</summary>
    public string? Publish { get; init; }

    /// <summary>What it is built of on this machine; null where it is not.</summary>
    public PlannedBuild? Build { get; init; }

    /// <summary>The secrets of the stack, which its build may need.</summary>
    public IReadOnlyDictionary<string, SecretDefinition> Secrets { get; init; } = new Dictionary<string, SecretDefinition>();

    /// <summary>The entry point that the plan has counted on; null where it does not matter.</summary>
    public ImageEntrypoint? Entrypoint { get; init; }

    /// <summary>Who may fetch it; null where nobody is asked.</summary>
    public ImageCredentials? Credentials { get; init; }

    /// <summary>Which image of its registry it is; null where it is of none, or is not followed.</summary>
    public ImageDigest? Digest { get; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>: one alias leads to an image of each.</summary>
    public required string InstanceType { get; init; }

    /// <summary>Whose mark counts: an image may have been brought by another stack, which says nothing of this one's alias.</summary>
    public required (string Name, string Project) Stack { get; init; }
}

/// <summary>An image as the file names it.</summary>
/// <param name="Definition">Its entry of <c>images</c>; null where an instance names it without one.</param>
/// <param name="Reference">What it leads to.</param>
/// <param name="Type"><c>container</c> or <c>virtual-machine</c>.</param>
/// <param name="Path">Where the file names it.</param>
internal sealed record ImageName(ImageDefinition? Definition, string Reference, string Type, string Path);

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

    // In place of a fingerprint, which a build has only once it is done.
    private const string NewBuild = "a new build";
    private const string MoreAliases = "aliases/";

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Stadium;

    /// <summary>The image of an instance: the same reference is the same resource, however many instances name it.</summary>
    public static ResourceId IdOf(InstanceDefinition instance, StackDefinition stack) =>
        IdOf(ReferenceOf(instance.Image, stack), InstanceKind.TypeName(instance.Type));

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
    private static ImagePull PullOf(StackDefinition stack, string reference, string type)
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
            var live = FindOwn(context.Server.Images, made.Name, (context.Stack.Name, context.Project));
            return live is not null && context.Builds.GetValueOrDefault(made.Name) is { } build && !build.IsOf(live) ? NewBuild : live?.Fingerprint;
        }

        var (remoteName, alias) = ImageRemotes.Split(reference);
        var remote = remoteName is null or ClientConfiguration.LocalRemote ? null : ImageRemotes.Find(context.Remotes, remoteName);
        return remoteName is null or ClientConfiguration.LocalRemote || remote is not null
            ? FindNamed(remote, reference, type, null, (context.Stack.Name, context.Project), context.Server.Images) is { } here ? KeptImage.FingerprintOf(here) : null
            : null;
    }

    /// <summary>The digest in its registry of what an instance's word for its image leads to; null where that is not written down.</summary>
    public static string? DigestOf(InstanceDefinition instance, PlanningContext context)
    {
        var reference = ReferenceOf(instance.Image, context.Stack);
        var (name, alias) = ImageRemotes.Split(reference);
        if (name is null || ImageRemotes.Find(context.Remotes, name) is not { Protocol: "oci" } remote || FindNamed(remote, reference, InstanceKind.TypeName(instance.Type), context.ImageDigests.GetValueOrDefault(reference), (context.Stack.Name, context.Project), context.Server.Images) is not { } here)
            return null;
        return context.ImageDigests.GetValueOrDefault(reference) is { } newest && (newest.Fingerprint != here.Fingerprint || IsDigestKept(here, alias, context))
            ? newest.Image
            : ImageDigest.Read(here)?.Image;
    }

    /// <summary>True for an image whose digest this stack has written down. One of the same layers takes its place, which nobody else's is made to give up.</summary>
    private static bool IsDigestKept(Image image, string alias, PlanningContext context) =>
        ImageDigest.Read(image) is not null && image.UpdateSource?.Alias == alias && OwnershipMark.Read(image.Properties)?.BelongsTo(context.Stack.Name, context.Project) == true;

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        var desired = new Dictionary<ResourceId, DesiredImage>();
        foreach (var instance in context.Stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}.image";
            var declared = context.Stack.Images.GetValueOrDefault(instance.Image);
            var image = Describe(context, declared, ReferenceOf(instance.Image, context.Stack), InstanceKind.TypeName(instance.Type), path);
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
        Find((DesiredImage)desired, server.Images) is { } image ? Describe((DesiredImage)desired, image) : null;

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
        var made = !live.Id.Name.Contains(':', StringComparison.Ordinal);
        if ((!made && aliases.Count == 0 && autoUpdate is null && profiles is null) || stack.Images.Values.Any(image => image.Source == live.Id.Name))
            return stack;
        var image = new ImageDefinition
        {
            Name = made ? live.Id.Name : aliases.Count > 0 ? aliases[0] : live.Id.Name[(live.Id.Name.IndexOf(':', StringComparison.Ordinal) + 1)..],
            Source = made ? "" : live.Id.Name,
            File = made ? $"./{live.Id.Name}.tar.gz" : null,
            Aliases = aliases,
            AutoUpdate = autoUpdate is null ? null : autoUpdate == "true",
            Profiles = profiles,
        };
        if (made)
        {
            context.Note("ImageOfFiles", $"images.{image.Name}", $"what the image {image.Name} was made of is not on the server; the file says {image.File}, which is needed where the image is not",
                $"incus image export {((Image)live.Raw).Fingerprint[..12]} {image.Name} writes what can be said there");
        }

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
            External = (remote is null && !made) || PullOf(context.Stack, reference, instanceType) == ImagePull.Never,
            OnDemand = path.StartsWith("instances.", StringComparison.Ordinal),
            Remote = remote,
            Alias = alias,
            Files = FilesOf(declared),
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
        var live = Find(image, context.Server.Images);
        foreach (var (index, name) in (declared?.Aliases ?? []).Index())
        {
            properties.Add(index == 0 ? AliasWord : MoreAliases + name, name);
            var holder = context.Server.Images.FirstOrDefault(image => image.Aliases.Any(alias => alias.Name == name));
            if (holder is not null && (remote is not null || made) && holder.Fingerprint != live?.Fingerprint && OwnershipMark.Read(holder.Properties)?.BelongsTo(context.Stack.Name, context.Project) != true
                && (remote is null || !Matches(holder, remote, alias)))
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
            if (image.Digest is { } digest && newest == live.Fingerprint && IsDigestKept(live, alias, context))
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
        if (context.Server.Images.FirstOrDefault(image => IsOf(image, declared.Name, (context.Stack.Name, context.Project))) is { } live)
            return live.Type;
        if (declared.Publish is { } builder && context.Stack.Instances.TryGetValue(builder, out var instance))
            return InstanceKind.TypeName(instance.Type);
        try
        {
            return FilesOf(declared)?.Type() ?? InstanceTypes.Container;
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

    /// <summary>True for an image that a stack has made, of files or of an instance.</summary>
    private static bool IsOf(Image image, string key, (string Name, string Project) stack) =>
        OwnershipMark.Read(image.Properties) is { } mark && mark.BelongsTo(stack.Name, stack.Project) && mark.Key == key;

    /// <summary>The newest one that a stack has made, of files or of an instance, or built.</summary>
    public static Image? FindOwn(IReadOnlyList<Image> images, string key, (string Name, string Project) stack) =>
        images.Where(image => IsOf(image, key, stack)).MaxBy(image => image.UploadedAt);

    /// <summary>True where the server has an image that a reference leads to.</summary>
    public static bool IsThere(string reference, ClientConfiguration remotes, ServerObservation live)
    {
        var (name, alias) = ImageRemotes.Split(reference);
        var remote = name is null or ClientConfiguration.LocalRemote ? null : ImageRemotes.Find(remotes, name);
        return (name is null or ClientConfiguration.LocalRemote || remote is not null) && Find(remote, alias, InstanceTypes.Container, live.Images) is not null;
    }

    private static Image? Find(DesiredImage desired, IReadOnlyList<Image> images)
    {
        if (desired.Publish is null && desired.Files is null && desired.Build is null)
            return FindNamed(desired.Remote, desired.Id.Name, desired.InstanceType, desired.Digest, desired.Stack, images);
        return FindOwn(images, desired.Id.Name, desired.Stack)
            ?? (desired.Files is { } files ? FindSame(files, images) : null);
    }

    /// <summary>
    /// An image by its name where it comes from. A name of a registry may lead to what the server has by another name already:
    /// then that counts, unless the older one is the stack's own, which goes when the other one takes its place.
    /// </summary>
    private static Image? FindNamed(IncusRemote? remote, string reference, string instanceType, ImageDigest? newest, (string Name, string Project) stack, IReadOnlyList<Image> images)
    {
        var found = Find(remote, ImageRemotes.Split(reference).Alias, instanceType, images) ?? FindPutBack(reference, instanceType, stack, images);
        return found is not null && newest is not null && found.Fingerprint != newest.Fingerprint && OwnershipMark.Read(found.Properties)?.BelongsTo(stack.Name, stack.Project) != true
            ? images.FirstOrDefault(image => image.Fingerprint == newest.Fingerprint) ?? found
            : found;
    }

    /// <summary>One that had to be put back when a newer one did not come: of where it is from the mark alone tells.</summary>
    private static Image? FindPutBack(string reference, string instanceType, (string Name, string Project) stack, IReadOnlyList<Image> images) =>
        images.FirstOrDefault(image => image.Type == instanceType && KeptImage.IsPutBack(image) && IsOf(image, reference, stack));

    internal static Image? Find(IncusRemote? remote, string alias, string instanceType, IReadOnlyList<Image> images)
    {
        var candidates = images.Where(image => image.Type == instanceType);
        // An image that was kept up to date may leave an older one.
        if (remote is not null)
            return candidates.Where(image => Matches(image, remote, alias)).MaxBy(image => image.UploadedAt);

        return candidates.FirstOrDefault(image => image.Aliases.Any(own => own.Name == alias))
            ?? candidates.FirstOrDefault(image => alias.Length >= 6 && image.Fingerprint.StartsWith(alias, StringComparison.Ordinal));
    }

    /// <summary>The same image, that somebody else has brought. Files are read only where one is as large as they are.</summary>
    private static Image? FindSame(ImageFiles files, IReadOnlyList<Image> images)
    {
        try
        {
            var size = files.Size();
            if (images.All(image => image.Size != size))
                return null;
            var fingerprint = files.Fingerprint();
            return images.FirstOrDefault(image => image.Fingerprint == fingerprint);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // That they cannot be read is reported where they are to be sent.
            return null;
        }
    }

    /// <summary>True for an image that was brought from this alias of this server.</summary>
    private static bool Matches(Image image, IncusRemote remote, string alias) =>
        image.UpdateSource is { } source
        && source.Alias == alias
        && source.Protocol == remote.Protocol
        && remote.Addresses.Any(address => Anonymous(address) == Anonymous(source.Server));

    /// <summary>An address without the name and the password that the image was fetched with.</summary>
    private static string Anonymous(string address) => (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
        ? address.Replace(uri.UserInfo + "@", "", StringComparison.Ordinal)
        : address).TrimEnd('/');

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
