using IncusCompose.Diagnostics;

namespace IncusCompose.PowerShell.Errors;

/// <summary>
/// Several problems as one error that can be read. PowerShell shows the message of an error of a script as one paragraph,
/// whatever lines it has, but the recommended action as it is: so the message counts the problems and tells the first,
/// and the list of all of them, a line for each, is what to mend.
/// </summary>
internal static class ProblemList
{
    /// <summary>The message and the recommended action for problems of a stack.</summary>
    /// <param name="problems">All that was found; warnings count only where there is nothing worse.</param>
    public static (string? Message, string? RecommendedAction) Of(IReadOnlyList<Diagnostic> problems)
    {
        var errors = problems.Where(problem => problem.Severity == DiagnosticSeverity.Error).ToList();
        return Of([.. (errors.Count > 0 ? errors : problems).Select(problem => problem.ToString())], "problems", "Mend each of these:");
    }

    /// <summary>The message and the recommended action for problems that are told in a line or more each.</summary>
    /// <param name="problems">At least one.</param>
    /// <param name="noun">What they are, in the plural.</param>
    /// <param name="heading">What to do about them: the list follows.</param>
    /// <returns>One problem is the message itself, and leaves nothing to list.</returns>
    public static (string? Message, string? RecommendedAction) Of(IReadOnlyList<string> problems, string noun, string heading) =>
        problems.Count == 1
            ? (problems[0], null)
            : ($"{problems.Count} {noun}, the first: {problems[0]}", string.Join(Environment.NewLine, problems.Select(Line).Prepend(heading)));

    /// <summary>A problem without a word for how grave it is: the stream that it is written to says that.</summary>
    public static string Text(Diagnostic problem) => (problem with { Severity = DiagnosticSeverity.Error }).ToString();

    private static string Line(string problem) => "    " + problem.ReplaceLineEndings(Environment.NewLine + "      ");
}
