using System.Text;

namespace IncusCompose.Graphs;

/// <summary>Writes a graph in the language of Graphviz. Source: graphviz.org, "DOT Language".</summary>
internal static class DotText
{
    public static string Write(StackGraph graph)
    {
        var text = new GraphText(graph);
        text.Line($"digraph {Quote(graph.Stack)} {{");
        text.Line("    rankdir=LR;");
        text.Line("    node [fontname=\"sans-serif\"];");
        text.Line("    edge [fontname=\"sans-serif\", fontsize=10];");
        var indent = "    ";
        if (graph.Container is { } container)
        {
            text.Line($"    subgraph cluster_{text.WordOf(container.Id)} {{");
            text.Line($"        label={Quote($"{container.Noun} {container.Id.Name}")};");
            text.Line("        fontname=\"sans-serif\";");
            indent = "        ";
        }

        foreach (var node in graph.Nodes)
        {
            var (name, what) = GraphText.LabelOf(node);
            text.Line($"{indent}{text.WordOf(node.Id)} [label={Quote(name, what)}, {Shape(node)}];");
        }

        if (graph.Container is not null)
            text.Line("    }");
        foreach (var edge in graph.Edges)
            text.Line($"    {text.WordOf(edge.From)} -> {text.WordOf(edge.To)}{(edge.Label.Length > 0 ? $" [label={Quote(edge.Label)}]" : "")};");
        text.Line("}");
        return text.ToString();
    }

    private static string Shape(GraphNode node)
    {
        var (shape, style) = node.Shape switch
        {
            GraphShape.Box => ("box", ""),
            GraphShape.Hexagon => ("hexagon", ""),
            GraphShape.Cylinder => ("cylinder", ""),
            GraphShape.Store => ("box3d", ""),
            GraphShape.Note => ("note", ""),
            GraphShape.Stadium => ("oval", ""),
            _ => ("box", "rounded"),
        };
        var styles = new[] { style, node.IsExternal ? "dashed" : "" }.Where(word => word.Length > 0).ToList();
        return $"shape={shape}" + (styles.Count > 0 ? $", style=\"{string.Join(",", styles)}\"" : "");
    }

    private static string Quote(params string[] lines)
    {
        var quoted = new StringBuilder("\"");
        for (var index = 0; index < lines.Length; index++)
        {
            if (index > 0)
                quoted.Append("\\n");
            foreach (var character in lines[index])
            {
                if (character is '"' or '\\')
                    quoted.Append('\\').Append(character);
                else if (!char.IsControl(character))
                    quoted.Append(character);
            }
        }

        return quoted.Append('"').ToString();
    }
}
