namespace IncusCompose.Definition;

/// <summary>Commands as programs with their arguments.</summary>
internal static class CommandWords
{
    /// <summary>A shell line as a command.</summary>
    public static IReadOnlyList<string> OfShell(string line) => ["/bin/sh", "-c", line];

    /// <summary>The program of a command, or the first word of its shell line. No more of a command is shown: its arguments may be secrets.</summary>
    public static string ProgramOf(IReadOnlyList<string> command) => command is ["/bin/sh", "-c", var line]
        ? line.Split((char[])[' ', '\n', '\t'], 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("sh")
        : command.FirstOrDefault("");
}
