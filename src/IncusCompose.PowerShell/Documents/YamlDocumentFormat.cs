using IncusCompose.Loading.Documents;

namespace IncusCompose.PowerShell.Documents;

/// <summary>
/// YAML for the engine. The parser is loaded when the first document is read or written, into a load context of its
/// own, so that whichever YamlDotNet another module brought along is neither used nor disturbed.
/// </summary>
internal sealed class YamlDocumentFormat : IDocumentFormat
{
    // One parser for the process: it holds no state, and every runspace shares the assemblies anyway.
    private static readonly Lazy<IDocumentFormat> Parser = new(YamlLoadContext.CreateFormat);

    /// <inheritdoc/>
    public DocumentReadResult Read(string file, Stream text, DocumentLimits limits) => Parser.Value.Read(file, text, limits);

    /// <inheritdoc/>
    public void Write(DocumentNode node, TextWriter writer) => Parser.Value.Write(node, writer);
}
