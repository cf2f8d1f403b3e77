namespace IncusCompose.Cli.Rendering;

/// <summary>Two texts compared line by line, for values of several lines.</summary>
internal static class LineDifference
{
    /// <summary>Beyond this many lines on either side the comparison would cost more than it tells.</summary>
    private const int MaxLines = 1000;

    /// <summary>Unchanged lines that are shown around a change.</summary>
    private const int Context = 2;

    /// <summary>
    /// The lines with their marks: <c>-</c> old, <c>+</c> new, a blank for both, and <c>…</c> where unchanged lines
    /// were left out. Null where the texts are too long to compare.
    /// </summary>
    public static IReadOnlyList<(char Mark, string Text)>? Compare(string old, string @new)
    {
        var left = Lines(old);
        var right = Lines(@new);
        return left.Length > MaxLines || right.Length > MaxLines ? null : Shorten(Align(left, right));
    }

    /// <summary>The lines of a text; a line feed at the end begins no further line.</summary>
    public static string[] Lines(string text) =>
        text.Length == 0 ? [] : (text.EndsWith('\n') ? text[..^1] : text).Split('\n');

    private static List<(char Mark, string Text)> Align(string[] left, string[] right)
    {
        // common[i, j]: length of the longest common subsequence of left[i..] and right[j..]
        var common = new int[left.Length + 1, right.Length + 1];
        for (var i = left.Length - 1; i >= 0; i--)
        {
            for (var j = right.Length - 1; j >= 0; j--)
            {
                common[i, j] = left[i] == right[j]
                    ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new List<(char, string)>();
        int l = 0, r = 0;
        while (l < left.Length || r < right.Length)
        {
            if (l < left.Length && r < right.Length && left[l] == right[r])
            {
                lines.Add((' ', left[l++]));
                r++;
            }
            else if (l < left.Length && (r == right.Length || common[l + 1, r] >= common[l, r + 1]))
            {
                lines.Add(('-', left[l++]));
            }
            else
            {
                lines.Add(('+', right[r++]));
            }
        }
        return lines;
    }

    private static List<(char Mark, string Text)> Shorten(List<(char Mark, string Text)> lines)
    {
        var shown = new bool[lines.Count];
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Mark == ' ')
                continue;
            for (var j = Math.Max(0, i - Context); j <= Math.Min(lines.Count - 1, i + Context); j++)
                shown[j] = true;
        }

        var result = new List<(char, string)>();
        for (var i = 0; i < lines.Count; i++)
        {
            if (shown[i])
                result.Add(lines[i]);
            else if (i == 0 || shown[i - 1])
                result.Add(('…', ""));
        }
        return result;
    }
}
