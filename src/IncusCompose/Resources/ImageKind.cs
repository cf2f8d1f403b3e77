using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
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

    /// <summary><c>container</c> or <c>virtual-machine</c>: one alias leads to an image of each.</summary>
    public required string InstanceType { get; init; }

    /// <summary>Whose mark counts: an image may have been brought by another stack, which says nothing of this one's alias.</summary>
    public required (string Name, string Project) Stack { get; init; }
}

/// <summary>
/// Images. Each distinct one is brought to the server once, before anything is created from it: creating several
/// instances at once from an image that is not there yet is a race on the server. Source: Incus doc/image-handling.md.
/// </summary>
internal sealed class ImageKind : ResourceKind
{
    public const string KindName = "image";

    internal const string AliasWord = "alias";
    private const string AutoUpdateWord = "auto_update";

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Stadium;

    /// <summary>The image of an instance: the same reference is the same resource, however many instances name it.</summary>
    public static ResourceId IdOf(InstanceDefinition instance, StackDefinition stack) =>
        IdOf(ReferenceOf(instance.Image, stack), InstanceKind.TypeName(instance.Type));

    /// <summary>What an instance's word for its image leads to: the source of an entry of <c>images:</c>, or the word itself.</summary>
    public static string ReferenceOf(string image, StackDefinition stack) =>
        stack.Images.TryGetValue(image, out var declared) ? declared.Source : image;

    /// <summary>The fingerprint of what an instance's word for its image leads to on the server now; null where it is not there.</summary>
    public static string? FingerprintOf(InstanceDefinition instance, PlanningContext context)
    {
        var (remoteName, alias) = Split(ReferenceOf(instance.Image, context.Stack));
        IncusRemote? remote = null;
        return remoteName is null or ClientConfiguration.LocalRemote || context.Remotes.Remotes.TryGetValue(remoteName, out remote)
            ? Find(remote, alias, InstanceKind.TypeName(instance.Type), context.Server.Images)?.Fingerprint
            : null;
    }

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
            var used = context.Stack.Instances.Values.Any(instance => instance.Image == declared.Name);
            var image = used ? null : Describe(context, declared, declared.Source, InstanceTypes.Container, $"images.{declared.Name}");
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

    public override string? WhyKept(LiveResource live, IReadOnlySet<string> deleted, ServerObservation server)
    {
        var fingerprint = ((Image)live.Raw).Fingerprint;
        var user = server.OfKind(InstanceKind.KindName).FirstOrDefault(instance =>
            ((Instance)instance.Raw).Config.GetValueOrDefault("volatile.base_image") == fingerprint
            && !deleted.Contains(ResourceKinds.Of(instance.Id).AddressOf(instance)));
        return user is null ? null : $"kept, since {user.Id} was made from it too";
    }

    /// <summary>Images are shared: one that is there is used whoever brought it, and what the file says is made so.</summary>
    public override bool IsShared => true;

    public override bool IsServerFilled(string path) => true;

    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        var image = (DesiredImage)desired;
        var remote = image.Remote!;
        var properties = new Dictionary<string, string>();
        context.MarkOf(image, image.Id.Name)?.Write(image.Id, properties);
        var copy = new ImageCopy
        {
            Server = remote.Addresses[0],
            Protocol = remote.Protocol,
            Alias = image.Alias,
            ImageType = image.InstanceType,
            Certificate = remote.Protocol == "incus" ? context.Remotes.OptionsFor(remote.Name).ServerCertificate?.ExportCertificatePem() : null,
            AutoUpdate = image.Properties[AutoUpdateWord] == "true",
            Properties = properties,
        };
        string? fingerprint = null;
        try
        {
            var operation = await context.Client.Images.CopyFromAsync(copy, cancellationToken)
                .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
            fingerprint = ImageApi.FingerprintOf(operation);
        }
        catch (IncusException error) when (error is IncusConflictException or IncusOperationException or OperationLostException)
        {
            // Somebody else may have brought the same image meanwhile; then there is nothing left to do.
            if (await FindNowAsync(context, image, cancellationToken).ConfigureAwait(false) is not { } found)
                throw;
            fingerprint = found.Fingerprint;
        }

