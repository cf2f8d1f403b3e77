using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Projects;

/// <summary>
/// Projects that a stack makes besides the one that it lives in: for others to use. What is in them is not the stack's.
/// Source: Incus doc/reference/projects.md.
/// </summary>
internal sealed class OtherProjectKind : ProjectKind
{
    public new const string KindName = "other-project";

    private const string Key = "projects.";

    public override string Name => KindName;

    public override string Noun => "project";

    public override bool ContainsAll => false;

    public override bool IsOfServer => true;

    public override string? AdviceWhenRestricted => "remove it here, and have an administrator make it";

    public override bool IsKeptAsDefinition => true;

    public override string AdviceWhenTaken => "remove it from the file to leave it as it is";

    public static new ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context) => context.Stack.Projects.Values.Select(project => new DesiredResource
    {
        Id = IdOf(project.Name),
        DefinitionPath = Key + project.Name,
        Properties = BagOf(project.Description, project.Config),
        Names = WordsOf(project, Key + project.Name),
    });

    // A client that is restricted to some projects sees no others.
    public override bool IsSeenInFull(PlanningContext context) => context.IsUnrestricted;

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (scope.Projects is { Count: 0 })
            return [];
        try
        {
            var found = (await scope.ServerView.Projects.ListAsync(cancellationToken).ConfigureAwait(false))
                .Select(project => Describe(IdOf(project), project))
                .Where(live => scope.Projects?.Contains(live.Id.Name) == true || live.Mark?.Key.StartsWith(Key, StringComparison.Ordinal) == true);
            return await Task.WhenAll(found.Select(live => WithProfileAsync(scope.Client, live, cancellationToken))).ConfigureAwait(false);
        }
        catch (IncusForbiddenException)
        {
            // Whoever may not see them has made none.
            return [];
        }
    }

    public override string AddressOf(LiveResource live) => $"/1.0/projects/{live.Id.Name}";

    // The server deletes no project that holds anything, but for its default profile.
    public override string? DeletionRefusal(LiveResource live) =>
        HeldBy(live).Select(address => address["/1.0/".Length..]).ToList() is { Count: > 0 } held ? $"it holds {string.Join(", ", held)}; move or delete that first" : live.TakesAlong;

    // What is in it is not the stack's, whatever has the same address in the stack's own project.
    public override string? WhyKept(LiveResource live, IReadOnlySet<string> deleted, ServerObservation server) =>
        base.WhyKept(live, new HashSet<string>(), server) ?? (live.TakesAlong is { } why ? $"kept, since {why}" : null);

    public override bool StaysWhereRefused => true;

    /// <summary>Looks once more: somebody may have begun to use the project since the plan was made.</summary>
    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        if (await FindAsync(context.Client, live.Id, cancellationToken).ConfigureAwait(false) is not { } now)
            return;
        if (DeletionRefusal(await WithProfileAsync(context.Client, now, cancellationToken).ConfigureAwait(false)) is not null)
            throw new PlanOutdatedException([live.Id]);
        await base.DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A stack's project with what its default profile says of instances, which the server deletes with the project.</summary>
    private static async Task<LiveResource> WithProfileAsync(IncusClient client, LiveResource live, CancellationToken cancellationToken)
    {
        // Without profiles of its own it has the default project's, which stays.
        if (live.Mark is null || HeldBy(live).Any() || !ObserveScope.HasOwn(((Project)live.Raw).Config, "features.profiles", isDefault: true))
            return live;
        try
        {
            var profile = await client.ForProject(live.Id.Name).Profiles.FindAsync("default", cancellationToken).ConfigureAwait(false);
            return live with { TakesAlong = LostWith(live.Id.Name, profile?.Value) };
        }
        catch (IncusForbiddenException)
        {
            // Whoever may not look into it may not delete it.
            return live;
        }
    }

    /// <summary>Why a project is not deleted that somebody has set up for instances; null where its default profile is as Incus made it.</summary>
    internal static string? LostWith(string project, Profile? profile)
    {
        if (profile is null or { Config.Count: 0, Devices.Count: 0 })
            return null;
        var held = profile.Config.Keys.Concat(profile.Devices.Keys.Select(device => $"the device {device}")).Order(StringComparer.Ordinal);
        return $"its default profile, which would go with it, has {string.Join(", ", held)}; where that is not needed, delete the project with: incus project delete {project}";
    }

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context) =>
        stack with { Projects = ExportContext.With(stack.Projects, live.Id.Name, Described(live, context)) };

    protected override ResourceId IdOf(Project resource) => IdOf(resource.Name);
}
