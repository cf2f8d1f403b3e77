using System.Text;

namespace IncusCompose.Loading.Keys;

/// <summary>Words of a command in one line, quoted as a shell wants them. Source: POSIX.1, Shell Command Language, Quoting.</summary>
internal static class ShellWords
{
    /// <summary>The words of a line; null where a quote is not closed.</summary>
    public static IReadOnlyList<string>? Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var begun = false;
        char? quote = null;
        for (var index = 0; index < line.Length; index++)
        {
            var letter = line[index];
            if (letter == '\\' && quote != '\'')
            {
                if (++index == line.Length)
                    return null;
                // In double quotes it escapes only what means something there.
                if (quote == '"' && line[index] is not ('"' or '\\' or '$' or '`' or '\n'))
                    word.Append('\\');
                word.Append(line[index]);
                begun = true;
            }
            else if (quote is not null)
            {
                if (letter == quote)
                    quote = null;
                else
                    word.Append(letter);
            }
            else if (letter is '\'' or '"')
            {
                (quote, begun) = (letter, true);
            }
            else if (letter is ' ' or '\t' or '\n' or '\r')
            {
                if (begun)
                    words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
            else
            {
                word.Append(letter);
                begun = true;
            }
        }

        if (quote is not null)
            return null;
        if (begun)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>The line of these words.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    private static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_' or '=' or ':' or ',' or '+' or '@' or '%')
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
