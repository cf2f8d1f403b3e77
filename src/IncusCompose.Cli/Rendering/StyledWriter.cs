using System.Text;

namespace IncusCompose.Cli.Rendering;

/// <summary>
/// Text with styles on a stream: escape sequences where colour is wanted, plain text elsewhere.
/// Text from files and servers goes through <see cref="Printable"/>, so that it cannot steer the terminal.
/// </summary>
internal sealed class StyledWriter(TextWriter inner, bool color)
{
    /// <summary>True where styles become escape sequences.</summary>
    public bool Color => color;

    /// <summary>The writer below, for output that has no styles (JSON, YAML).</summary>
    public TextWriter Inner => inner;

    public StyledWriter Write(string text, Style style = Style.None)
    {
        if (text.Length == 0)
            return this;
        var code = color ? Code(style) : "";
        if (code.Length == 0)
        {
            inner.Write(text);
            return this;
        }
        inner.Write(code);
        inner.Write(text);
        inner.Write("\e[0m");
        return this;
    }

    /// <summary>Writes in one of the terminal's own colours, for what is told apart by colour alone.</summary>
    /// <param name="text">The text.</param>
    /// <param name="code">The colour, a parameter of SGR (ECMA-48): 30 to 37, 90 to 97.</param>
    public StyledWriter WriteColored(string text, int code)
    {
        inner.Write(color ? $"\e[{code}m{text}\e[0m" : text);
        return this;
    }

    public StyledWriter Line(string text = "", Style style = Style.None)
    {
        Write(text, style);
        inner.Write('\n');
        return this;
    }

    public void Flush() => inner.Flush();

    /// <summary>The text with control characters (line feeds too), and what turns the direction of text round, made visible as escapes.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(IsHidden))
            return text;
        var result = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            _ = c switch
            {
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

    private static string Code(Style style) => style switch
    {
        Style.Heading => "\e[1m",
        Style.Faint => "\e[2m",
        Style.Added => "\e[32m",
        Style.Changed => "\e[33m",
        Style.Removed => "\e[31m",
        Style.Warning => "\e[33m",
        Style.Error => "\e[1;31m",
        _ => "",
    };
}
