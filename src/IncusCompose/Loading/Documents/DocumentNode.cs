using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Documents;

/// <summary>How a scalar was written; decides whether <c>8080</c> is a number or text where that matters.</summary>
public enum ScalarStyle
{
    /// <summary>Without quotes.</summary>
    Plain,

    /// <summary>In single or double quotes.</summary>
    Quoted,

    /// <summary>As a block (<c>|</c> or <c>&gt;</c>).</summary>
    Block,
}

/// <summary>A node of a parsed document. Each knows where it was written.</summary>
/// <param name="Location">Where the node begins.</param>
public abstract record DocumentNode(SourceLocation Location)
{
    /// <summary>An explicit tag such as <c>!reset</c>; null where there is none.</summary>
    public string? Tag { get; init; }

    /// <summary>What its relative paths and variables go by; null for the main file's.</summary>
    internal Composition.DocumentOrigin? Origin { get; init; }
}

/// <summary>A single value, as text.</summary>
/// <param name="Location">Where it begins.</param>
/// <param name="Value">The text, quotes and escapes resolved.</param>
/// <param name="Style">How it was written.</param>
public sealed record ScalarNode(SourceLocation Location, string Value, ScalarStyle Style = ScalarStyle.Plain) : DocumentNode(Location)
{
    /// <summary>
    /// The text before its variables were replaced, where one of them names a secret: what a message may show of the value.
    /// Null for any other value.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>True for an unquoted nothing, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => Style == ScalarStyle.Plain && Value is ("" or "~" or "null" or "Null" or "NULL");
}

/// <summary>Stands where a value was about which an error has been reported; says nothing, and nothing more is said about it.</summary>
/// <param name="Location">Where the value begins.</param>
internal sealed record UnusableNode(SourceLocation Location) : DocumentNode(Location);

/// <summary>An ordered list of nodes.</summary>
/// <param name="Location">Where it begins.</param>
/// <param name="Items">The nodes in order.</param>
public sealed record SequenceNode(SourceLocation Location, IReadOnlyList<DocumentNode> Items) : DocumentNode(Location);

/// <summary>One key and its value.</summary>
/// <param name="Key">The key; it has a place of its own.</param>
/// <param name="Value">The value.</param>
public sealed record MappingEntry(ScalarNode Key, DocumentNode Value);

/// <summary>Keys and values in the order in which they were written; keys are unique.</summary>
/// <param name="Location">Where it begins.</param>
/// <param name="Entries">The entries in order.</param>
public sealed record MappingNode(SourceLocation Location, IReadOnlyList<MappingEntry> Entries) : DocumentNode(Location)
{
    /// <summary>The value of a key, or null where the mapping has no such key.</summary>
    public DocumentNode? Find(string key) =>
        Entries.FirstOrDefault(entry => entry.Key.Value == key)?.Value;
}
