using System.Text.RegularExpressions;

namespace IncusCompose.Logs;

/// <summary>Lines as a terminal would show them, without anything that steers one.</summary>
internal static partial class LogText
{
    // What the terminal of the guest echoes of the reset that the server sends it when somebody leaves its console.
    // Source: Incus cmd/incusd/instance_console.go.
    private const string EchoedReset = "^[c";

    public static string Clean(string line)
    {
        var text = line.Any(char.IsControl) ? WithoutControls(line) : line;
        while (text.StartsWith(EchoedReset, StringComparison.Ordinal))
            text = text[EchoedReset.Length..];
        return text;
    }

    private static string WithoutControls(string line)
    {
        var text = Escapes().Replace(line, "").TrimEnd('\r');
        // What is written over is not seen.
        text = text[(text.LastIndexOf('\r') + 1)..];
        return text.Any(c => char.IsControl(c) && c != '\t') ? string.Concat(text.Where(c => !char.IsControl(c) || c == '\t')) : text;
    }

    // ECMA-48: control sequences, strings up to their end, and two-character escapes.
    [GeneratedRegex(@"\e\[[0-?]*[ -/]*[@-~]|\e[\]PX^_].*?(\a|\e\\|$)|\e[ -/]*[0-~]")]
    private static partial Regex Escapes();
}
