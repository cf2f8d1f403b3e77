using System.Text.Json.Nodes;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>A key that an object may have.</summary>
/// <param name="Name">The key.</param>
/// <param name="Shape">What its value looks like.</param>
/// <param name="Description">What it says, in one sentence without a full stop.</param>
/// <param name="Required">True where the object makes no sense without it.</param>
/// <param name="Stands">The key of Incus's configuration that it stands for; null: it stands for more or for none.</param>
internal abstract record ObjectKey(string Name, Shape Shape, string Description, bool Required, ConfigWord? Stands = null);

/// <summary>A shape that has known keys, whatever it is made into.</summary>
internal interface IKeyedShape
{
    /// <summary>The keys in the order of declaration, which is the order to write them in.</summary>
    IReadOnlyList<ObjectKey> Keys { get; }

    /// <summary>The words of other tools that are known to have no counterpart here, in the order of declaration.</summary>
    IReadOnlyList<ForeignWord> ForeignWords { get; }
}

/// <summary>A mapping with known keys, made into a record.</summary>
/// <param name="seed">The record before any key is set, from the key that the object stands under.</param>
internal sealed class ObjectShape<T>(Func<string, T> seed) : Shape<T>, IKeyedShape
{
    // Nobody reads a hundred keys in a message.
    private const int MostNamed = 30;

    private readonly Dictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private readonly List<ObjectKey> _inOrder = [];
    private readonly Dictionary<string, ForeignWord> _foreignWords = new(StringComparer.Ordinal);

    private abstract record Key(string Name, Shape Shape, string Description, bool Required, ConfigWord? Stands) : ObjectKey(Name, Shape, Description, Required, Stands)
    {
        public abstract T Apply(T record, DocumentNode node, Site site, BindingContext context);
    }

    private sealed record Key<TValue>(string Name, Shape<TValue> Value, string Description, bool Required, ConfigWord? Stands, Func<T, TValue, T> Set)
        : Key(Name, Value, Description, Required, Stands)
    {
        public override T Apply(T record, DocumentNode node, Site site, BindingContext context) =>
            Value.TryBind(node, site, context, out var value) ? Set(record, value) : record;
    }

    public IReadOnlyList<ObjectKey> Keys => _inOrder;

    public IReadOnlyList<ForeignWord> ForeignWords => [.. _foreignWords.Values];

    public override IEnumerable<(string Step, Shape Shape)> Parts => _inOrder.Select(key => ($".{key.Name}", key.Shape));

    public override bool MayBeEmpty => true;

    public override string Wanted =>
        $"a mapping with keys such as {string.Join(" and ", _inOrder.Take(2).Select(key => $"`{key.Name}`"))}";

