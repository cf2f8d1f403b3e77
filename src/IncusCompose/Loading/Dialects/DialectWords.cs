using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Dialects;

/// <summary>What one mapping of a dialect becomes: the words of a stack file, and what there is to say of the others.</summary>
/// <param name="report">Where problems go.</param>
/// <param name="path">Where the mapping stands, in the dialect's own words; empty for the document itself.</param>
internal sealed class DialectWords(Action<Diagnostic> report, string path)
{
    private readonly OrderedDictionary<string, MappingEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Where the mapping stands.</summary>
    public string Path => path;

    /// <summary>Where problems go.</summary>
    public Action<Diagnostic> Report => report;

    /// <summary>The words so far.</summary>
    public IReadOnlyList<MappingEntry> Entries => _entries.Values;

    /// <summary>What a word says so far; null where it is not among them.</summary>
    public MappingEntry? Find(string word) => _entries.GetValueOrDefault(word);

    /// <summary>The mapping with the words that came out, in place of another node.</summary>
    public MappingNode In(DocumentNode node) => node is MappingNode mapping ? mapping with { Entries = [.. _entries.Values] } : new MappingNode(node.Location, [.. _entries.Values]) { Tag = node.Tag };

    /// <summary>Keeps a word, perhaps by another name.</summary>
    public void Keep(MappingEntry entry, string? word = null) => Put(word is null ? entry : entry with { Key = entry.Key with { Value = word } });

    /// <summary>Says a word where another one stands.</summary>
    public void Say(string word, DocumentNode value, DocumentNode at) => Put(new(new ScalarNode(at.Location, word), value));

    /// <inheritdoc cref="Say(string, DocumentNode, DocumentNode)"/>
    public void Say(string word, string value, DocumentNode at) => Say(word, new ScalarNode(at.Location, value), at);

    /// <summary>Takes a word back.</summary>
    public void Drop(string word) => _entries.Remove(word);

    /// <summary>Adds keys to a mapping among the words, over those that it has.</summary>
    public void Fill(string word, IEnumerable<MappingEntry> keys, DocumentNode at)
    {
        var added = keys.ToList();
        if (added.Count == 0)
            return;
        var there = Find(word);
        if (there?.Value is MappingNode mapping)
        {
            var names = added.Select(entry => entry.Key.Value).ToHashSet(StringComparer.Ordinal);
            Put(there with { Value = mapping with { Entries = [.. mapping.Entries.Where(entry => !names.Contains(entry.Key.Value)), .. added] } });
        }
        else if (there is null || there.Value is ScalarNode { IsNull: true })
        {
            Say(word, new MappingNode(at.Location, added), at);
        }
        else
        {
            Refuse("SaidTwice", at, word, $"`{word}` is said here and at {there.Value.Location} in ways that do not go together", "say it in one place");
        }
    }

    /// <summary>A word that is known and has no counterpart: nothing is said of one that asks for nothing.</summary>
    public void Without(MappingEntry entry, ForeignWord word)
    {
        if (entry.Value is ScalarNode { IsNull: true } or SequenceNode { Items.Count: 0 } or MappingNode { Entries.Count: 0 }
            || (entry.Value is ScalarNode scalar && word.Usual.Contains(scalar.Value, StringComparer.OrdinalIgnoreCase)))
        {
            return;
        }

        if (word.Severity == ForeignSeverity.Error)
            Refuse("ForeignWord", entry.Key, entry.Key.Value, $"`{entry.Key.Value}` has no counterpart: {word.Reason}", word.Advice);
        else
            Warn("IgnoredWord", entry.Key, entry.Key.Value, $"`{entry.Key.Value}` is passed over: {word.Reason}", word.Advice);
    }

    /// <summary>A word that the dialect does not have.</summary>
    public void Unknown(MappingEntry entry, IReadOnlyCollection<string> known) =>
        Refuse("UnknownKey", entry.Key, entry.Key.Value, $"there is no key {Excerpts.Quote(entry.Key.Value)} here", Suggestions.DidYouMean(entry.Key.Value, known, $"known here: {string.Join(", ", known)}"));

    /// <summary>A value that is of another kind than its word wants.</summary>
    public void Wrong(DocumentNode node, string word, string wanted)
    {
        // What has been reported is not reported again.
        if (node is not UnusableNode)
            Refuse("WrongKind", node, word, $"this should be {wanted}", "");
    }

