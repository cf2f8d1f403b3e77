using System.Collections.Immutable;
using System.Text.Json.Nodes;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>
/// A mapping whose words stand for keys of Incus's configuration, bound to those keys. One declaration binds a word, writes
/// it back, says which key it stands for and what a server needs to know it.
/// </summary>
internal sealed class ConfigShape : Shape<ImmutableSortedDictionary<string, string>>
{
    private static readonly ImmutableSortedDictionary<string, string> s_empty = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private readonly ObjectShape<ImmutableSortedDictionary<string, string>> _mapping = new(_ => s_empty);
    private readonly List<Entry> _entries = [];
    private (ConfigWord Word, Shape<string> Shape)? _short;
    private string? _list;

    /// <summary>A word of the mapping and what it is made of.</summary>
    /// <param name="Word">Its last part is the mapping's key.</param>
    internal abstract record Entry(ConfigWord Word)
    {
        /// <summary>One value.</summary>
        /// <param name="Word">The word.</param>
        /// <param name="Holds">Where several words stand for one key: whether this one holds a value.</param>
        internal sealed record Value(ConfigWord Word, Func<string, bool> Holds) : Entry(Word)
        {
            /// <summary>What it looks like.</summary>
            public required Shape Shape { get; init; }
        }

        /// <summary>Values that Incus keeps in one, with separators between them.</summary>
        internal sealed record Values(ConfigWord Word, char Separator) : Entry(Word);

        /// <summary>Free names.</summary>
        internal sealed record Names(ConfigWord Word) : Entry(Word);

        /// <summary>Words of their own.</summary>
        internal sealed record Group(ConfigWord Word, ConfigShape Shape) : Entry(Word);
    }

    public override string Wanted => Form.Wanted;

    public override IEnumerable<(string Step, Shape Shape)> Parts => Form.Parts;

    public override JsonObject Schema(SchemaParts parts) => Form.Schema(parts);

    /// <summary>The words in the order to write them in.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>The key that the short form stands for; null: there is none.</summary>
    public string? ShortKey => _short?.Word.Key;

    private FormsShape<ImmutableSortedDictionary<string, string>> Form => field ??= new()
    {
        Scalar = _short is { } own ? own.Shape.As(value => s_empty.SetItem(own.Word.Key, value)) : null,
        Sequence = _list is null ? null : new ListShape<string>(Flags(), _list).As<IReadOnlyList<string>, ImmutableSortedDictionary<string, string>>(keys =>
            keys.OfType<string>().Aggregate(s_empty, (values, key) => values.SetItem(key, "true"))),
        Mapping = _mapping,
    };

    /// <summary>Declares a word for one value.</summary>
    /// <param name="word">The word.</param>
    /// <param name="key">Incus's key.</param>
    /// <param name="shape">What it looks like; it is handed on as text.</param>
    /// <param name="says">What it says, in one sentence without a full stop.</param>
    /// <param name="only">The only type of instance that has it.</param>
    /// <param name="needs">The API extension that it needs.</param>
    /// <param name="holds">Where several words stand for the key: whether this one holds a value.</param>
    public ConfigShape Value(string word, string key, Shape<string> shape, string says, InstanceType? only = null, string? needs = null, Func<string, bool>? holds = null) =>
        Add(new Entry.Value(new ConfigWord(word, key) { Only = only, Extension = needs }, holds ?? (_ => true)) { Shape = shape }, shape, says, (values, value) => values.SetItem(key, value));

    /// <summary>Declares a word for yes or no.</summary>
    /// <inheritdoc cref="Value"/>
    public ConfigShape Flag(string word, string key, string says, InstanceType? only = null, string? needs = null) =>
        Value(word, key, OptionScalars.Flag, says, only, needs);

    /// <summary>Declares a word for a list, or for text as Incus keeps it.</summary>
    /// <param name="word">The word.</param>
    /// <param name="key">Incus's key.</param>
    /// <param name="separator">What Incus has between the values.</param>
    /// <param name="item">What each looks like.</param>
    /// <param name="example">A list as it could be written.</param>
    /// <param name="says">What it says.</param>
    /// <param name="only">The only type of instance that has it.</param>
    /// <param name="needs">The API extension that it needs.</param>
    public ConfigShape List(string word, string key, char separator, Shape<string> item, string example, string says, InstanceType? only = null, string? needs = null) =>
        Add(new Entry.Values(new ConfigWord(word, key) { Only = only, Extension = needs }, separator), new FormsShape<string>
        {
            Scalar = item,
            Sequence = new ListShape<string>(item, example).As<IReadOnlyList<string>, string>(values => string.Join(separator, values)),
        }, says, (values, value) => values.SetItem(key, value));

    /// <summary>Declares a word for free names.</summary>
    /// <param name="word">The word.</param>
    /// <param name="prefix">What Incus's keys begin with, up to the last dot.</param>
    /// <param name="shape">The mapping.</param>
    /// <param name="says">What it says.</param>
    /// <param name="only">The only type of instance that has it.</param>
    /// <param name="needs">The API extension that it needs.</param>
    public ConfigShape Names(string word, string prefix, Shape<IReadOnlyDictionary<string, string>> shape, string says, InstanceType? only = null, string? needs = null) =>
        Add(new Entry.Names(new ConfigWord(word, prefix) { Only = only, Extension = needs }), shape, says,
            (values, names) => names.Aggregate(values, (all, pair) => all.SetItem(prefix + pair.Key, pair.Value)));

