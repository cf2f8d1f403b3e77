using System.Collections.ObjectModel;
using System.Text.Json.Nodes;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>A list of values of one shape. After an error it holds nulls where items were that could not be used.</summary>
/// <param name="item">What each item looks like.</param>
/// <param name="example">A list as it could be written.</param>
internal sealed class ListShape<T>(Shape<T> item, string example) : Shape<IReadOnlyList<T>>
    where T : class
{
    public override string Wanted => $"a list such as `{example}`";

    public override IEnumerable<(string Step, Shape Shape)> Parts => [("[]", item)];

    public override JsonObject Schema(SchemaParts parts) => new() { ["type"] = "array", ["items"] = parts.Of(item) };

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyList<T> value)
    {
        value = [];
        if (node is not SequenceNode sequence)
        {
            context.WrongKind(node, site, Wanted);
            return false;
        }

        var items = new List<T>(sequence.Items.Count);
        for (var i = 0; i < sequence.Items.Count; i++)
        {
            var itemSite = site.At(i);
            context.Locate(itemSite, sequence.Items[i].Location);
            // An item that cannot be used leaves a gap: the places of the others go by their positions.
            var outer = context.Enter(sequence.Items[i]);
            items.Add(item.TryBind(sequence.Items[i], itemSite, context, out var bound) ? bound : default!);
            context.Leave(outer);
        }

        value = items.AsReadOnly();
        return true;
    }
}

/// <summary>A mapping from free keys to values of one shape.</summary>
/// <param name="item">What each value looks like.</param>
/// <param name="example">An entry as it could be written.</param>
internal sealed class MapShape<T>(Shape<T> item, string example) : Shape<IReadOnlyDictionary<string, T>>
{
    public override string Wanted => $"a mapping such as `{example}`";

    public override IEnumerable<(string Step, Shape Shape)> Parts => [(".*", item)];

    public override bool MayBeEmpty => true;

    public override JsonObject Schema(SchemaParts parts) =>
        new() { ["type"] = "object", ["additionalProperties"] = item is MapShape<string> ? parts.Of(item).OrNull() : parts.Of(item) };

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, T> value)
    {
        value = ReadOnlyDictionary<string, T>.Empty;
        if (node is not MappingNode mapping)
        {
            context.WrongKind(node, site, Wanted);
            return false;
        }

        var items = new Dictionary<string, T>(mapping.Entries.Count, StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            var itemSite = site.At(entry.Key.Value);
            context.Locate(itemSite, entry.Place());
            // The name alone says that it is there.
            var content = entry.Value is ScalarNode { IsNull: true } nothing && item.MayBeEmpty ? new MappingNode(nothing.Location, []) { Origin = nothing.Origin } : entry.Value;
            var outer = context.Enter(content);
            if (item.TryBind(content, itemSite, context, out var bound))
                items[entry.Key.Value] = bound;
            context.Leave(outer);
        }

        value = items.AsReadOnly();
        return true;
    }
}

/// <summary>Short and long forms: what a value is decides which shape it has.</summary>
internal sealed class FormsShape<T> : Shape<T>
{
    /// <summary>The form that is a single value; null: there is none.</summary>
    public Shape<T>? Scalar { get; init; }

    /// <summary>The form that is a list; null: there is none.</summary>
    public Shape<T>? Sequence { get; init; }

    /// <summary>The form that is a mapping; null: there is none.</summary>
    public Shape<T>? Mapping { get; init; }

    public override string Wanted => string.Join(", or ", Forms.Select(shape => shape.Wanted));

    // What is written alone comes before what is written in a list.
    public override IEnumerable<(string Step, Shape Shape)> Parts => new Shape?[] { Scalar, Mapping, Sequence }.OfType<Shape>().Select(form => ("", form));

    public override JsonObject Schema(SchemaParts parts)
    {
        var forms = Forms.Select(form => parts.Of(form)).ToList();
        return forms is [var only] ? only : new JsonObject { ["anyOf"] = new JsonArray([.. forms.SelectMany(JsonSchemas.Alternatives)]) };
    }

    public override bool MayBeEmpty => Mapping?.MayBeEmpty == true;

    private IEnumerable<Shape<T>> Forms => new[] { Scalar, Sequence, Mapping }.OfType<Shape<T>>();

    public override bool IsAbsent(DocumentNode node) => Scalar?.IsAbsent(node) ?? base.IsAbsent(node);

    public override (string Problem, string Advice)? ComplaintOf(string text) => Scalar?.ComplaintOf(text);

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out T value)
    {
        var form = node switch
        {
            SequenceNode => Sequence,
            MappingNode => Mapping,
            _ => Scalar,
        };
        if (form is not null)
            return form.TryBind(node, site, context, out value);
        context.WrongKind(node, site, Wanted);
        value = default!;
        return false;
    }
}

/// <summary>A shape whose value is checked further or made into another type.</summary>
internal sealed class ConvertedShape<TFrom, T>(Shape<TFrom> inner, ConvertedShape<TFrom, T>.Conversion convert) : Shape<T>
{
    /// <summary>Makes the value, or reports why not and returns false.</summary>
    public delegate bool Conversion(TFrom from, DocumentNode node, Site site, BindingContext context, out T value);

    public override string Wanted => inner.Wanted;

    public override IEnumerable<(string Step, Shape Shape)> Parts => [("", inner)];

    public override bool MayBeEmpty => inner.MayBeEmpty;

    public override bool IsAbsent(DocumentNode node) => inner.IsAbsent(node);

    public override (string Problem, string Advice)? ComplaintOf(string text) => inner.ComplaintOf(text);

    public override JsonObject Schema(SchemaParts parts) => parts.Of(inner);

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out T value)
    {
        if (inner.TryBind(node, site, context, out var from))
            return convert(from, node, site, context, out value);
        value = default!;
        return false;
    }
}

/// <summary>Helpers for shapes.</summary>
internal static class ShapeExtensions
{
    /// <summary>The same shape with its value made into another type.</summary>
    public static Shape<T> As<TFrom, T>(this Shape<TFrom> shape, Func<TFrom, T> convert) =>
        new ConvertedShape<TFrom, T>(shape, (TFrom from, DocumentNode _, Site _, BindingContext _, out T value) =>
        {
            value = convert(from);
            return true;
        });

    /// <summary>The same shape with its value made into another type that knows the key it stands under.</summary>
    public static Shape<T> Named<TFrom, T>(this Shape<TFrom> shape, Func<string, TFrom, T> convert) =>
        new ConvertedShape<TFrom, T>(shape, (TFrom from, DocumentNode _, Site site, BindingContext _, out T value) =>
        {
            value = convert(site.Key, from);
            return true;
        });

    /// <summary>The same shape with its value checked further or made into another type.</summary>
    public static Shape<T> Then<TFrom, T>(this Shape<TFrom> shape, ConvertedShape<TFrom, T>.Conversion convert) =>
        new ConvertedShape<TFrom, T>(shape, convert);

    /// <summary>Where a reader looks for an entry: at its value if that stands beside the key, else at the key.</summary>
    public static IncusCompose.Diagnostics.SourceLocation Place(this MappingEntry entry) =>
        entry.Value is ScalarNode { IsNull: false } ? entry.Value.Location : entry.Key.Location;
}
