using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>What shapes need while they bind, and where they report to.</summary>
internal sealed class BindingContext
{
    private readonly Dictionary<string, SourceLocation> _locations = new(StringComparer.Ordinal);

    public required DiagnosticList Diagnostics { get; init; }

    /// <summary>Makes text of what is written as a mapping but handed on as text.</summary>
    public required IDocumentFormat Format { get; init; }

    /// <summary>The variables of the environment.</summary>
    public required Func<string, string?> Variables { get; init; }

    /// <summary>The absolute folder that relative paths start from.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>What messages must not quote.</summary>
    public required HiddenValues Hidden { get; init; }

    public SourceMap Source => new(_locations) { Hidden = Hidden };

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
