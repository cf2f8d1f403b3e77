using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources;

/// <summary>
/// Projects that a stack makes besides the one that it lives in: for others to use. What is in them is not the stack's.
/// Source: Incus doc/reference/projects.md.
/// </summary>
internal sealed class OtherProjectKind : ProjectKind
{
    public new const string KindName = "other-project";

    private const string Key = "projects.";

    public override string Name => KindName;

    public override bool ContainsAll => false;

    public override bool IsOfServer => true;

    public override bool IsKeptAsDefinition => true;

    public override string AdviceWhenTaken => "remove it from the file to leave it as it is";

    public static new ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context) => context.Stack.Projects.Values.Select(project => new DesiredResource
    {
        Id = IdOf(project.Name),
        DefinitionPath = Key + project.Name,
        Properties = BagOf(project.Description, project.Config),
    });

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (scope.Projects is { Count: 0 })
            return [];
        try
        {
            return [.. (await scope.ServerView.Projects.ListAsync(cancellationToken).ConfigureAwait(false))
                .Select(project => Describe(IdOf(project), project))
                .Where(live => scope.Projects?.Contains(live.Id.Name) == true || live.Mark?.Key.StartsWith(Key, StringComparison.Ordinal) == true)];
        }
        catch (IncusForbiddenException)
        {
            // Whoever may not see them has made none.
            return [];
        }
    }

    public override string AddressOf(LiveResource live) => $"/1.0/projects/{live.Id.Name}";

    // The server deletes no project that holds anything.
    public override string? DeletionRefusal(LiveResource live) =>
        HeldBy(live).Select(address => address["/1.0/".Length..]).ToList() is { Count: > 0 } held ? $"it holds {string.Join(", ", held)}; move or delete that first" : null;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context) =>
        stack with { Projects = ExportContext.With(stack.Projects, live.Id.Name, Described(live, context)) };

    protected override ResourceId IdOf(Project resource) => IdOf(resource.Name);
}
