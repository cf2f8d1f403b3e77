using System.CommandLine;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Exporting;

namespace IncusCompose.Cli.Commands;

/// <summary>The file that a verb writes its text to instead of standard output.</summary>
internal static class OutputFile
{
    /// <summary><c>--output</c>.</summary>
    public static Option<string?> Option() => new("--output", "-o")
    {
        Description = "File to write. Default: standard output.",
        HelpName = "path",
    };

    /// <summary>Writes a text; the file is there whole or not at all.</summary>
    /// <param name="session">Where standard output is.</param>
    /// <param name="path">The file; null or <c>-</c>: standard output.</param>
    /// <param name="write">Writes it.</param>
    public static void Write(Session session, string? path, Action<TextWriter> write)
    {
        if (path is null or "-")
        {
            write(session.Terminal.Out.Inner);
            return;
        }

        using var text = new StringWriter();
        write(text);
        File.WriteAllText(Path.GetFullPath(path), text.ToString());
    }

    /// <summary>Writes a stack file that was made.</summary>
    /// <param name="session">Where standard output is.</param>
    /// <param name="invocation">Whether it is wanted as JSON.</param>
    /// <param name="path">The file; null or <c>-</c>: standard output.</param>
    /// <param name="made">What was made.</param>
    public static void Write(Session session, Invocation invocation, string? path, StackExport made) => Write(session, path, text =>
    {
        if (invocation.Json)
            JsonDocumentWriter.Write(made.Document, text);
        else
            text.Write(made.Text);
    });

    /// <summary>Says on standard error which variables stand in the file for secrets: whoever pipes the file sees it too.</summary>
    public static void NoteVariables(Session session, Invocation invocation, StackExport made)
    {
        if (made.Variables.Count > 0 && !invocation.Quiet)
            session.Terminal.Note($"secrets are not written; set before use: {string.Join(", ", made.Variables.Select(variable => variable.Name))}");
    }
}
