using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Operating;

/// <summary>
/// The instances of a stack as the server knows them: by their marks, with the dependencies that were recorded when the
/// stack was applied. No file is needed.
/// </summary>
internal sealed class StackInstances
{
    private readonly Dictionary<string, LiveResource> _all;

    private StackInstances(string stack, string project, IEnumerable<LiveResource> instances)
    {
        Stack = stack;
        Project = project;
        _all = instances.ToDictionary(live => live.Id.Name, StringComparer.Ordinal);
    }

    public string Stack { get; }

    public string Project { get; }

    /// <summary>All of them, by name.</summary>
    public IEnumerable<LiveResource> All => _all.Values.OrderBy(live => live.Id.Name, StringComparer.Ordinal);

    /// <summary>Asks the server: one list.</summary>
    /// <exception cref="StackNotFoundException">No instance has the stack's mark.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<StackInstances> FindAsync(IncusClient client, string stack, CancellationToken cancellationToken)
    {
        var scope = new ObserveScope(client, projectFeatures: null, pools: [], cancellationToken);
        var kind = ResourceKinds.All.OfType<InstanceKind>().Single();
        return Of(stack, client.Project, await kind.ListAsync(scope, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Picks a stack's instances out of all of a project.</summary>
    /// <exception cref="StackNotFoundException">No instance has the stack's mark.</exception>
    public static StackInstances Of(string stack, string project, IReadOnlyCollection<LiveResource> instances)
    {
        var own = instances.Where(live => live.Mark?.BelongsTo(stack, project) == true).ToList();
        return own.Count > 0
            ? new StackInstances(stack, project, own)
            : throw new StackNotFoundException(
                stack, project, [.. instances.Where(live => live.Mark?.Project == project).Select(live => live.Mark!.Stack).Distinct()]);
    }

    /// <summary>
    /// Those of the given names, which are instances' or those of definitions: one with replicas stands for all of them.
    /// All where none is given.
    /// </summary>
    /// <exception cref="StackInstanceNotFoundException">The stack has none of a name.</exception>
    public IReadOnlyList<LiveResource> Select(IReadOnlyCollection<string>? names) =>
        names is null or { Count: 0 }
            ? [.. All]
            : [.. names.SelectMany(Named).DistinctBy(live => live.Id.Name).OrderBy(live => live.Id.Name, StringComparer.Ordinal)];

    /// <summary>As <see cref="Select"/>, but those that are there: of a name there may be none.</summary>
    public IEnumerable<LiveResource> Among(IReadOnlyCollection<string> names) =>
        All.Where(live => names.Count == 0 || names.Contains(live.Id.Name) || names.Contains(DefinitionOf(live)));

    /// <summary>The one of a name: an instance's, or a definition's and the number of a replica of it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="index">Which of a definition's replicas; null: the first one.</param>
    /// <exception cref="StackInstanceNotFoundException">There is none.</exception>
    public LiveResource Pick(string name, int? index)
    {
        var named = Named(name);
        if (index is null)
            return named.MinBy(NumberOf)!;
        return named.FirstOrDefault(live => NumberOf(live) == index)
            ?? throw new StackInstanceNotFoundException(Stack, $"{name}-{index}", [.. named.Select(live => live.Id.Name)]);
    }

    private static string DefinitionOf(LiveResource live) => live.Mark!.InstanceDefinition ?? live.Id.Name;

    /// <summary>The number of a replica; 1 for the only instance of a definition.</summary>
    private static int NumberOf(LiveResource live) => Replicas.NumberOf(DefinitionOf(live), live.Id.Name) ?? 1;

    private List<LiveResource> Named(string name) =>
        _all.TryGetValue(name, out var only) ? [only]
        : All.Where(live => DefinitionOf(live) == name).ToList() is { Count: > 0 } replicas ? replicas
        : throw new StackInstanceNotFoundException(Stack, name, _all.Keys);

    /// <summary>Every instance that one depends on, by way of others too.</summary>
    public IReadOnlySet<ResourceId> DependenciesOf(LiveResource instance)
    {
        var found = new HashSet<ResourceId>();
        Add(instance);
        found.Remove(instance.Id);
        return found;

        void Add(LiveResource live)
        {
            foreach (var used in live.Uses.Where(used => used.Kind == InstanceKind.KindName))
            {
                if (_all.TryGetValue(used.Name, out var next) && found.Add(used))
                    Add(next);
            }
        }
    }
}
