namespace IncusCompose.Diagnostics;

/// <summary>What a file says, as it may stand in a message.</summary>
internal static class Excerpts
{
    private const int LongestExcerpt = 80;

    /// <summary>The first line of a text in backquotes, shortened.</summary>
    public static string Quote(string text)
    {
        var line = Shorten(text);
        return line.Length == text.Length ? $"`{text}`" : $"`{line}…`";
    }

    /// <summary>The first line of a text, or the beginning of it.</summary>
    public static string Shorten(string text)
    {
        var line = text.AsSpan();
        var end = line.IndexOfAny('\r', '\n');
        if (end >= 0)
            line = line[..end];
        if (line.Length > LongestExcerpt)
            line = line[..LongestExcerpt];
        return line.Length == text.Length ? text : line.ToString();
    }
}