        fingerprint ??= (await FindNowAsync(context, image, cancellationToken).ConfigureAwait(false))?.Fingerprint
            ?? throw new IncusNotFoundException($"The server fetched {image.Id.Name} but does not list it.");
        context.ImageReady(image.Id, fingerprint);
        if (image.Properties[AliasWord] is { } alias)
            await PointAliasAsync(context.Client, alias, fingerprint, cancellationToken).ConfigureAwait(false);
    }

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var image = (Image)change.Live!.Raw;
        var desired = change.Desired!;
        var alias = desired.Properties[AliasWord];
        if (alias is not null)
            await PointAliasAsync(context.Client, alias, image.Fingerprint, cancellationToken).ConfigureAwait(false);
        var mark = change.Live.Mark;
        if (mark?.Applied.Plain(AliasWord) is { } before && before != alias)
            await DropAliasAsync(context.Client, before, image.Fingerprint, cancellationToken).ConfigureAwait(false);

        // The record comes last: until it is written, the old alias is remembered as the stack's.
        await context.Client.Images.UpdateAsync(
            image.Fingerprint,
            current =>
            {
                var properties = new Dictionary<string, string>(current.Properties);
                if (mark is not null)
                    (mark with { Applied = AppliedRecord.Of(desired.Properties) }).Write(desired.Id, properties);
                var autoUpdate = desired.Properties[AutoUpdateWord] ?? (mark?.Applied.Contains(AutoUpdateWord) == true ? "false" : null);
                return current with { Properties = properties, AutoUpdate = autoUpdate is null ? current.AutoUpdate : autoUpdate == "true" };
            },
            cancellationToken).ConfigureAwait(false);
    }

    public override Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken) =>
        context.Client.Images.DeleteAsync(((Image)live.Raw).Fingerprint, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync();

    private static ResourceId IdOf(string reference, string instanceType) =>
        new(KindName, reference, instanceType == InstanceTypes.VirtualMachine ? instanceType : null);

    private static DesiredImage? Describe(PlanningContext context, ImageDefinition? declared, string reference, string instanceType, string path)
    {
        var (remoteName, alias) = Split(reference);
        IncusRemote? remote = null;
        if (remoteName is not null && remoteName != ClientConfiguration.LocalRemote && !context.Remotes.Remotes.TryGetValue(remoteName, out remote))
        {
            context.Error(
                "UnknownRemote", path, $"there is no remote \"{remoteName}\" to fetch {reference} from",
                $"known remotes: {string.Join(", ", context.Remotes.Remotes.Keys.Order(StringComparer.Ordinal))}; add one with: incus remote add {remoteName} URL");
            return null;
        }

        var properties = new PropertyBag();
        if (remote is null && declared is { } local && (local.Alias is not null || local.AutoUpdate is not null))
        {
            context.Error(
                "LocalImage", $"images.{local.Name}", $"\"{reference}\" is on the server already and is used as it is: alias and auto_update do not apply",
                "drop them, or name the image server that it comes from, such as images:debian/12");
        }

        if (declared?.Alias is { } name)
        {
            properties.Add(AliasWord, name);
            var holder = context.Server.Images.FirstOrDefault(image => image.Aliases.Any(alias => alias.Name == name));
            if (holder is not null && remote is not null && !Matches(holder, remote, alias) && OwnershipMark.Read(holder.Properties)?.BelongsTo(context.Stack.Name, context.Project) != true)
            {
                context.Error(
                    "NameTaken", path, $"the alias \"{name}\" leads to another image on the server, which was not brought by this stack",
                    "choose another alias");
            }
        }

        if (declared?.AutoUpdate is { } autoUpdate)
            properties.Add(AutoUpdateWord, autoUpdate ? "true" : "false");
        var image = new DesiredImage
        {
            Id = IdOf(reference, instanceType),
            DefinitionPath = path,
            Properties = properties,
            // What is on the server only by its own alias cannot be fetched from anywhere.
            External = remote is null,
            OnDemand = path.StartsWith("instances.", StringComparison.Ordinal),
            Remote = remote,
            Alias = alias,
            InstanceType = instanceType,
            Stack = (context.Stack.Name, context.Project),
        };
        return image;
    }

    private static (string? Remote, string Alias) Split(string reference)
    {
        var cut = reference.IndexOf(':', StringComparison.Ordinal);
        return cut < 0 ? (null, reference) : (reference[..cut], reference[(cut + 1)..]);
    }

    private static Image? Find(DesiredImage desired, IReadOnlyList<Image> images) =>
        Find(desired.Remote, desired.Alias, desired.InstanceType, images);

    private static Image? Find(IncusRemote? remote, string alias, string instanceType, IReadOnlyList<Image> images)
    {
        var candidates = images.Where(image => image.Type == instanceType);
        // An image that was kept up to date may leave an older one.
        if (remote is not null)
            return candidates.Where(image => Matches(image, remote, alias)).MaxBy(image => image.UploadedAt);

        return candidates.FirstOrDefault(image => image.Aliases.Any(own => own.Name == alias))
            ?? candidates.FirstOrDefault(image => alias.Length >= 6 && image.Fingerprint.StartsWith(alias, StringComparison.Ordinal));
    }

    /// <summary>True for an image that was brought from this alias of this server.</summary>
    private static bool Matches(Image image, IncusRemote remote, string alias) =>
        image.UpdateSource is { } source
        && source.Alias == alias
        && source.Protocol == remote.Protocol
        && remote.Addresses.Any(address => address.TrimEnd('/') == source.Server.TrimEnd('/'));

    private static LiveResource Describe(ResourceId id, Image image) =>
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
        // The one that was made before and is still there comes first: it is to go.
        string?[] known = [live.Mark?.Applied.Plain(AliasWord), desired.Properties[AliasWord]];
        if (known.FirstOrDefault(name => name is not null && image.Aliases.Any(alias => alias.Name == name)) is { } alias)
            live.Properties.Add(AliasWord, alias);
        return live;
    }

    private static async Task<Image?> FindNowAsync(ApplyContext context, DesiredImage image, CancellationToken cancellationToken) =>
        Find(image, await context.Client.Images.ListAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Lets an alias lead to an image, whether it is there already or not.</summary>
    public static async Task PointAliasAsync(IncusClient client, string alias, string fingerprint, CancellationToken cancellationToken)
    {
        if (await client.Images.FindAliasAsync(alias, cancellationToken).ConfigureAwait(false) is null)
            await client.Images.CreateAliasAsync(new ImageAlias { Name = alias, Target = fingerprint }, cancellationToken).ConfigureAwait(false);
        else
            await client.Images.UpdateAliasAsync(alias, current => current with { Target = fingerprint }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes an alias that leads to an image; where it leads elsewhere by now, it is somebody else's.</summary>
    private static async Task DropAliasAsync(IncusClient client, string alias, string fingerprint, CancellationToken cancellationToken)
    {
        if ((await client.Images.FindAliasAsync(alias, cancellationToken).ConfigureAwait(false))?.Target == fingerprint)
            await client.Images.DeleteAliasAsync(alias, cancellationToken).ConfigureAwait(false);
    }
}
