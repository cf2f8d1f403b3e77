using System.Globalization;
using System.Text;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Exporting;

/// <summary>
/// Writes a definition so that it can be used and shows no secret: where one is, a variable stands that must be set. What is
/// a secret is decided where everything that prints values has it decided, so that no kind has to know of it.
/// </summary>
internal sealed class SecretVariables
{
    // A word of its own for each document: whatever the file says, it does not say this.
    private readonly string _begin = $"\uE000{Guid.NewGuid():N}:";

    private readonly List<string> _values = [];
    private readonly List<SecretVariable> _variables = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly ExportContext? _context;

    private readonly HiddenValues _hidden;

    private SecretVariables(ExportContext? context, HiddenValues hidden)
    {
        _context = context;
        _hidden = hidden;
    }

    /// <param name="stack">What to write.</param>
    /// <param name="context">Where it was found live; null: it comes from files.</param>
    public static (DocumentNode Document, IReadOnlyList<SecretVariable> Variables) Write(StackDefinition stack, ExportContext? context)
    {
        var writer = new SecretVariables(context, stack.Source.Hidden);
        foreach (var variable in context?.Variables ?? [])
        {
            writer._names.Add(variable.Name);
            writer._variables.Add(variable);
        }

        var document = StackWriter.ToDocument(stack, writer.Hide);
        return (writer.Replace(document, []), writer._variables);
    }

    private string Hide(string key, string value)
    {
        // By its key, because a variable that is a secret brought it, or because what lies in an instance holds one.
        if (Secrets.Mask(key, value) == value && !_hidden.Holds(value) && !(key == "content" && _context?.Secrets.Holds(value) == true))
            return value;
        _values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"{_begin}{_values.Count - 1}");
    }

    private DocumentNode Replace(DocumentNode node, IReadOnlyList<string> path) => node switch
    {
        MappingNode mapping => mapping with { Entries = [.. mapping.Entries.Select(entry => entry with { Value = Replace(entry.Value, [.. path, entry.Key.Value]) })] },
        SequenceNode sequence => sequence with { Items = [.. sequence.Items.Select((item, index) => Replace(item, [.. path, (index + 1).ToString(CultureInfo.InvariantCulture)]))] },
        ScalarNode scalar when scalar.Value.StartsWith(_begin, StringComparison.Ordinal) => Variable(_values[int.Parse(scalar.Value.AsSpan(_begin.Length), CultureInfo.InvariantCulture)], path),
        _ => node,
    };

    private ScalarNode Variable(string value, IReadOnlyList<string> path)
    {
        var name = NameOf(path);
        _variables.Add(new SecretVariable(name, string.Join('.', path), CommandFor(value, path)));
        var text = $"${{{name}:?it stands for a secret, see the top of this file}}";
        // What a command prints goes into a variable without the lines' ends behind it.
        var ends = value[value.TrimEnd('\n').Length..];
        return new ScalarNode(SourceLocation.None, text + ends, ends == "\n" ? ScalarStyle.Block : ScalarStyle.Quoted);
    }

    private string NameOf(IReadOnlyList<string> path)
    {
        // The section and the words that only sort the keys below them tell nothing.
        var words = path.Count > 2 ? path.Skip(1).Where((word, index) => index == 0 || word is not ("environment" or "config")) : path;
        var name = new StringBuilder();
        foreach (var character in string.Join('_', words))
            name.Append(char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_');
        if (char.IsAsciiDigit(name[0]))
            name.Insert(0, '_');
        var unique = name.ToString();
        for (var number = 2; !_names.Add(unique); number++)
            unique = string.Create(CultureInfo.InvariantCulture, $"{name}_{number}");
        return unique;
    }

    /// <summary>How to print the value: where one configuration key of an instance or profile holds just that.</summary>
    private string? CommandFor(string value, IReadOnlyList<string> path)
    {
        if (path[^1] == "content" && _context?.Pulls.GetValueOrDefault(value) is { } pull)
            return pull;
        if (_context is null || path.Count < 2 || path[0] is not ("instances" or "profiles"))
            return null;
        var kind = path[0] == "instances" ? InstanceKind.KindName : ProfileKind.KindName;
        var live = _context.Server.Find(new ResourceId(kind, path[1])) ?? _context.Server.Find(new ResourceId(kind, path[1] + "-1"));
        var key = live?.Properties.Where(property => property.Value == value)
            .Select(property => PropertyPath.IsConfig(property.Key, out var found) ? found : null).FirstOrDefault(found => found is not null);
        if (key is null)
            return null;
        var project = _context.Project == "default" ? "" : $" --project {_context.Project}";
        return $"incus {(kind == ProfileKind.KindName ? "profile" : "config")} get{project} {live!.Id.Name} {ForShell(key)}";
    }

    /// <summary>A word of a shell line, in quotes where it needs them.</summary>
    public static string ForShell(string word) => word.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-' or '/' or ':' or '@')
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
