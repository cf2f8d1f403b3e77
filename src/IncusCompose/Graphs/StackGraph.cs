using IncusCompose.Resources;

namespace IncusCompose.Graphs;

/// <summary>How a graph is written.</summary>
public enum GraphFormat
{
    /// <summary>Mermaid, as Markdown viewers draw it in a block marked <c>mermaid</c>.</summary>
    Mermaid,

    /// <summary>The language of Graphviz.</summary>
    Dot,
}

/// <summary>How a kind of resource is drawn.</summary>
public enum GraphShape
{
    /// <summary>A box with round corners.</summary>
    Rounded,

    /// <summary>A box.</summary>
    Box,

    /// <summary>A hexagon.</summary>
    Hexagon,

    /// <summary>A cylinder.</summary>
    Cylinder,

    /// <summary>A box with double sides.</summary>
    Store,

    /// <summary>A flag or a sheet.</summary>
    Note,

    /// <summary>A box with round ends.</summary>
    Stadium,
}

/// <summary>A resource in a graph.</summary>
/// <param name="Id">The resource.</param>
/// <param name="IsExternal">True for what the stack uses and does not make.</param>
public sealed record GraphNode(ResourceId Id, bool IsExternal)
{
    /// <summary>The kind as people say it: <c>storage pool</c>.</summary>
    public required string Noun { get; init; }

    /// <summary>How many there are of it; null: one.</summary>
    public int? Replicas { get; init; }

    /// <summary>How it is drawn.</summary>
    public GraphShape Shape { get; init; }
}

/// <summary>A dependency: <paramref name="From"/> is made after <paramref name="To"/>.</summary>
/// <param name="From">What depends on the other one.</param>
/// <param name="To">What it depends on.</param>
/// <param name="Label">What <c>depends_on</c> says of it, such as <c>healthy</c>; empty for what is merely used.</param>
public sealed record GraphEdge(ResourceId From, ResourceId To, string Label = "");

/// <summary>What a stack's resources depend on, as its file says; no server was asked.</summary>
public sealed record StackGraph
{
    /// <summary>The stack's name.</summary>
    public required string Stack { get; init; }

    /// <summary>What everything lives in (the stack's project); null where the file names none.</summary>
    public GraphNode? Container { get; init; }

    /// <summary>The resources, in the order in which people read a plan.</summary>
    public required IReadOnlyList<GraphNode> Nodes { get; init; }

    /// <summary>The dependencies, in the order of the resources.</summary>
    public required IReadOnlyList<GraphEdge> Edges { get; init; }

    /// <summary>The graph as a text that programs draw.</summary>
    /// <param name="format">The language.</param>
    public string ToText(GraphFormat format = GraphFormat.Mermaid) => format == GraphFormat.Dot ? DotText.Write(this) : MermaidText.Write(this);

    /// <summary>The graph in Mermaid.</summary>
    public override string ToString() => ToText();
}
