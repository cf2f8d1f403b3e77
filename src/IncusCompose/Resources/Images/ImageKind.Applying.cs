using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Building;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Images;

/// <content>Images: brought, changed, taken away.</content>
internal sealed partial class ImageKind
{
    /// <summary>An image that is there by now.</summary>
    /// <param name="Fingerprint">What the server calls it.</param>
    /// <param name="Surprise">What is not as the plan had counted on; null where all is.</param>
    private readonly record struct Brought(string Fingerprint, IncusException? Surprise = null)
    {
        /// <summary>Says what is not as it was counted on, now that nothing is half done any more.</summary>
        public void Settle()
        {
            if (Surprise is not null)
                throw Surprise;
        }
    }

    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken) =>
        (await BringAsync(context, desired, cancellationToken).ConfigureAwait(false)).Settle();

    /// <summary>Brings it to the server, with its names.</summary>
    private static async Task<Brought> BringAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        var image = (DesiredImage)desired;
        var properties = new Dictionary<string, string>();
        context.MarkOf(image, image.Id.Name)?.Write(image.Id, properties);
        var brought = image switch
        {
            { Publish: { } instance } => new Brought(await PublishAsync(context, instance, properties, cancellationToken).ConfigureAwait(false)),
            { Build: { } build } => await BuildAsync(context, image, build, properties, cancellationToken).ConfigureAwait(false),
            { Files: { } files } => new Brought(await SendAsync(context, files, properties, cancellationToken).ConfigureAwait(false)),
            _ => new Brought(await FetchAsync(context, image, properties, cancellationToken).ConfigureAwait(false)),
        };
        if (image.Remote is null && ProfilesIn(image.Properties) is { } profiles)
            await context.Client.Images.UpdateAsync(brought.Fingerprint, current => current with { Profiles = profiles }, cancellationToken).ConfigureAwait(false);
        context.ImageReady(image.Id, brought.Fingerprint);
        foreach (var alias in AliasesIn(image.Properties))
            await PointAliasAsync(context.Client, alias, brought.Fingerprint, cancellationToken).ConfigureAwait(false);
        return brought;
    }

    /// <summary>Has the server fetch it from an image server.</summary>
    private static async Task<string> FetchAsync(ApplyContext context, DesiredImage image, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        var remote = image.Remote!;
        image.Digest?.Write(properties);
        var copy = new ImageCopy
        {
            Server = WithCredentials(remote.Addresses[0], image.Credentials),
            Protocol = remote.Protocol,
            Alias = image.Alias,
            ImageType = image.InstanceType,
            Certificate = remote.Protocol == "incus" ? context.Remotes.OptionsFor(remote.Name).ServerCertificate?.ExportCertificatePem() : null,
            AutoUpdate = image.Properties[AutoUpdateWord] == "true",
            Properties = properties,
            Profiles = ProfilesIn(image.Properties),
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
            {
                if (Told(error, copy.Server) is { } told)
                    throw told;
                throw;
            }

            fingerprint = found.Fingerprint;
        }
        catch (IncusException error) when (Told(error, copy.Server) is { } told)
        {
            throw told;
        }

        fingerprint ??= (await FindNowAsync(context, image, cancellationToken).ConfigureAwait(false))?.Fingerprint
            ?? throw new IncusNotFoundException($"The server fetched {image.Id.Name} but does not list it.");
        // Its name has been given to yet another image since the registry was asked.
        if (image.Digest is { } digest && digest.Fingerprint != fingerprint)
        {
            await context.Client.Images.UpdateAsync(fingerprint, current =>
            {
                var without = new Dictionary<string, string>(current.Properties);
                ImageDigest.Erase(without);
                return current with { Properties = without };
            }, cancellationToken).ConfigureAwait(false);
        }

        return fingerprint;
    }

    /// <summary>Sends it from this machine; the same one may be there already.</summary>
    private static async Task<string> SendAsync(ApplyContext context, ImageFiles files, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        context.Say($"sending {files}");
        try
        {
            return await files.ImportAsync(context.Client, properties, context.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            var fingerprint = files.Fingerprint();
            // It stays whose it is, and is used.
            if (await context.Client.Images.FindAsync(fingerprint, cancellationToken).ConfigureAwait(false) is null)
                throw;
            return fingerprint;
        }
    }

    /// <summary>Has it built on this machine, and sends that.</summary>
    private static async Task<Brought> BuildAsync(ApplyContext context, DesiredImage image, PlannedBuild build, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        var tool = BuildTool.Find() ?? throw new IncusException(NoBuilder, GetBuilder);
        context.Say($"building {build.Place} with {tool.Name}");
        var builder = new ImageBuilder(tool, context.Say) { Tag = PlannedBuilds.TagOf(image.Stack.Name, image.Id.Name), Secrets = image.Secrets };
        using var built = await builder.BuildAsync(build.Definition, build.DescriptionOf(image.Id.Name, image.Stack), context.Client.Server.Environment.Architectures, cancellationToken).ConfigureAwait(false);
        properties[PlannedBuild.Key] = build.ToString();
        properties[RecordedWords.Entrypoint] = RecordedWords.Write(new ImageEntrypoint(image.Id.Name, built.Config.Entrypoint));
        properties[RecordedWords.ImageHealthcheck] = RecordedWords.Write(new ImageHealthcheck(image.Id.Name, built.Config.Healthcheck));
        var fingerprint = await SendAsync(context, built.Files, properties, cancellationToken).ConfigureAwait(false);
        // The same as before may come of other sources: it is known by the new ones from now on.
        await context.Client.Images.UpdateAsync(fingerprint, current => current with { Properties = Claimed(current, image, properties) }, cancellationToken).ConfigureAwait(false);
        return new Brought(fingerprint, image.Entrypoint is { } expected && !expected.Words.SequenceEqual(built.Config.Entrypoint)
            ? new IncusException($"The entry point of what was built is {new ImageEntrypoint("", built.Config.Entrypoint)}, where its instructions had looked like {expected}", "apply once more: it is known now; or write `entrypoint` beside `command`")
            : null);
    }

    /// <summary>The properties of an image that this stack has made.</summary>
    /// <exception cref="IncusException">It is another stack's, which it stays.</exception>
    internal static IReadOnlyDictionary<string, string> Claimed(Image image, DesiredImage desired, IReadOnlyDictionary<string, string> properties)
    {
        if (OwnershipMark.Read(image.Properties) is { } mark && (!mark.BelongsTo(desired.Stack.Name, desired.Stack.Project) || mark.Key != desired.Id.Name))
            throw new IncusException($"The server has the very same image already, as {mark.Key} of the stack {mark.Stack} in project {mark.Project}", $"let that stack have it: incus image list {image.Fingerprint[..12]}; or delete it, and apply both again");
        var claimed = new Dictionary<string, string>(image.Properties);
        foreach (var (key, value) in properties)
            claimed[key] = value;
        return claimed;
    }

    /// <summary>Makes it from an instance, which is ready by now.</summary>
    private static async Task<string> PublishAsync(ApplyContext context, string instance, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        context.Say($"packing {instance}");
        var publisher = new Publishing.ImagePublisher(context.Client, new Publishing.PublishOptions { Instance = instance, Properties = properties });
        return (await publisher.RunAsync(context.Progress, cancellationToken).ConfigureAwait(false)).Fingerprint;
    }

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var image = (Image)change.Live!.Raw;
        var desired = change.Desired!;
        var mark = change.Live.Mark;
        var aliases = AliasesIn(desired.Properties);
        string[] dropped = [.. AliasesIn(mark?.Applied).Except(aliases)];
        if (change.Steps.Any(step => step.Path == DigestWord && step.Value is not null))
        {
            await context.Commitments.SeeThroughAsync(() => ReplaceAsync(context, change.Live, desired, dropped, cancellationToken)).ConfigureAwait(false);
            return;
        }

        if (change.Steps.Any(step => step.Path is FingerprintWord or BuildWord && step.Value is not null))
        {
            var brought = await BringAsync(context, desired, cancellationToken).ConfigureAwait(false);
            // The older one goes, as when the server keeps an image up to date; what was made from it does not need it.
            if (mark is not null && brought.Fingerprint != image.Fingerprint)
            {
                // Names that others gave it lead to the newer one.
                foreach (var alias in (await context.Client.Images.FindAsync(image.Fingerprint, cancellationToken).ConfigureAwait(false))?.Value.Aliases.Select(alias => alias.Name).Except(dropped) ?? [])
                    await PointAliasAsync(context.Client, alias, brought.Fingerprint, cancellationToken).ConfigureAwait(false);
                await DeleteAsync(context, change.Live, cancellationToken).ConfigureAwait(false);
            }

            brought.Settle();
            return;
        }

        foreach (var alias in aliases)
            await PointAliasAsync(context.Client, alias, image.Fingerprint, cancellationToken).ConfigureAwait(false);
        foreach (var before in dropped)
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
                var profiles = ProfilesIn(desired.Properties) ?? (mark?.Applied.Contains(ProfilesWord) == true ? ["default"] : current.Profiles);
                return current with { Properties = properties, AutoUpdate = autoUpdate is null ? current.AutoUpdate : autoUpdate == "true", Profiles = profiles };
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Fetches an image of the same layers. The server tells images apart by these alone and fetches none that it has, so that the
    /// one before it has to go first: it is kept here meanwhile, and is put back should the other one not come.
    /// </summary>
    private async Task ReplaceAsync(ApplyContext context, LiveResource live, DesiredResource desired, IReadOnlyCollection<string> dropped, CancellationToken cancellationToken)
    {
        using var kept = await KeptImage.TakeAsync(context.Client, ((Image)live.Raw).Fingerprint, cancellationToken).ConfigureAwait(false);
        try
        {
            await DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
            var brought = await BringAsync(context, desired, cancellationToken).ConfigureAwait(false);
            foreach (var alias in kept.Image.Aliases.Select(alias => alias.Name).Except(dropped))
                await PointAliasAsync(context.Client, alias, brought.Fingerprint, cancellationToken).ConfigureAwait(false);
            brought.Settle();
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            if (await kept.PutBackAsync().ConfigureAwait(false) is { } problem)
                throw new IncusException($"{error.Message.TrimEnd('.')}; and the image before it could not be put back: {problem}", "apply once more: it is fetched then", error);
            throw;
        }
    }

    public override Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken) =>
        context.Client.Images.DeleteAsync(((Image)live.Raw).Fingerprint, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync();

    /// <summary>The very image that the plan saw: others may go by the same key, of other stacks and of other projects that share images.</summary>
    public override async Task<LiveResource?> FindAgainAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var images = await context.Client.Images.ListAsync(cancellationToken).ConfigureAwait(false);
        var image = change.Live?.Raw is Image planned ? images.FirstOrDefault(one => one.Fingerprint == planned.Fingerprint) : null;
        if (change.Desired is not DesiredImage desired)
            return image is not null && OwnershipMark.Read(image.Properties)?.BelongsTo(context.Plan.Stack, context.Plan.Project) == true ? Describe(change.Id, image) : null;
        image ??= LiveImages.Find(desired, images);
        return image is null ? null : Describe(desired, image);
    }

    private static async Task<Image?> FindNowAsync(ApplyContext context, DesiredImage image, CancellationToken cancellationToken) =>
        LiveImages.Find(image, await context.Client.Images.ListAsync(cancellationToken).ConfigureAwait(false));

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
