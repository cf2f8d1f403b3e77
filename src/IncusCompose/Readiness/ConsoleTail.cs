using IncusCompose.Diagnostics;
using IncusCompose.Logs;

namespace IncusCompose.Readiness;

/// <summary>The end of what an instance's console has said since it was last read: the server gives each line once.</summary>
/// <param name="Lines">The lines, without secrets and without what only a terminal understands.</param>
internal sealed record ConsoleTail(IReadOnlyList<string> Lines)
{
    private const int MostLines = 8;
    private const int LongestLine = 160;

    // What cloud-init writes there for whoever reads it: hundreds of characters of keys, and nothing of why.
    private const string KeysBegin = "-----BEGIN SSH HOST KEY";
    private const string KeysEnd = "-----END SSH HOST KEY";

    /// <summary>The lines as the end of a message.</summary>
    public string Text => Lines.Count > 0
        ? "\nthe end of its console:" + string.Concat(Lines.Select(line => $"\n  {line}"))
        : "\nits console has said nothing since it was last read";

    public static ConsoleTail Of(string log)
    {
        var lines = WithoutKeys(log.Split('\n').Select(line => LogText.Clean(line).Trim())).Where(line => line.Length > 0).TakeLast(MostLines);
        // As a whole: a secret may go over several lines.
        return Secrets.Mask("", string.Join('\n', lines)) is { Length: > 0 } shown ? new([.. shown.Split('\n').Select(Shorten)]) : new([]);
    }

    private static IEnumerable<string> WithoutKeys(IEnumerable<string> lines)
    {
        var isKeys = false;
        foreach (var line in lines)
        {
            if (line.Contains(KeysBegin, StringComparison.Ordinal))
                isKeys = true;
            else if (line.Contains(KeysEnd, StringComparison.Ordinal))
                isKeys = false;
            else if (!isKeys)
                yield return line;
        }
    }

    private static string Shorten(string line) => line.Length > LongestLine ? line[..LongestLine] + "…" : line;
}
