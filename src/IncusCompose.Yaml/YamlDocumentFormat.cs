using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Yaml;

/// <summary>YAML 1.2 text to and from the engine's document nodes. Has no state; can be shared.</summary>
public sealed class YamlDocumentFormat : IDocumentFormat
{
    /// <inheritdoc/>
    /// <remarks>
    /// Aliases are resolved and merge keys (<c>&lt;&lt;</c>) are merged; both count towards the limits as if they had been
    /// written out. A key that is written twice is an error, and its first value is kept, so that more problems can be found.
    /// </remarks>
    public DocumentReadResult Read(string file, Stream text, DocumentLimits limits)
    {
        var diagnostics = new List<Diagnostic>();
        var decoded = DocumentText.Decode(file, text, limits, diagnostics);
        if (decoded is null)
            return new DocumentReadResult(null, diagnostics);
        var root = new NodeTreeReader(file, limits, diagnostics).Read(decoded);
        return new DocumentReadResult(root, diagnostics);
    }

    /// <inheritdoc/>
    public void Write(DocumentNode node, TextWriter writer) => NodeTreeWriter.Write(node, writer);
}
