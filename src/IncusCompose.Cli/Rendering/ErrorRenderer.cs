using IncusCompose.Backups;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>Errors and remarks for people.</summary>
internal static class ErrorRenderer
{
    /// <summary>Writes what went wrong: every diagnostic of a stack file and every refused change on a line of its own, else the message.</summary>
    public static void Write(Exception error, StyledWriter writer)
    {
        switch (error)
        {
            case StackFileException { Diagnostics: var diagnostics }:
                foreach (var diagnostic in diagnostics)
                    Write(diagnostic, writer);
                break;
            case PlanRefusedException { Changes: var changes }:
                foreach (var change in changes)
                    Write($"{change.Id}: {change.Refused}", writer);
                break;
            case StackConflictException { Problems: var problems }:
                foreach (var problem in problems)
                    Write(problem, writer);
                break;
            default:
                Write(error.Message, writer);
                break;
        }
    }

    /// <summary>Writes a diagnostic, <c>file:line:column</c> first so that editors and terminals can jump there.</summary>
    public static void Write(Diagnostic diagnostic, StyledWriter writer) =>
        writer.Line(StyledWriter.Printable(diagnostic.ToString()), diagnostic.Severity switch
        {
            DiagnosticSeverity.Error => Style.Error,
            DiagnosticSeverity.Warning => Style.Warning,
            _ => Style.Faint,
        });

    private static void Write(string message, StyledWriter writer) => writer.Write("error: ", Style.Error).Line(Lines(message));

    /// <summary>A message of one or more lines, printable, the further lines indented. A command's tabs are only the way it looks.</summary>
    public static string Lines(string message) =>
        string.Join("\n  ", message.ReplaceLineEndings("\n").Replace("\t", "    ", StringComparison.Ordinal).Split('\n').Select(StyledWriter.Printable));
}
