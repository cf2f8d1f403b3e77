using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Graphs;

/// <summary>Makes the graph of a stack from what each kind says that its resources depend on; knows no kind by name.</summary>
internal static class GraphBuilder
{
    public static StackGraph Build(StackDefinition stack)
    {
        var context = AssumedServer.ContextOf(stack);
        var desired = ResourceKinds.All.SelectMany(kind => kind.Desire(context)).DistinctBy(resource => resource.Id).ToDictionary(resource => resource.Id);
        var container = desired.Values.FirstOrDefault(resource => ResourceKinds.Of(resource.Id).ContainsAll);
        var edges = desired.Values.SelectMany(EdgesOf).ToList();
        // What is only assumed to be there, since nobody names it, tells nothing.
        var unnamed = context.Server.Resources.Select(live => live.Id).Where(id => !desired.ContainsKey(id) && !IsNamed(id, stack)).ToHashSet();
        edges.RemoveAll(edge => unnamed.Contains(edge.To));
        var nodes = desired.Values.Where(resource => resource != container).Select(resource => resource.Id)
            .Concat(edges.Select(edge => edge.To))
            .Distinct()
            .OrderBy(ResourceKinds.RankOf)
            .ThenBy(id => id.ToString(), StringComparer.Ordinal)
            .Select(id => NodeOf(id, desired, stack))
            .ToList();
        var order = nodes.Select((node, index) => (node.Id, index)).ToDictionary(pair => pair.Id, pair => pair.index);
        return new StackGraph
        {
            Stack = stack.Name,
            Container = container is null ? null : NodeOf(container.Id, desired, stack),
            Nodes = nodes,
            Edges = [.. edges.OrderBy(edge => order[edge.From]).ThenBy(edge => order[edge.To])],
        };
    }

    private static IEnumerable<GraphEdge> EdgesOf(DesiredResource resource)
    {
        var targets = resource.DependsOn.Distinct().ToList();
        // What lies in another resource, as a volume does in its pool, stands for it.
        var containers = targets.Select(id => id.Scope).OfType<string>().ToHashSet();
        return targets
            .Where(id => id.Scope is not null || id.Kind != StoragePoolKind.KindName || !containers.Contains(id.Name))
            .Select(id => new GraphEdge(resource.Id, id, LabelOf(resource, id)));
    }

    private static string LabelOf(DesiredResource resource, ResourceId other)
    {
        if (other.Kind != resource.Id.Kind || resource.Conditions.FirstOrDefault(condition => condition.Instance == other.Name) is not { } dependency)
            return "";
        return dependency.Condition.ToString().ToLowerInvariant() + (dependency.Restart ? ", restart" : "") + (dependency.Required ? "" : ", not required");
    }

    private static GraphNode NodeOf(ResourceId id, Dictionary<ResourceId, DesiredResource> desired, StackDefinition stack) =>
        new(id, IsExternal: desired.GetValueOrDefault(id)?.External ?? true)
        {
            Noun = ResourceKinds.Of(id).Noun,
            Shape = ResourceKinds.Of(id).Shape,
            Replicas = id.Kind == InstanceKind.KindName ? stack.Instances.GetValueOrDefault(id.Name)?.Replicas : null,
        };

    private static bool IsNamed(ResourceId id, StackDefinition stack) => id.Kind switch
    {
        StoragePoolKind.KindName => StoragePoolKind.NamesIn(stack).Contains(id.Name),
        ProfileKind.KindName => stack.Instances.Values.Any(instance => instance.Profiles?.Contains(id.Name) == true),
        _ => true,
    };
}
