using System.Buffers;

namespace IncusCompose.Yaml;

/// <summary>
/// The characters that YAML 1.1 takes for line breaks and YAML 1.2 (5.4) for text like any other: next line, line separator
/// and paragraph separator. The parser knows 1.1 only, so it is given others in their place.
/// </summary>
internal sealed class ForeignBreaks
{
    private const char FirstPrivate = '\uE000';
    private const char LastPrivate = '\uF8FF';

    private static readonly char[] s_breaks = ['\u0085', '\u2028', '\u2029'];
    private static readonly SearchValues<char> s_any = SearchValues.Create(s_breaks);

    private char[] _instead = [];

    /// <summary>The text for the parser.</summary>
    public string Hide(string text)
    {
        if (!text.AsSpan().ContainsAny(s_any))
            return text;
        var taken = text.ToHashSet();
        _instead = [.. Enumerable.Range(FirstPrivate, LastPrivate - FirstPrivate + 1).Select(code => (char)code).Where(character => !taken.Contains(character)).Take(s_breaks.Length)];
        return Replaced(text, s_breaks, _instead);
    }

    /// <summary>What the file says, of what the parser says.</summary>
    public string Restore(string text) => Replaced(text, _instead, s_breaks);

    // A file that has every private character keeps what the parser makes of it.
    private static string Replaced(string text, char[] from, char[] to)
    {
        for (var i = 0; i < Math.Min(from.Length, to.Length); i++)
            text = text.Replace(from[i], to[i]);
        return text;
    }
}
