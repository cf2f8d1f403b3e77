using System.Text;

namespace IncusCompose.Graphs;

/// <summary>Writes a graph in Mermaid. Source: mermaid.js.org, "Flowcharts".</summary>
internal static class MermaidText
{
    public static string Write(StackGraph graph)
    {
        var text = new GraphText(graph);
        text.Line("---");
        text.Line($"title: \"{graph.Stack.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        text.Line("---");
        text.Line("flowchart LR");
        var indent = "    ";
        if (graph.Container is { } container)
        {
            text.Line($"    subgraph {text.WordOf(container.Id)}[\"{Escape($"{container.Noun} {container.Id.Name}")}\"]");
            indent = "        ";
        }

        foreach (var node in graph.Nodes)
            text.Line(indent + text.WordOf(node.Id) + Shape(node));
        if (graph.Container is not null)
            text.Line("    end");
        foreach (var edge in graph.Edges)
            text.Line($"    {text.WordOf(edge.From)} -->{(edge.Label.Length > 0 ? $"|\"{Escape(edge.Label)}\"|" : "")} {text.WordOf(edge.To)}");
        var external = graph.Nodes.Where(node => node.IsExternal).Select(node => text.WordOf(node.Id)).ToList();
        if (external.Count > 0)
        {
            text.Line("    classDef external stroke-dasharray: 4 3");
            text.Line($"    class {string.Join(",", external)} external");
        }

        return text.ToString();
    }

    private static string Shape(GraphNode node)
    {
        var (name, what) = GraphText.LabelOf(node);
        var label = $"\"{Escape(name)}<br/><i>{Escape(what)}</i>\"";
        return node.Shape switch
        {
            GraphShape.Box => $"[{label}]",
            GraphShape.Hexagon => $"{{{{{label}}}}}",
            GraphShape.Cylinder => $"[({label})]",
            GraphShape.Store => $"[[{label}]]",
            GraphShape.Note => $">{label}]",
            GraphShape.Stadium => $"([{label}])",
            _ => $"({label})",
        };
    }

    /// <summary>Text between quotes: what Mermaid or a page would take for its own is written as a numbered character.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in text)
        {
            if (character is '"' or '#' or '<' or '>' or '&' or ';' or '`' or '\\' || char.IsControl(character))
                escaped.Append('#').Append((int)character).Append(';');
            else
                escaped.Append(character);
        }

        return escaped.ToString();
    }
}
