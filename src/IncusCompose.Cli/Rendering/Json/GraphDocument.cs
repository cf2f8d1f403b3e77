using IncusCompose.Graphs;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>A stack's resources and what they depend on, as <c>graph --json</c> writes them.</summary>
internal sealed record GraphDocument(string Stack, string? Project, IReadOnlyList<GraphNodeDocument> Nodes, IReadOnlyList<GraphEdgeDocument> Edges)
{
    public static GraphDocument From(StackGraph graph) => new(
        graph.Stack,
        graph.Container?.Id.Name,
        [.. graph.Nodes.Select(node => new GraphNodeDocument(node.Id.ToString(), node.Id.Kind, node.Id.Name, node.IsExternal, node.Replicas))],
        [.. graph.Edges.Select(edge => new GraphEdgeDocument(edge.From.ToString(), edge.To.ToString(), edge.Label.Length == 0 ? null : edge.Label))]);
}

/// <summary>A resource.</summary>
internal sealed record GraphNodeDocument(string Id, string Kind, string Name, bool External, int? Replicas);

/// <summary>A dependency.</summary>
internal sealed record GraphEdgeDocument(string From, string To, string? Label);
