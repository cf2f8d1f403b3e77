namespace IncusCompose.Cli.Rendering;

/// <summary>What a piece of text means; the writer knows what that looks like.</summary>
internal enum Style
{
    None,
    Heading,
    Faint,
    Added,
    Changed,
    Removed,
    Warning,
    Error,
}