    public override JsonObject Schema(SchemaParts parts)
    {
        var properties = new JsonObject();
        foreach (var key in _inOrder)
        {
            var value = parts.Of(key.Shape);
            value = key.Required ? value.Describable() : value.OrNull();
            value["description"] = key.Description.Replace("`", "", StringComparison.Ordinal);
            properties[key.Name] = value;
        }

        foreach (var word in _foreignWords.Values.Where(word => word.Severity == ForeignSeverity.Warning || word.Usual.Count > 0))
        {
            var value = word.Severity == ForeignSeverity.Warning ? [] : new JsonObject { ["enum"] = new JsonArray([.. word.Usual.Select(usual => (JsonNode)usual), null]) };
            value["description"] = $"{(word.Severity == ForeignSeverity.Warning ? "Passed over" : "Without a counterpart")}: {word.Reason}".Replace("`", "", StringComparison.Ordinal);
            properties[word.Name] = value;
        }

        var required = _inOrder.Where(key => key.Required).Select(key => (JsonNode)key.Name).ToArray();
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["patternProperties"] = new JsonObject { [JsonSchemas.FreeKeys] = true },
            ["additionalProperties"] = false,
        };
        if (required.Length == 0)
            return schema.OrNull();
        schema["required"] = new JsonArray(required);
        return schema;
    }

    /// <summary>Declares a key.</summary>
    public ObjectShape<T> Add<TValue>(string name, Shape<TValue> shape, string description, Func<T, TValue, T> set, bool required = false, ConfigWord? stands = null)
    {
        var key = new Key<TValue>(name, shape, description, required, stands, set);
        _keys.Add(name, key);
        _inOrder.Add(key);
        return this;
    }

    /// <summary>Says what to write instead of a key that is another tool's word.</summary>
    public ObjectShape<T> Foreign(string word, string advice) => Foreign(new ForeignWord(word, ForeignSeverity.Error, "", advice));

    /// <summary>Says what becomes of words of another tool.</summary>
    public ObjectShape<T> Foreign(params IEnumerable<ForeignWord> words)
    {
        foreach (var word in words)
            _foreignWords.Add(word.Name, word);
        return this;
    }

    /// <summary>Lets a set of keys add itself, so that those that belong together stand together.</summary>
    public ObjectShape<T> With(Func<ObjectShape<T>, ObjectShape<T>> keys) => keys(this);

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out T value)
    {
        value = seed(site.Key);
        if (node is ScalarNode { IsNull: true } empty)
        {
            ReportMissing([], empty, site, context);
            return true;
        }

        if (node is not MappingNode mapping)
        {
            context.WrongKind(node, site, Wanted);
            return false;
        }

        foreach (var entry in mapping.Entries)
        {
            var name = entry.Key.Value;
            var keySite = site.At(name);
            if (_keys.TryGetValue(name, out var key))
            {
                context.Locate(keySite, entry.Place());
                if (key.Shape.IsAbsent(entry.Value))
                    continue;
                var outer = context.Enter(entry.Value);
                value = key.Apply(value, entry.Value, keySite, context);
                context.Leave(outer);
            }
            else if (!name.StartsWith("x-", StringComparison.Ordinal))
            {
                ReportUnknown(entry, keySite, context);
            }
        }

        ReportMissing(mapping.Entries, node, site, context);
        return true;
    }

    private void ReportUnknown(MappingEntry entry, Site site, BindingContext context)
    {
        if (context.Diagnostics.IsFull)
            return;
        var name = entry.Key.Value;
        if (!_foreignWords.TryGetValue(name, out var foreign))
            context.Error("UnknownKey", entry.Key, site, $"there is no key {Excerpts.Quote(name)} here", Suggestions.DidYouMean(name, _keys.Keys, $"known here: {string.Join(", ", _inOrder.Take(MostNamed).Select(key => key.Name))}{(_inOrder.Count > MostNamed ? ", …" : "")}"));
        else if (foreign.Reason.Length == 0)
            context.Error("UnknownKey", entry.Key, site, $"there is no key `{name}` here", foreign.Advice);
        // What is empty asks for nothing.
        else if (entry.Value is ScalarNode { IsNull: true } or SequenceNode { Items.Count: 0 } or MappingNode { Entries.Count: 0 } || (entry.Value is ScalarNode scalar && foreign.Usual.Contains(scalar.Value, StringComparer.OrdinalIgnoreCase)))
            return;
        else if (foreign.Severity == ForeignSeverity.Error)
            context.Error("ForeignWord", entry.Key, site, $"`{name}` has no counterpart: {foreign.Reason}", foreign.Advice);
        else
            context.Warning("IgnoredWord", entry.Key, site, $"`{name}` is passed over: {foreign.Reason}", foreign.Advice);
    }

    private void ReportMissing(IReadOnlyList<MappingEntry> entries, DocumentNode node, Site site, BindingContext context)
    {
        foreach (var key in _inOrder)
        {
            if (key.Required && !entries.Any(entry => entry.Key.Value == key.Name && !key.Shape.IsAbsent(entry.Value)))
                context.Error("MissingKey", node, site, $"the key `{key.Name}` is missing", $"add `{key.Name}:` with {key.Shape.Wanted}");
        }
    }
}