    public void Refuse(string id, DocumentNode at, string word, string message, string advice) => report(Diagnostic.Error(id, at.Location, At(word), message, advice));

    public void Warn(string id, DocumentNode at, string word, string message, string advice = "") => report(Diagnostic.Warning(id, at.Location, At(word), message, advice));

    /// <summary>The path of something below the mapping.</summary>
    public string At(string word) => path.Length == 0 ? word : $"{path}.{word}";

    /// <summary>What is said again stays where it was.</summary>
    private void Put(MappingEntry entry) => _entries[entry.Key.Value] = entry;
}

/// <summary>The words that a mapping of a dialect can have, and what each becomes.</summary>
internal sealed class DialectTable
{
    private readonly Dictionary<string, Action<MappingEntry, DialectWords>> _words = new(StringComparer.Ordinal);

    /// <summary>The words, in the order in which they were declared.</summary>
    public IReadOnlyCollection<string> Words => _words.Keys;

    /// <summary>Words that mean the same in a stack file.</summary>
    public DialectTable Same(params IEnumerable<string> words)
    {
        foreach (var word in words)
            _words.Add(word, (entry, into) => into.Keep(entry));
        return this;
    }

    /// <summary>A word that a stack file has another one for.</summary>
    public DialectTable Renamed(string word, string name) => Read(word, (entry, into) => into.Keep(entry, name));

    /// <summary>A word that has to be looked into.</summary>
    public DialectTable Read(string word, Action<MappingEntry, DialectWords> read)
    {
        _words.Add(word, read);
        return this;
    }

    /// <summary>A word that is passed over, since what is made is the same without it.</summary>
    public DialectTable Passed(string word, string reason, string advice = "", params IReadOnlyList<string> usual) =>
        Read(word, (entry, into) => into.Without(entry, new ForeignWord(word, ForeignSeverity.Warning, reason, advice) { Usual = usual }));

    /// <summary>A word that is refused, since something else would be made without it.</summary>
    public DialectTable Refused(string word, string reason, string advice = "", params IReadOnlyList<string> usual) =>
        Read(word, (entry, into) => into.Without(entry, new ForeignWord(word, ForeignSeverity.Error, reason, advice) { Usual = usual }));

    /// <summary>Reads a mapping. Keys that begin with <c>x-</c> are free, as in a stack file.</summary>
    /// <param name="node">What stands there.</param>
    /// <param name="word">The word that it stands under, to speak of it.</param>
    /// <param name="into">What it becomes.</param>
    /// <returns>False where it is no mapping.</returns>
    public bool Read(DocumentNode node, string word, DialectWords into)
    {
        if (node is not MappingNode mapping)
        {
            if (node is not ScalarNode { IsNull: true })
                into.Wrong(node, word, $"a mapping with keys such as {string.Join(" and ", _words.Keys.Take(2).Select(key => $"`{key}`"))}");
            return false;
        }

        foreach (var entry in mapping.Entries)
        {
            if (_words.TryGetValue(entry.Key.Value, out var read))
                read(entry, into);
            else if (entry.Key.Value.StartsWith("x-", StringComparison.Ordinal))
                into.Keep(entry);
            else
                into.Unknown(entry, _words.Keys);
        }

        return true;
    }

    /// <summary>The words of a mapping that stands among the words of another one, under a key of its own.</summary>
    /// <param name="entry">The mapping under its key.</param>
    /// <param name="around">The words that it stands among.</param>
    public DialectWords Under(MappingEntry entry, DialectWords around)
    {
        var words = new DialectWords(around.Report, around.At(entry.Key.Value));
        _ = Read(entry.Value, "", words);
        return words;
    }

    /// <summary>What a mapping becomes; a node that is none stays as it is.</summary>
    public DocumentNode Translate(DocumentNode node, string path, Action<Diagnostic> report)
    {
        if (node is not MappingNode)
            return node;
        var words = new DialectWords(report, path);
        Read(node, "", words);
        return words.In(node);
    }

    /// <summary>What the values of a mapping become, each a mapping of these words.</summary>
    public DocumentNode Each(DocumentNode section, string path, Action<Diagnostic> report) => section is not MappingNode mapping ? section : mapping with
    {
        Entries = [.. mapping.Entries.Select(entry => entry with { Value = Translate(entry.Value, $"{path}.{entry.Key.Value}", report) })],
    };
}
