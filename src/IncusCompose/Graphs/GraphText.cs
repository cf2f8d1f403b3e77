using System.Globalization;
using System.Text;
using IncusCompose.Resources;

namespace IncusCompose.Graphs;

/// <summary>What both languages need: lines, and a word for each resource by which edges name it.</summary>
internal sealed class GraphText
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<ResourceId, string> _words = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public GraphText(StackGraph graph)
    {
        foreach (var id in (graph.Container is null ? [] : new[] { graph.Container.Id }).Concat(graph.Nodes.Select(node => node.Id)))
            _words[id] = Unique(id.ToString());
    }

    public string WordOf(ResourceId id) => _words[id];

    public void Line(string line = "") => _text.Append(line).Append('\n');

    /// <summary>The lines of a node's label: its name, and what it is.</summary>
    public static (string Name, string What) LabelOf(GraphNode node) => (
        node.Id.Name,
        node.Replicas is { } replicas
            ? string.Create(CultureInfo.InvariantCulture, $"{replicas} {node.Noun}{(replicas == 1 ? "" : "s")}")
            : node.Id.Scope is { } scope ? $"{node.Noun} in {scope}" : node.Noun);

    public override string ToString() => _text.ToString();

    // Letters, digits and underscores are a word in both languages.
    private string Unique(string text)
    {
        var word = string.Concat(text.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '_'));
        for (var number = 2; !_taken.Add(word); number++)
            word = string.Create(CultureInfo.InvariantCulture, $"{word.TrimEnd('_')}_{number}");
        return word;
    }
}
