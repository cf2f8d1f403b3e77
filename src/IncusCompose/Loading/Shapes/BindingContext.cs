using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>What shapes need while they bind, and where they report to.</summary>
internal sealed class BindingContext
{
    private readonly Dictionary<string, SourceLocation> _locations = new(StringComparer.Ordinal);
    private DocumentOrigin? _current;
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);

    public required DiagnosticList Diagnostics { get; init; }

    /// <summary>Makes text of what is written as a mapping but handed on as text.</summary>
    public required IDocumentFormat Format { get; init; }

    /// <summary>What values go by that say nothing else.</summary>
    public required DocumentOrigin Origin { get; init; }

    /// <summary>The variables that the value can name which is being bound.</summary>
    public Func<string, string?> Variables => (_current ?? Origin).Variables.Find;

    /// <summary>The absolute folder that relative paths of the value start from which is being bound.</summary>
    public string BaseDirectory => (_current ?? Origin).Folder;

    /// <summary>What messages must not quote.</summary>
    public required HiddenValues Hidden { get; init; }

    /// <summary>The absolute paths of the files with variables that were read.</summary>
    public ICollection<string> EnvironmentPaths { get; } = [];

    public SourceMap Source => new(_locations) { Hidden = Hidden, Aliases = _aliases, Words = _words };

    /// <summary>Lets a path stand for another one, where what stands there is called something else.</summary>
    public void Alias(Site name, Site real) => _aliases[name.Path] = real.Path;

    /// <summary>Notes that what a definition has at a path is said by another word of the file.</summary>
    public void Word(Site path, Site word) => _words[path.Path] = word.Path;

    /// <summary>Begins to bind a value, whose paths and variables are those of the file that it stands in.</summary>
    /// <returns>What to give to <see cref="Leave"/>.</returns>
    public DocumentOrigin? Enter(DocumentNode node)
    {
        var outer = _current;
        _current = node.Origin ?? Origin;
        return outer;
    }

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    public void Leave(DocumentOrigin? outer) => _current = outer;

    public void Locate(Site site, SourceLocation location) => _locations[site.Path] = location;

    public void Error(string id, DocumentNode node, Site site, string message, string advice = "") =>
        Diagnostics.Add(Hidden.Hide(Diagnostic.Error(id, node.Location, site.Path, message, advice)));

    public void Warning(string id, DocumentNode node, Site site, string message, string advice = "") =>
        Diagnostics.Add(Hidden.Hide(Diagnostic.Warning(id, node.Location, site.Path, message, advice)));

    /// <summary>Reports a node of the wrong kind.</summary>
    public void WrongKind(DocumentNode node, Site site, string wanted)
    {
        if (node is UnusableNode)
            return;
        var found = node switch
        {
            SequenceNode => "a list stands here",
            MappingNode => "a mapping stands here",
            ScalarNode { IsNull: true } => "there is no value",
            ScalarNode scalar => $"{Excerpt(scalar, site)} stands here",
            _ => throw new ArgumentException("Unknown kind of node", nameof(node)),
        };
        Error("WrongType", node, site, found, $"write {wanted}");
    }

    /// <summary>A value as it may stand in a message: marked, shortened, and hidden if it is a secret.</summary>
    public static string Excerpt(ScalarNode scalar, Site site) => Excerpt(scalar.Template ?? scalar.Value, site);

    /// <inheritdoc cref="Excerpt(ScalarNode, Site)"/>
    public static string Excerpt(string value, Site site) =>
        Secrets.IsSecret(site.Key) ? "the value (not shown)" : Excerpts.Quote(Secrets.Mask(site.Key, value));
}
