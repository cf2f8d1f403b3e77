using System.CommandLine;

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
}
