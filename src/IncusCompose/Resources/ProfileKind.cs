using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>Profiles. Source: Incus doc/profiles.md.</summary>
internal sealed class ProfileKind : ConfiguredKind<Profile>
{
    public const string KindName = "profile";

    private static readonly ResourceId Default = IdOf("default");

    public override string Name => KindName;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var profile in context.Stack.Profiles.Values)
        {
            yield return new DesiredResource
            {
                Id = IdOf(profile.Name),
                DefinitionPath = $"profiles.{profile.Name}",
                External = profile.External,
                DependsOn = DeviceUses.Of(profile.Devices),
                Properties = BagOf(profile.Description, profile.Config, profile.Devices),
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.ViewFor("features.profiles", isDefault: true) is { } view
            ? [.. (await view.Profiles.ListAsync(cancellationToken).ConfigureAwait(false)).Select(profile => Describe(IdOf(profile), profile))]
            : [];

    // Where even this one is missing, the project has still to be made: Incus makes the profile with it, and it is empty.
    public override LiveResource? Locate(DesiredResource desired, ServerObservation server) =>
        base.Locate(desired, server)
        ?? (desired is { External: true } && desired.Id == Default ? Describe(desired.Id, new Profile { Name = desired.Id.Name }) : null);

    public override bool ComesWith(Project project, ResourceId id) => id == Default && ObserveScope.HasOwn(project.Config, "features.profiles", isDefault: false);

    // A profile itself never restarts; what its change means is said at the instances that use it.
    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        ChangeImpact.Live;

    // The server saves a profile, then changes every instance that uses it.
    public override Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(context, change.Live?.Raw is Profile profile ? profile.UsedBy : [], cancellationToken);

    protected override ResourceId IdOf(Profile resource) => IdOf(resource.Name);

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, Profile resource) => DeviceUses.Of(resource.Devices);

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
            ? context.Client.Profiles.UpdateAsync(id.Name, profile, null, cancellationToken)
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

    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<Profile> found, Profile changed, CancellationToken cancellationToken)
    {
        try
        {
            await client.Profiles.UpdateAsync(id.Name, changed, found.ETag, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error.ServerMessage?.Contains("profile change still saved", StringComparison.Ordinal) == true)
        {
            // An instance could not be changed, and writing the same again would not change it either. So the profile is
            // as it was, and the next attempt reaches every instance.
            await TakeBackAsync(client, found.Value, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

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

    private static async Task TakeBackAsync(IncusClient client, Profile before, CancellationToken cancellationToken)
    {
        try
        {
            await client.Profiles.UpdateAsync(before.Name, before, null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong.
        }
    }
}
