using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using ScalarStyle = IncusCompose.Loading.Documents.ScalarStyle;
using YamlStyle = YamlDotNet.Core.ScalarStyle;

namespace IncusCompose.Yaml;

/// <summary>
/// Builds document nodes from parse events. The tree of an alias is shared, not copied, but its size and depth count
/// each time it is used: whoever walks the tree visits no more nodes than the limits allow.
/// </summary>
internal sealed class NodeTreeReader(string file, DocumentLimits limits, List<Diagnostic> diagnostics)
{
    private const string YamlTagPrefix = "tag:yaml.org,2002:";

    /// <summary>Nobody reads more; a file with as many is not a stack file.</summary>
    private const int MaxProblems = 100;

    /// <summary>YAML's own bound for keys that are not marked with <c>?</c>; paths in messages are made of keys.</summary>
    private const int MaxKeyLength = 1024;

    private readonly Dictionary<string, Built> _anchors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _openAnchors = new(StringComparer.Ordinal);
    private readonly List<string> _path = [];
    private readonly ForeignBreaks _breaks = new();
    private int _nodes;

    /// <summary>A node with the number of nodes in it and how deep it goes, aliases written out.</summary>
    private readonly record struct Built(DocumentNode Node, int Size, int Height);

    /// <summary>Ends reading where going on makes no sense.</summary>
    private sealed class StopReading(Diagnostic diagnostic) : Exception
    {
        public Diagnostic Diagnostic { get; } = diagnostic;
    }

