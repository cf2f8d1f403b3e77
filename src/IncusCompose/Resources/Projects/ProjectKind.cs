using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Loading.Keys;
using IncusCompose.Planning;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Projects;

/// <summary>The Incus project of a stack. Source: Incus doc/reference/projects.md.</summary>
internal class ProjectKind : ConfiguredKind<Project>
{
    public const string KindName = "project";

    public override string Name => KindName;

    public override bool ContainsAll => true;

    public override string? AdviceWhenRestricted => "have an administrator do it, or name the project without create: true to use it as it is";

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        if (context.Stack.Project is not { } project)
            yield break;
        yield return new DesiredResource
        {
            Id = IdOf(project.Name),
            DefinitionPath = "project",
            External = !project.Create,
            Properties = BagOf(project.Description, project.Config),
            // A project that is there hides the pools of which it may have nothing.
            Names = context.LiveProject is null ? WordsOf(project, "project") : [],
        };
    }

    /// <summary>The storage pools of which a project may have so much only.</summary>
    public static IEnumerable<string> LimitedPools(IReadOnlyDictionary<string, string> config) =>
        config.Keys.Where(key => key.StartsWith(ProjectShapes.PoolLimit, StringComparison.Ordinal)).Select(key => key[ProjectShapes.PoolLimit.Length..]);

    /// <summary>What the file names in a project.</summary>
    protected static IReadOnlyList<NamedResource> WordsOf(ProjectDefinition project, string path) =>
    [
        .. LimitedPools(project.Config).Select(pool => new NamedResource(StoragePoolKind.IdOf(pool), $"{path}.limits.disk_pools.{pool}", $"{path}.config.{ProjectShapes.PoolLimit}{pool}")),
    ];

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        return await scope.ProjectAsync().ConfigureAwait(false) is { } project ? [Describe(IdOf(project), project)] : [];
    }

    public override string AdviceWhenTaken => "name it without create: true to use it as it is";

    // A new project gets its features written out.
    public override bool IsServerFilled(string path) =>
        PropertyPath.IsConfig(path, out var key) && key.StartsWith("features.", StringComparison.Ordinal);

    // Source: Incus cmd/incusd/api_project.go, projectChange.
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner)
    {
        change = base.Refine(change, planner);
        // What was never said may be said at any time.
        var feature = change.Steps.Where(step => change.Live!.Properties[step.Path] is not null).Select(step => PropertyPath.IsConfig(step.Path, out var key) ? (Key: key, step.Value) : default)
            .FirstOrDefault(step => step.Key?.StartsWith("features.", StringComparison.Ordinal) == true && !(step.Key == NetworkZoneKind.Feature && ConfigTruth.IsTrue(step.Value))).Key;
        return feature is not null && change.Refused is null && HeldBy(change.Live!).Select(address => address["/1.0/".Length..]).ToList() is { Count: > 0 } held
            ? change with { Refused = $"Incus changes {feature} of an empty project only, and this one holds {Few(held)}; take that down first, or give the stack another project" }
            : change;
    }

    /// <summary>The server demands of all that a project holds what its limits and restrictions say: what is tightened comes last, what is loosened first.</summary>
    public override bool ComesLast(ResourceChange change) =>
        change.Action == ChangeAction.Update
        && change.Steps.Where(step => PropertyPath.IsConfig(step.Path, out _)).Select(step => Tightens(step, change.Live!.Properties[step.Path])).ToList() is var steps
        && steps.Contains(true) && !steps.Contains(false);

    /// <summary>True for what allows less than before, false for what allows more, null for what has no bearing on what a project holds.</summary>
    private static bool? Tightens(PropertyStep step, string? before)
    {
        _ = PropertyPath.IsConfig(step.Path, out var key);
        if (key == "restricted")
            return ConfigTruth.IsTrue(step.Value);
        if (s_allowLists.Contains(key))
            return step.Value is not null && before is null ? true : step.Value is null ? false : null;
        if (key.StartsWith("restricted.", StringComparison.Ordinal))
            return Freedom(step.Value) < Freedom(before);
        if (!key.StartsWith("limits.", StringComparison.Ordinal))
            return null;
        return step.Value is not null && (before is null || !ByteSize.TryParse(before, out var old) || !ByteSize.TryParse(step.Value, out var wanted) || wanted < old);
    }

    // Lists of what is allowed: without one, all is.
    private static readonly string[] s_allowLists =
        ["restricted.networks.access", "restricted.devices.disk.paths", "restricted.cluster.groups", "restricted.images.servers", "restricted.storage-pools.access"];

    // What is not said is mostly forbidden. Source: Incus internal/server/project/permissions.go.
    private static int Freedom(string? value) => value switch { "allow" => 2, null or "block" or "isolated" => 0, _ => 1 };

    private static string Few(List<string> names) =>
        names.Count <= 3 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more";

    // A project that still holds anything cannot be deleted; its default profile comes and goes with it.
    public override string? WhyKept(LiveResource live, IReadOnlySet<string> deleted, ServerObservation server)
    {
        var left = HeldBy(live).Where(address => !deleted.Contains(address)).ToList();
        return left.Count == 0 ? null : $"kept, since it still holds {string.Join(", ", left.Select(address => address["/1.0/".Length..]))}";
    }

    /// <summary>The addresses of what lies in a project, but for the profile that comes and goes with it.</summary>
    protected static IEnumerable<string> HeldBy(LiveResource project) =>
        ((Project)project.Raw).UsedBy.Select(address => address.Split('?')[0]).Where(address => address != "/1.0/profiles/default");

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context) => stack with { Project = Described(live, context) };

    /// <summary>A live project as a definition, without what every new one has.</summary>
    protected ProjectDefinition Described(LiveResource live, ExportContext context) => new()
    {
        Name = live.Id.Name,
        Create = true,
        Description = ExportContext.Text(live),
        Config = ExportContext.ConfigOf(this, live, (key, value) => key is "features.networks" or "features.networks.zones"
            ? value == "false"
            : value == "true" && key.StartsWith("features.", StringComparison.Ordinal)),
    };

    protected override ResourceId IdOf(Project resource) => IdOf(resource.Name);

    protected override Task<Versioned<Project>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Projects.FindAsync(id.Name, cancellationToken);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.Projects.CreateAsync(
            new Project { Name = id.Name, Description = fields.Word(PropertyPath.Description), Config = fields.Config },
            cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<Project> found, Project changed, CancellationToken cancellationToken) =>
        client.Projects.UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.Projects.DeleteAsync(id.Name, cancellationToken);
}
