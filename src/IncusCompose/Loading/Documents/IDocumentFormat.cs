using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Documents;

/// <summary>
/// A text format for documents. The engine reads and writes only through this interface,
/// so that no parser's types (and no parser's assembly) become part of it.
/// </summary>
public interface IDocumentFormat
{
    /// <summary>Parses one document.</summary>
    /// <param name="file">The name to use in locations.</param>
    /// <param name="text">The text; read no further than <paramref name="limits"/> allow.</param>
    /// <param name="limits">Bounds against hostile input.</param>
    /// <returns>
    /// The root node; null for an empty document, and with at least one error where the text is not a document.
    /// Errors that leave the rest readable (a key that is written twice) come beside a root.
    /// </returns>
    DocumentReadResult Read(string file, Stream text, DocumentLimits limits);

    /// <summary>Writes a node as text that <see cref="Read"/> understands.</summary>
    void Write(DocumentNode node, TextWriter writer);
}

/// <summary>What became of reading a document.</summary>
/// <param name="Root">The root; null for an empty document and where the text is not a document.</param>
/// <param name="Diagnostics">Syntax errors, duplicate keys, limits that were passed.</param>
public sealed record DocumentReadResult(DocumentNode? Root, IReadOnlyList<Diagnostic> Diagnostics);

/// <summary>Bounds on what a document may be, so that hostile input ends in a diagnostic, not in exhaustion.</summary>
public sealed record DocumentLimits
{
    /// <summary>The bounds for stack files.</summary>
    public static DocumentLimits Default { get; } = new();

    /// <summary>Largest document in bytes.</summary>
    public long MaxBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Deepest nesting.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>Most nodes after aliases have been expanded.</summary>
    public int MaxNodes { get; init; } = 100_000;
}
