using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Projects;

/// <summary>A profile as it should be, with what its change means for the instances that use it.</summary>
internal sealed record DesiredProfile : DesiredResource
{
    /// <summary>The root disks that instances have from it.</summary>
    public IReadOnlyList<RootDisk> RootDisks { get; init; } = [];
}

/// <summary>Profiles. Source: Incus doc/profiles.md.</summary>
internal sealed class ProfileKind : ConfiguredKind<Profile>
{
    public const string KindName = "profile";

    private static readonly ResourceId Default = IdOf("default");

    private const int MostAttempts = 6;

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Note;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.profiles", true);

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var profile in context.Stack.Profiles.Values)
        {
            if (!profile.External)
                ExtensionNeeds.Check(profile, context);
            var devices = ProfileForm.DevicesOf(profile, context);
            if (profile.Disk is not null && !devices.Values.Any(InstanceForm.IsRootDisk))
                context.Error("NoPool", $"profiles.{profile.Name}.disk", "the server has several storage pools and none is called default", "name one: disk: {pool: …}");
            yield return new DesiredProfile
            {
                Id = IdOf(profile.Name),
                DefinitionPath = $"profiles.{profile.Name}",
                External = profile.External,
                DependsOn = DeviceUses.WithParents(devices),
                Names =
                [
                    .. profile.Disk?.Pool is { } pool ? [new NamedResource(StoragePoolKind.IdOf(pool), $"profiles.{profile.Name}.disk.pool")] : Array.Empty<NamedResource>(),
                    .. DeviceUses.WordsOf(profile.Devices, $"profiles.{profile.Name}"),
                ],
                Properties = BagOf(profile.Description, profile.WholeConfig, devices),
                RootDisks = RootDisksFrom(profile.Name, context.Server),
            };
        }
    }

    /// <summary>The disks of instances that have theirs from this profile, and of no other after it.</summary>
    private static IReadOnlyList<RootDisk> RootDisksFrom(string profile, ServerObservation server) =>
    [
        .. server.OfKind(InstanceKind.KindName).Select(live => (Instance)live.Raw)
            .Where(instance => !instance.Devices.Values.Any(InstanceForm.IsRootDisk) && instance.Profiles.LastOrDefault(name => server.Find(IdOf(name))?.Raw is Profile used && used.Devices.Values.Any(InstanceForm.IsRootDisk)) == profile)
            .Select(instance => RootDisk.Of(instance, server)).OfType<RootDisk>(),
    ];

    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner) =>
        Sizes.RefuseShrinking(base.Refine(change, planner), ((DesiredProfile)change.Desired!).RootDisks);

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.ViewFor("features.profiles", isDefault: true) is { } view
            ? [.. (await view.Profiles.ListAsync(cancellationToken).ConfigureAwait(false)).Select(profile => Describe(IdOf(profile), profile))]
            : [];

    // Where even this one is missing, the project has still to be made: Incus makes the profile with it, and it is empty.
    public override LiveResource? Locate(DesiredResource desired, ServerObservation server) =>
        base.Locate(desired, server)
        ?? (desired is { External: true } && desired.Id == Default ? Describe(desired.Id, new Profile { Name = desired.Id.Name }) : null);

    public override bool ComesWith(LiveResource project, ResourceId id) =>
        id == Default && ObserveScope.HasOwn(((Project)project.Raw).Config, "features.profiles", isDefault: false);

    // A profile itself never restarts; what its change means is said at the instances that use it.
    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        ChangeImpact.Live;

    // The server saves a profile, then changes every instance that uses it.
    public override Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(context, change.Live?.Raw is Profile profile ? profile.UsedBy : [], cancellationToken);

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((Profile)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var profile = context.IsExternal(live) ? new ProfileDefinition { Name = live.Id.Name, External = true } : ProfileExport.Describe(this, live, stack, context);
        return stack with { Profiles = ExportContext.With(stack.Profiles, profile.Name, profile) };
    }

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        await ProfileDiskMove.RunAsync(context, change, cancellationToken).ConfigureAwait(false);
        await base.UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
        await context.Commitments.SeeThroughAsync(() => ProfileDiskMove.EndAsync(context, change)).ConfigureAwait(false);
    }

    protected override ResourceId IdOf(Profile resource) => IdOf(resource.Name);

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, Profile resource) => DeviceUses.WithParents(resource.Devices);

    protected override Task<Versioned<Profile>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Profiles.FindAsync(id.Name, cancellationToken);

    protected override ResourceFields FieldsOf(Profile resource)
    {
        var fields = ResourceFields.From(resource.Config, resource.Devices);
        if (resource.Description.Length > 0)
            fields.Set(PropertyPath.Description, resource.Description);
        return fields;
    }

    protected override Profile WithFields(Profile resource, ResourceFields fields) =>
        base.WithFields(resource, fields) with { Devices = fields.DeviceMap() };

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken)
    {
        var profile = new Profile
        {
            Name = id.Name,
            Description = fields.Word(PropertyPath.Description),
            Config = fields.Config,
            Devices = fields.DeviceMap(),
        };
        // It was missing only because its project was: by now Incus has made both.
        return id == Default
            ? context.Client.Profiles.UpdateAsync(id.Name, current => WithStack(context, current, fields), cancellationToken)
            : context.Client.Profiles.CreateAsync(profile, cancellationToken);
    }

    /// <summary>Incus keeps the default profile as long as its project: of that, only what the stack has set goes.</summary>
    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        if (live.Id == Default)
            await context.Client.Profiles.UpdateAsync(live.Id.Name, profile => WithoutStack(profile), cancellationToken).ConfigureAwait(false);
        else
            await base.DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
    }

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<Profile> found, Profile changed, CancellationToken cancellationToken) =>
        Attempts.RepeatAsync(() => PutWholeAsync(client, id, found, changed, cancellationToken), MostAttempts, IsOfUnfinishedInstance, cancellationToken);

    private async Task PutWholeAsync(IncusClient client, ResourceId id, Versioned<Profile> found, Profile changed, CancellationToken cancellationToken)
    {
        try
        {
            await client.Profiles.UpdateAsync(id.Name, changed, found.ETag, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (IsSavedOnly(error))
        {
            // An instance could not be changed, and writing the same again would not change it either. So the profile is
            // as it was, and the next attempt reaches every instance.
            await TakeBackAsync(client, changed, found.Value, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private static bool IsSavedOnly(IncusException error) =>
        error.ServerMessage?.Contains("profile change still saved", StringComparison.Ordinal) == true;

    // Somebody is just making or deleting the instance, and it has no disk yet or any more.
    private static bool IsOfUnfinishedInstance(IncusException error) =>
        IsSavedOnly(error) && error.ServerMessage!.Contains("Instance storage pool not found", StringComparison.Ordinal);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.Profiles.DeleteAsync(id.Name, cancellationToken);

    private Profile WithoutStack(Profile profile)
    {
        if (OwnershipMark.Read(Default, profile.Config) is not { } mark)
            return profile;
        var fields = FieldsOf(profile);
        foreach (var path in mark.Applied.Paths)
            fields.Set(path, null);
        OwnershipMark.Erase(fields.Config);
        return WithFields(profile, fields);
    }

    /// <summary>The default profile with what the stack sets in it; what somebody put there meanwhile stays.</summary>
    /// <exception cref="PlanOutdatedException">Another stack was faster.</exception>
    private Profile WithStack(ApplyContext context, Profile current, ResourceFields wanted)
    {
        if (OwnershipMark.Read(Default, current.Config) is { } mark && !mark.BelongsTo(context.Plan.Stack, context.Plan.Project))
            throw new PlanOutdatedException([Default]);
        var fields = FieldsOf(current);
        foreach (var (word, value) in wanted.Words)
            fields.Words[word] = value;
        foreach (var (key, value) in wanted.Config)
            fields.Config[key] = value;
        foreach (var (name, device) in wanted.Devices)
            fields.Devices[name] = device;
        return WithFields(current, fields);
    }

    /// <summary>Writes back what a profile was, unless somebody else has changed it since: then it is as they want it.</summary>
    private async Task TakeBackAsync(IncusClient client, Profile written, Profile before, CancellationToken cancellationToken)
    {
        try
        {
            var now = await client.Profiles.FindAsync(before.Name, cancellationToken).ConfigureAwait(false);
            if (now is not null && IsSame(now.Value, written))
                await client.Profiles.UpdateAsync(before.Name, before, now.ETag, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong.
        }
    }

    private bool IsSame(Profile one, Profile other) =>
        LiveBag(one).SameAs(LiveBag(other)) && FieldsOf(one).Config.SequenceEqual(FieldsOf(other).Config);
}
