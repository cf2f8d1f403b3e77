namespace IncusCompose.Diagnostics;

/// <summary>How grave a <see cref="Diagnostic"/> is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Worth knowing; nothing is stopped by it.</summary>
    Information,

    /// <summary>Probably not what was meant; nothing is stopped by it.</summary>
    Warning,

    /// <summary>The stack cannot be planned or applied as written.</summary>
    Error,
}

/// <summary>One problem of a stack file: what is wrong, where, and what to do about it.</summary>
/// <param name="Severity">How grave it is.</param>
/// <param name="Id">A stable identifier named after the cause, such as <c>UnknownKey</c>.</param>
/// <param name="Location">Where in the file.</param>
/// <param name="Path">Dotted path of the value, such as <c>instances.web.memory</c>; empty for the file as a whole.</param>
/// <param name="Message">What is wrong. Never holds a secret.</param>
/// <param name="Advice">What to do instead; empty where the message says it all.</param>
public sealed record Diagnostic(
    DiagnosticSeverity Severity,
    string Id,
    SourceLocation Location,
    string Path,
    string Message,
    string Advice = "")
{
    /// <summary>An error.</summary>
    public static Diagnostic Error(string id, SourceLocation location, string path, string message, string advice = "") =>
        new(DiagnosticSeverity.Error, id, location, path, message, advice);

    /// <summary>A warning.</summary>
    public static Diagnostic Warning(string id, SourceLocation location, string path, string message, string advice = "") =>
        new(DiagnosticSeverity.Warning, id, location, path, message, advice);

    /// <summary><c>file:line:column: path: what is wrong; what to do</c>, the parts that are not known left out.</summary>
    public override string ToString()
    {
        var place = Location.ToString();
        var text = Advice.Length == 0 ? Message : $"{Message}; {Advice}";
        var kind = Severity switch
        {
            DiagnosticSeverity.Warning => "warning: ",
            DiagnosticSeverity.Information => "note: ",
            _ => "",
        };
        return string.Join(": ", new[] { place, Path, kind + text }.Where(part => part.Length > 0));
    }
}
