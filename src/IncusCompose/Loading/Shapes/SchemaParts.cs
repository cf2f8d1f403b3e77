using System.Text.Json.Nodes;

namespace IncusCompose.Loading.Shapes;

/// <summary>The schemas of a shape's parts: a mapping that stands in several places is defined once and referred to.</summary>
internal sealed class SchemaParts
{
    private readonly Dictionary<Shape, string> _shared = new(ReferenceEqualityComparer.Instance);

    /// <param name="root">The shape of the whole.</param>
    public SchemaParts(Shape root)
    {
        var seen = new Dictionary<Shape, string>(ReferenceEqualityComparer.Instance);
        Visit(root, "");

        void Visit(Shape shape, string path)
        {
            if (shape is IKeyedShape && !seen.TryAdd(shape, path))
            {
                _shared[shape] = seen[shape];
                return;
            }

            foreach (var (step, part) in shape.Parts)
                Visit(part, path + step);
        }
    }

    /// <summary>The definitions that <see cref="Of"/> refers to, by name.</summary>
    public IEnumerable<(string Name, JsonObject Schema)> Definitions => _shared.Select(shared => (NameOf(shared.Value), shared.Key.Schema(this)));

    /// <summary>The schema of a part, or a reference to it.</summary>
    public JsonObject Of(Shape shape) => _shared.TryGetValue(shape, out var path) ? JsonSchemas.Reference(NameOf(path)) : shape.Schema(this);

    // By the place where it was met first, in characters that a reference can hold as they are.
    private static string NameOf(string path) => path.TrimStart('.').Replace(".*", "", StringComparison.Ordinal).Replace("[]", "", StringComparison.Ordinal);
}
