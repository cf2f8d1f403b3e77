using IncusCompose.Diagnostics;

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

    /// <inheritdoc cref="VisibleText.Of(string)"/>
    public static string Printable(string text) => VisibleText.Of(text);

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
