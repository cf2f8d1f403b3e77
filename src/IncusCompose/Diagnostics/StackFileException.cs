namespace IncusCompose.Diagnostics;

/// <summary>A stack could not be loaded, validated or planned; carries every problem found, not just the first.</summary>
public sealed class StackFileException : Exception
{
    /// <summary>Makes the exception from the problems found.</summary>
    /// <param name="diagnostics">At least one, with at least one error among them.</param>
    public StackFileException(IReadOnlyList<Diagnostic> diagnostics)
        : base(string.Join(Environment.NewLine, diagnostics))
    {
        Diagnostics = diagnostics;
    }

    /// <summary>Every problem found, in file order.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; }
}
