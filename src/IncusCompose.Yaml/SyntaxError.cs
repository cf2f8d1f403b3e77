using IncusCompose.Diagnostics;
using YamlDotNet.Core;

namespace IncusCompose.Yaml;

/// <summary>Says in a user's words what the parser means.</summary>
internal static class SyntaxError
{
    private const string Id = "Syntax";

    /// <summary>What the parser says (a part of it), and what that means for the one who wrote the file.</summary>
    private static readonly (string Part, string Message, string Advice)[] s_meanings =
    [
        ("plain scalar value, found invalid mapping", "a colon followed by a blank stands inside text", "put the text in quotes, or look at the indentation of this line"),
        ("multiline plain scalar, found invalid mapping", "this line goes on with the text before it, so it cannot have a key", "look for a missing colon or a wrong indentation in the line above"),
        ("did not find expected key", "the indentation of this line fits none of the lines above", "indent the keys of one mapping by the same number of blanks"),
        ("did not find expected '-' indicator", "the indentation of this line fits none of the lines above", "begin each item of the list with `- `, indented by the same number of blanks"),
        ("quoted scalar, found wrong indentation", "the text in quotes that begins here is not closed in its line", "add the missing quote, or indent the lines that belong to it"),
        ("found unexpected end of stream", "the text in quotes that begins here is not closed", "add the missing quote"),
        ("did not find expected ',' or '}'", "this mapping in braces is not closed, or a comma is missing in it", "add the missing `}` or `,`"),
        ("did not find expected ',' or ']'", "this list in brackets is not closed, or a comma is missing in it", "add the missing `]` or `,`"),
        ("did not find expected node content", "a list in brackets or a mapping in braces is not finished here", "add the missing `]` or `}`"),
        ("mapping values are not allowed", "there cannot be a key here", "look for a missing line break, comma or quote before it"),
        ("could not find expected ':'", "the colon after a key is missing", "write `key: value`"),
        ("found unknown escape character", "a backslash in double quotes begins no known escape", "write `\\\\` for a backslash, or use single quotes"),
        ("id not find expected <document start>", "something stands here that belongs to nothing above it", "look at its indentation"),
    ];

    public static SourceLocation Location(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    public static Diagnostic Explain(YamlException error, string file, string text)
    {
        var location = Location(file, error.Start);
        if (error.Message.Contains("invalid tab", StringComparison.Ordinal) || CharacterAt(text, error.Start) == '\t')
        {
            return Diagnostic.Error(Id, FirstTab(file, text, error.Start) ?? location, "", "a tab indents this line",
                "indent with blanks: YAML knows no tabs there");
        }

        if (error.Message.Contains("cannot start any token", StringComparison.Ordinal))
        {
            return Diagnostic.Error(Id, location, "", $"text cannot begin with `{CharacterAt(text, error.Start)}`",
                "put the text in quotes");
        }

        if (error.Message.Contains("did not find expected key", StringComparison.Ordinal) && !BeginsLine(text, error.Start))
        {
            return Diagnostic.Error(Id, location, "", "the value ends before this place, but the line goes on",
                "put the whole value in quotes, or remove the rest of the line");
        }

        foreach (var (part, message, advice) in s_meanings)
        {
            if (error.Message.Contains(part, StringComparison.Ordinal))
                return Diagnostic.Error(Id, location, "", message, advice);
        }

        return Diagnostic.Error(Id, location, "", "this is not YAML: " + error.Message);
    }

    private static bool BeginsLine(string text, Mark mark)
    {
        var before = text.AsSpan(0, (int)Math.Clamp(mark.Index, 0, text.Length));
        return before[(before.LastIndexOf('\n') + 1)..].IsWhiteSpace();
    }

    private static char? CharacterAt(string text, Mark mark) =>
        mark.Index >= 0 && mark.Index < text.Length ? text[(int)mark.Index] : null;

    /// <summary>The first line at or after a place that is indented with a tab.</summary>
    private static SourceLocation? FirstTab(string file, string text, Mark from)
    {
        var line = 0;
        foreach (var content in text.AsSpan().EnumerateLines())
        {
            line++;
            var indentation = content[..^content.TrimStart().Length];
            if (line >= from.Line && indentation.IndexOf('\t') is >= 0 and var tab)
                return new SourceLocation(file, line, tab + 1);
        }

        return null;
    }
}
