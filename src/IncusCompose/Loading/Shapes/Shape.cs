using System.Text.Json.Nodes;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>
/// What a value in a stack file may look like. A shape binds nodes and describes itself; the same declaration serves
/// the loader, its messages, the documentation and the JSON Schema for editors.
/// </summary>
internal abstract class Shape
{
    /// <summary>What to write, for a person: <c>a size such as `10GiB`</c>.</summary>
    public abstract string Wanted { get; }

    /// <summary>The shapes of what stands inside, by the step from here in a path: <c>.key</c>, <c>.*</c>, <c>[]</c>, or nothing for another form.</summary>
    public virtual IEnumerable<(string Step, Shape Shape)> Parts => [];

    /// <summary>What such a value is as JSON Schema, as an editor takes the file: without variables replaced, scalars by their YAML type.</summary>
    /// <param name="parts">Gives the schemas of the shapes inside.</param>
    public abstract JsonObject Schema(SchemaParts parts);

    /// <summary>True for a thing with keys of its own: under a name that has no value it is one of which nothing is said.</summary>
    public virtual bool MayBeEmpty => false;

    /// <summary>What is wrong with a single value, to follow it in a sentence, and what to do; null where nothing is, or it is no single value.</summary>
    /// <param name="text">The value as text that may stand elsewhere: in raw configuration.</param>
    public virtual (string Problem, string Advice)? ComplaintOf(string text) => null;

    /// <summary>The shape of what stands inside by a key, whichever form it is in; null where there is none.</summary>
    public Shape? Inside(string key) =>
        Parts.FirstOrDefault(part => part.Step == $".{key}").Shape ?? Parts.Where(part => part.Step.Length == 0).Select(part => part.Shape.Inside(key)).FirstOrDefault(inside => inside is not null);

    /// <summary>True for a value that says as much as if its key were not there.</summary>
    public virtual bool IsAbsent(DocumentNode node) => node is ScalarNode { IsNull: true };
}

/// <summary>A shape whose values become <typeparamref name="T"/>.</summary>
internal abstract class Shape<T> : Shape
{
    /// <summary>
    /// Makes the value of a node. Never throws for what the user wrote: reports every problem to the context and goes on.
    /// </summary>
    /// <returns>False where there is no usable value; at least one error has been reported then.</returns>
    public abstract bool TryBind(DocumentNode node, Site site, BindingContext context, out T value);
}

/// <summary>Where a value stands in the document.</summary>
/// <param name="Path">Its dotted path.</param>
/// <param name="Key">The key that it stands under; an item of a list stands under the list's key.</param>
internal readonly record struct Site(string Path, string Key)
{
    public static Site Root { get; } = new("", "");

    public Site At(string key) => new(Path.Length == 0 ? key : $"{Path}.{key}", key);

    public Site At(int index) => new($"{Path}[{index}]", Key);
}