    /// <summary>Declares a word with words of its own.</summary>
    public ConfigShape Group(string word, ConfigShape group, string says) =>
        Add(new Entry.Group(new ConfigWord(word, ""), group), group, says, (values, inner) => values.SetItems(inner));

    /// <summary>Declares what a value alone says, without a mapping. Its key has a word of the mapping, too.</summary>
    public ConfigShape Short(string key, Shape<string> shape)
    {
        _short = (new ConfigWord("", key), shape);
        return this;
    }

    /// <summary>Declares that a list of words says yes to each.</summary>
    /// <param name="example">A list as it could be written.</param>
    public ConfigShape Short(string example)
    {
        _list = example;
        return this;
    }

    /// <inheritdoc cref="ObjectShape{T}.Foreign(string, string)"/>
    public ConfigShape Foreign(string word, string advice)
    {
        _mapping.Foreign(word, advice);
        return this;
    }

    /// <summary>What is wrong with a value that a key is given without its word; null where nothing is, or no word stands for the key.</summary>
    public (string Problem, string Advice)? ComplaintOf(string key, string text)
    {
        // What the short form takes is what any of the words takes.
        if (_short is { } own && own.Word.Key == key)
            return own.Shape.ComplaintOf(text);
        var complaints = new List<(string, string)?>();
        foreach (var entry in _entries)
        {
            if (entry is Entry.Group group)
                complaints.Add(group.Shape.ComplaintOf(key, text));
            else if (entry is Entry.Value value && value.Word.Key == key && value.Holds(text))
                complaints.Add(value.Shape.ComplaintOf(text));
        }

        return complaints.FirstOrDefault(complaint => complaint is not null);
    }

    /// <summary>Every word with its path below <paramref name="path"/>.</summary>
    public IEnumerable<ConfigWord> Words(string path) => _entries.SelectMany(entry => entry is Entry.Group group
        ? group.Shape.Words($"{path}.{entry.Word.Path}")
        : [entry.Word with { Path = $"{path}.{entry.Word.Path}" }]);

    public override bool IsAbsent(DocumentNode node) => Form.IsAbsent(node);

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out ImmutableSortedDictionary<string, string> value)
    {
        if (!Form.TryBind(node, site, context, out value))
            return false;
        if (node is MappingNode mapping)
            RefuseTwoWordsForOneKey(mapping, site, context);
        return true;
    }

    private ConfigShape Add<TValue>(Entry entry, Shape<TValue> shape, string says, Func<ImmutableSortedDictionary<string, string>, TValue, ImmutableSortedDictionary<string, string>> set)
    {
        _mapping.Add(entry.Word.Path, shape, says, set, stands: entry is Entry.Group ? null : entry.Word);
        _entries.Add(entry);
        return this;
    }

    private void RefuseTwoWordsForOneKey(MappingNode mapping, Site site, BindingContext context)
    {
        var said = mapping.Entries.Where(entry => !entry.Value.IsNothing())
            .Join(_entries, node => node.Key.Value, entry => entry.Word.Path, (node, entry) => (node.Key, entry.Word));
        foreach (var same in said.Where(pair => pair.Word.Key.Length > 0).GroupBy(pair => pair.Word.Key))
        {
            foreach (var (key, word) in same.Skip(1))
                context.Error("SaidTwice", key, site.At(word.Path), $"`{word.Path}` and `{same.First().Word.Path}` say the same thing", "remove one of the two");
        }
    }

    /// <summary>A word of a short list: one that says yes or no, be it alone or in a mapping.</summary>
    private ScalarShape<string> Flags() => new("one of the words of the mapping", text =>
    {
        foreach (var entry in _entries)
        {
            if (entry.Word.Path == text)
                return new(entry is Entry.Group group ? group.Shape.ShortKey! : entry.Word.Key);
        }

        return new("", "is not known here", Diagnostics.Suggestions.DidYouMean(text, _entries.Select(entry => entry.Word.Path), $"write one of: {string.Join(", ", _entries.Select(entry => entry.Word.Path))}"));
    })
    { Words = [.. _entries.Select(entry => entry.Word.Path)] };
}

/// <summary>Scalars that are handed on as Incus writes them.</summary>
internal static class OptionScalars
{
    /// <summary>Yes or no.</summary>
    public static Shape<string> Flag { get; } = Scalars.Boolean.As(value => value ? "true" : "false");

    /// <summary>A whole number within bounds.</summary>
    public static Shape<string> Number(string wanted, long least, long most) => new ScalarShape<string>(wanted, text =>
        long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number >= least && number <= most
                ? new(number.ToString(System.Globalization.CultureInfo.InvariantCulture))
                : new("", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is not between {least} and {most}"))
            : new("", "is not a whole number"))
    { Pattern = "^[+-]?[0-9]+$", Range = ((int)Math.Max(least, int.MinValue), (int)Math.Min(most, int.MaxValue)) };

    /// <summary>One of a few words.</summary>
    public static Shape<string> Choice(params string[] words) => Scalars.Choice([.. words.Select(word => (word, word))]);

    /// <summary>True for a node that says nothing.</summary>
    public static bool IsNothing(this DocumentNode node) => node is ScalarNode { IsNull: true } or ScalarNode { Value: "" };
}