    /// <summary>The root; null for an empty document and after an error that ends reading.</summary>
    public DocumentNode? Read(string text)
    {
        var parser = new Parser(new Scanner(new StringReader(_breaks.Hide(text)), skipComments: true));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
                return null;
            parser.Consume<DocumentStart>();
            var root = ReadNode(parser, depth: 1).Node;
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _))
            {
                throw Stop("SeveralDocuments", parser.Current!.Start,
                    "a second document begins here", "keep one document in a file; load several files together instead");
            }

            return root is ScalarNode { IsNull: true } ? null : root;
        }
        catch (StopReading stop)
        {
            diagnostics.Add(stop.Diagnostic);
        }
        catch (YamlException error)
        {
            diagnostics.Add(SyntaxError.Explain(error, file, text));
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // The parser gives up on some unfinished flows, escapes and tags with exceptions that know no place: say how far it came.
            diagnostics.Add(Diagnostic.Error("Syntax", Location(parser.Current?.End ?? Mark.Empty), "",
                "the text from here on is not YAML", "look for a missing brace, bracket or quote"));
        }

        return null;
    }

    private Built ReadNode(Parser parser, int depth)
    {
        if (depth > limits.MaxDepth)
            throw TooDeep(parser.Current?.Start ?? Mark.Empty);

        if (parser.TryConsume<AnchorAlias>(out var alias))
            return ReadAlias(alias, depth);

        // Consume throws where the stream ends early; Accept reads the next event for its place and anchor.
        parser.Accept<NodeEvent>(out var start);
        CountNodes(1, start?.Start ?? Mark.Empty);
        var anchor = start is { Anchor.IsEmpty: false } ? start.Anchor.Value : null;
        if (anchor is not null)
            _openAnchors.Add(anchor);

        Built built;
        if (parser.TryConsume<Scalar>(out var scalar))
            built = new Built(ReadScalar(scalar), 1, 1);
        else if (parser.TryConsume<SequenceStart>(out var sequence))
            built = ReadSequence(parser, sequence, depth);
        else
            built = ReadMapping(parser, parser.Consume<MappingStart>(), depth);

        if (anchor is not null)
        {
            _openAnchors.Remove(anchor);
            _anchors[anchor] = built;
        }

        return built;
    }

    private Built ReadAlias(AnchorAlias alias, int depth)
    {
        var name = alias.Value.Value;
        if (_openAnchors.Contains(name))
            throw Stop("AliasLoop", alias.Start, $"`*{name}` stands inside the value that it stands for");
        if (!_anchors.TryGetValue(name, out var built))
        {
            throw Stop("UnknownAlias", alias.Start, $"`*{name}` stands for nothing",
                $"mark a value that comes before it with `&{name}`, or quote the text if it should begin with an asterisk");
        }

        if (depth + built.Height - 1 > limits.MaxDepth)
            throw TooDeep(alias.Start);
        CountNodes(built.Size, alias.Start);
        return built;
    }

    private ScalarNode ReadScalar(Scalar scalar)
    {
        var tag = OwnTag(scalar.Tag);
        var style = scalar.Style switch
        {
            YamlStyle.SingleQuoted or YamlStyle.DoubleQuoted => ScalarStyle.Quoted,
            YamlStyle.Literal or YamlStyle.Folded => ScalarStyle.Block,
            // !!str says of a plain scalar what quotes would.
            _ when !scalar.Tag.IsEmpty && scalar.Tag.Value == YamlTagPrefix + "str" => ScalarStyle.Quoted,
            _ => ScalarStyle.Plain,
        };
        return new ScalarNode(Location(scalar.Start), _breaks.Restore(scalar.Value), style) { Tag = tag };
    }

    private Built ReadSequence(Parser parser, SequenceStart start, int depth)
    {
        var items = new List<DocumentNode>();
        int size = 1, height = 0;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            _path.Add($"[{items.Count}]");
            var item = ReadNode(parser, depth + 1);
            _path.RemoveAt(_path.Count - 1);
            items.Add(item.Node);
            size += item.Size;
            height = Math.Max(height, item.Height);
        }

        return new Built(new SequenceNode(Location(start.Start), items) { Tag = OwnTag(start.Tag) }, size, height + 1);
    }

    private Built ReadMapping(Parser parser, MappingStart start, int depth)
    {
        var entries = new List<MappingEntry>();
        var keys = new Dictionary<string, ScalarNode>(StringComparer.Ordinal);
        List<MappingNode>? merged = null;
        int size = 1, height = 0;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadKey(parser, depth, out var isMerge);
            _path.Add(_path.Count == 0 ? key.Value : "." + key.Value);
            var value = ReadNode(parser, depth + 1);
            size += value.Size + 1;
            height = Math.Max(height, value.Height);

            if (!keys.TryAdd(key.Value, key))
            {
                Report(Diagnostic.Error("DuplicateKey", key.Location, Path,
                    $"the key {Quote(key.Value)} is written twice; it already stands at {keys[key.Value].Location}",
                    "remove one of the two"));
            }
            else if (isMerge)
            {
                merged = MergeSources(key, value.Node);
            }
            else
            {
                entries.Add(new MappingEntry(key, value.Node));
            }

            _path.RemoveAt(_path.Count - 1);
        }

        if (merged is not null)
        {
            // What is written here wins over what is merged, and of several sources the first wins. Source: YAML's merge key type.
            foreach (var entry in merged.SelectMany(source => source.Entries))
            {
                if (keys.TryAdd(entry.Key.Value, entry.Key))
                    entries.Add(entry);
            }
        }

        return new Built(new MappingNode(Location(start.Start), entries) { Tag = OwnTag(start.Tag) }, size, height + 1);
    }

    private ScalarNode ReadKey(Parser parser, int depth, out bool isMerge)
    {
        if (parser.Accept<SequenceStart>(out _) || parser.Accept<MappingStart>(out _))
        {
            throw Stop("KeyNotText", parser.Current!.Start, "a key is a list or a mapping",
                "write text as the key; quote a value that begins with `[` or `{`");
        }

        if (ReadNode(parser, depth + 1).Node is not ScalarNode key)
            throw Stop("KeyNotText", parser.Current!.Start, "a key is an alias of a list or a mapping", "write text as the key");
        if (key.Value.Length > MaxKeyLength)
            throw Stop("KeyTooLong", parser.Current!.Start, $"a key before this place is longer than {MaxKeyLength} characters");
        isMerge = key is { Value: "<<", Style: ScalarStyle.Plain };
        return key;
    }

    private static string Quote(string key) => $"`{(key.Length <= 60 ? key : key[..60] + "…")}`";

    private List<MappingNode>? MergeSources(ScalarNode key, DocumentNode value)
    {
        switch (value)
        {
            case MappingNode mapping:
                return [mapping];
            case SequenceNode sequence when sequence.Items.All(item => item is MappingNode):
                return [.. sequence.Items.Cast<MappingNode>()];
            default:
                Report(Diagnostic.Error("BadMerge", key.Location, Path, "`<<` merges something that is not a mapping",
                    "name a mapping, as in `<<: *defaults`, or a list of mappings"));
                return null;
        }
    }

    /// <summary>A tag that is not one of YAML's own; those say nothing that the stack file's own types do not say.</summary>
    private string? OwnTag(TagName tag) =>
        tag.IsEmpty || tag.IsNonSpecific || tag.Value.StartsWith(YamlTagPrefix, StringComparison.Ordinal) ? null : _breaks.Restore(tag.Value);

    private void CountNodes(int count, Mark place)
    {
        _nodes += count;
        if (_nodes > limits.MaxNodes)
        {
            throw Stop("TooManyValues", place, $"the file holds more than {limits.MaxNodes} values, aliases written out",
                "split the stack, or use fewer aliases of aliases");
        }
    }

    private void Report(Diagnostic problem)
    {
        if (diagnostics.Count >= MaxProblems)
            throw new StopReading(problem);
        diagnostics.Add(problem);
    }

    // Without its path, which is what is too long here.
    private StopReading TooDeep(Mark place) =>
        new(Diagnostic.Error("TooDeep", Location(place), "", $"the nesting is deeper than {limits.MaxDepth} levels"));

    private string Path => string.Concat(_path);

    private SourceLocation Location(Mark mark) => SyntaxError.Location(file, mark);

    private StopReading Stop(string id, Mark place, string message, string advice = "") =>
        new(Diagnostic.Error(id, Location(place), Path, message, advice));
}
