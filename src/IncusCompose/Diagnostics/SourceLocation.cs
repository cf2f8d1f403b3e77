namespace IncusCompose.Diagnostics;

/// <summary>A place in a stack file: where a value was written.</summary>
/// <param name="File">The file as the user named it, or <c>-</c> for standard input.</param>
/// <param name="Line">1-based line; 0 where the place is the file as a whole.</param>
/// <param name="Column">1-based column; 0 where the place is the file as a whole.</param>
public readonly record struct SourceLocation(string File, int Line, int Column)
{
    /// <summary>A value that was made by code and stands in no file.</summary>
    public static SourceLocation None { get; } = new("", 0, 0);

    /// <summary><c>file:line:column</c>, shortened where line or column are not known.</summary>
    public override string ToString() =>
        Line == 0 ? File : $"{File}:{Line}:{Column}";
}
