using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Interpolation;

/// <summary>Replaces the variables in the values (not the keys) of a document. Nodes without variables stay the same objects.</summary>
internal sealed class Interpolator(VariableScope variables, DiagnosticList diagnostics)
{
    /// <summary>What variables may bring into one document, in characters.</summary>
    private const int MaxBrought = 8 * 1024 * 1024;

    private readonly HashSet<string> _reportedUnset = new(StringComparer.Ordinal);
    private readonly List<string> _path = [];
    private int _brought;

    /// <summary>The document with its variables replaced. The free <c>x-</c> keys at its top stay as they are.</summary>
    public DocumentNode Interpolate(DocumentNode root) =>
        Node(root);

    private DocumentNode Node(DocumentNode node)
    {
        // What is taken away needs no values.
        if (node.IsReset() && _path.Count > 0)
            return node;
        if (node.Tag is { } tag && (_path.Count == 0 || !OverrideTags.IsKnown(tag)))
        {
            diagnostics.Add(Diagnostic.Error("UnknownTag", node.Location, Path, $"the tag `{node.Tag}` is not known here",
                "remove it, or quote the text if it should begin with an exclamation mark"));
            node = node with { Tag = null };
        }

        return node switch
        {
            ScalarNode scalar when scalar.Value.Contains('$', StringComparison.Ordinal) => Scalar(scalar),
            SequenceNode sequence => Sequence(sequence),
            MappingNode mapping => Mapping(mapping, isRoot: _path.Count == 0),
            _ => node,
        };
    }

    private DocumentNode Scalar(ScalarNode scalar)
    {
        try
        {
            var isSecret = false;
            string? Find(string name)
            {
                isSecret |= Secrets.IsSecret(name);
                return variables.Find(name);
            }

            var text = Template.Expand(scalar.Value, Find, name => ReportUnset(name, scalar), count => Spend(count));
            var result = scalar with { Value = text, Template = isSecret ? scalar.Value : null };
            // An empty variable is an empty text; only the file itself can say "no value".
            return result.IsNull ? result with { Style = ScalarStyle.Quoted } : result;
        }
        catch (Template.Failure failure)
        {
            diagnostics.Add(Diagnostic.Error(failure.Id, scalar.Location, Path, failure.Message, failure.Advice));
            return new UnusableNode(scalar.Location);
        }
    }

    private SequenceNode Sequence(SequenceNode sequence)
    {
        DocumentNode[]? changed = null;
        for (var i = 0; i < sequence.Items.Count; i++)
        {
            _path.Add($"[{i}]");
            var item = Node(sequence.Items[i]);
            _path.RemoveAt(_path.Count - 1);
            if (!ReferenceEquals(item, sequence.Items[i]))
            {
                changed ??= [.. sequence.Items];
                changed[i] = item;
            }
        }

        return changed is null ? sequence : sequence with { Items = changed };
    }

    private MappingNode Mapping(MappingNode mapping, bool isRoot)
    {
        MappingEntry[]? changed = null;
        for (var i = 0; i < mapping.Entries.Count; i++)
        {
            var (key, node) = mapping.Entries[i];
            if (isRoot && key.Value.StartsWith("x-", StringComparison.Ordinal))
                continue;
            _path.Add(_path.Count == 0 ? key.Value : "." + key.Value);
            var value = Node(node);
            _path.RemoveAt(_path.Count - 1);
            if (!ReferenceEquals(value, node))
            {
                changed ??= [.. mapping.Entries];
                changed[i] = new MappingEntry(key, value);
            }
        }

        return changed is null ? mapping : mapping with { Entries = changed };
    }

    private void ReportUnset(string name, ScalarNode scalar)
    {
        if (!_reportedUnset.Add(name))
            return;
        diagnostics.Add(Diagnostic.Warning("UnsetVariable", scalar.Location, Path, $"the variable {name} is not set, so it stands for nothing",
            Suggestions.DidYouMean(name, variables.Names, $"set it, write `${{{name}:-default}}`, or `$${name}` for the text itself")));
    }

    private void Spend(int count)
    {
        _brought += count;
        if (_brought > MaxBrought)
            throw new Template.Failure("TooMuchText", $"the variables bring more than {MaxBrought / 1024 / 1024} million characters into the file", "shorten them");
    }

    private string Path => string.Concat(_path);
}
