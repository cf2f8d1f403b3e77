using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>
/// Another tool's files as stack files. A dialect knows its files by their shape, and exchanges their words for those of a
/// stack file, every value keeping its place; all that comes after it knows stack files alone. To add one, write a file
/// here and name it in <see cref="InputDialects"/>.
/// </summary>
internal abstract class InputDialect
{
    /// <summary>True for a document of this dialect.</summary>
    public abstract bool Recognizes(MappingNode root);

    /// <summary>True for a document that may be laid over one of this dialect without showing its shape again.</summary>
    public virtual bool Continues(MappingNode root) => false;

    /// <summary>The document in the words of a stack file.</summary>
    /// <param name="root">The document, its variables replaced.</param>
    /// <param name="report">Where everything goes that cannot be kept: an error where something else would be made without it, a warning otherwise.</param>
    public abstract MappingNode Translate(MappingNode root, Action<Diagnostic> report);

    /// <summary>What can only be told once all files are laid over one another; the same document where nothing of this dialect is in it.</summary>
    /// <param name="root">The whole document.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="report">Where problems go.</param>
    public virtual MappingNode Finish(MappingNode root, string stack, Action<Diagnostic> report) => root;
}

/// <summary>The dialects that are read, in the order in which they are asked.</summary>
internal static class InputDialects
{
    private static readonly InputDialect[] s_all = [new ComposeInput(), new IncusComposerDialect(), new PreseedDialect()];

    /// <summary>The dialect of a document; null for a stack file.</summary>
    /// <param name="root">The document.</param>
    /// <param name="below">The dialect of the document that it is laid over, if any.</param>
    public static InputDialect? Of(MappingNode root, InputDialect? below)
    {
        // These are a stack file's own, whatever stands beside them.
        if (root.Find("instances") is not null || root.Find("defaults") is not null)
            return null;
        return s_all.FirstOrDefault(dialect => dialect.Recognizes(root)) ?? (below?.Continues(root) == true ? below : null);
    }

    /// <summary>The whole document, of which every dialect has said all it has to say.</summary>
    /// <inheritdoc cref="InputDialect.Finish"/>
    public static MappingNode Finish(MappingNode root, string stack, Action<Diagnostic> report) =>
        s_all.Aggregate(root, (document, dialect) => dialect.Finish(document, stack, report));
}

/// <summary>Docker compose files, with what tools for Incus say in them under keys of their own.</summary>
internal sealed class ComposeInput : InputDialect
{
    private static readonly string[] s_words = ["version", "name", "include", "networks", "volumes", "secrets", "configs"];

    public override bool Recognizes(MappingNode root) => ComposeDialect.Recognizes(root);

    public override bool Continues(MappingNode root) =>
        root.Entries.All(entry => s_words.Contains(entry.Key.Value) || entry.Key.Value.StartsWith("x-", StringComparison.Ordinal));

    public override MappingNode Translate(MappingNode root, Action<Diagnostic> report) =>
        new ComposeDialect(report).Translate(new ComposeExtensions(report).Read(root));

    public override MappingNode Finish(MappingNode root, string stack, Action<Diagnostic> report) => ComposeWhole.Finish(ComposeDriverOptions.Apply(root, report), stack, report);
}
