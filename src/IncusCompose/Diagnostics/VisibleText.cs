using System.Text;

namespace IncusCompose.Diagnostics;

/// <summary>
/// Text as a terminal may be given it: what steers one, hides in it or changes the order in which it shows the rest is
/// written as an escape.
/// </summary>
public static class VisibleText
{
    /// <summary>The text with control characters (line feeds too), and what turns or hides other text, made visible as escapes.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text) => Of(text, keepLines: false);

    /// <summary>The same of text that is shown on lines of its own: line feeds and tabs stay.</summary>
    /// <param name="text">The text.</param>
    public static string OfLines(string text) => Of(text, keepLines: true);

    private static string Of(string text, bool keepLines)
    {
        if (!text.Any(IsHidden))
            return text;
        var result = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' or '\t' when keepLines => result.Append(c),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\e' => result.Append("\\e"),
                _ when IsHidden(c) => result.Append("\\u").Append(((int)c).ToString("x4", null)),
                _ => result.Append(c),
            };
        }

        return result.ToString();
    }

    // Beside control characters: Unicode's line and paragraph separators, the marks that change the order in which a terminal
    // shows what follows, and those without any width that nobody needs to write a word.
    private static bool IsHidden(char c) =>
        char.IsControl(c) || c is '\u061C' or '\u200B' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F') or '\uFEFF';
}
