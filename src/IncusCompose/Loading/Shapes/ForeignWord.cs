namespace IncusCompose.Loading.Shapes;

/// <summary>What becomes of a word of another tool that has no counterpart here.</summary>
internal enum ForeignSeverity
{
    /// <summary>It is passed over, with a warning: what is made is what it would be with it.</summary>
    Warning,

    /// <summary>It is refused: without it something else would be made.</summary>
    Error,
}

/// <summary>A word of another tool that has no counterpart here.</summary>
/// <param name="Name">The word.</param>
/// <param name="Severity">Whether it is passed over or refused.</param>
/// <param name="Reason">Why it has none, to follow it in a sentence; empty: there is nothing to say.</param>
/// <param name="Advice">What to write instead.</param>
internal sealed record ForeignWord(string Name, ForeignSeverity Severity, string Reason, string Advice = "")
{
    /// <summary>Values with which it asks for what is so anyway: nothing is said of it then.</summary>
    public IReadOnlyList<string> Usual { get; init; } = [];
}
