using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>The Incus project of a stack. Source: Incus doc/reference/projects.md.</summary>
internal class ProjectKind : ConfiguredKind<Project>
{
    public const string KindName = "project";

    public override string Name => KindName;

    public override bool ContainsAll => true;

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
        };
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        return await scope.ProjectAsync().ConfigureAwait(false) is { } project ? [Describe(IdOf(project), project)] : [];
    }

    public override string AdviceWhenTaken => "name it without create: true to use it as it is";

    // A new project gets its features written out.
    public override bool IsServerFilled(string path) =>
        PropertyPath.IsConfig(path, out var key) && key.StartsWith("features.", StringComparison.Ordinal);

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
