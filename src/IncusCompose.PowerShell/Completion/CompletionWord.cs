namespace IncusCompose.PowerShell.Completion;

/// <summary>The word that is being completed: what was typed, without the quotes around it.</summary>
/// <param name="Text">What was typed.</param>
/// <param name="Quote">The quote that it began with; null where it began with none.</param>
internal readonly record struct CompletionWord(string Text, char? Quote)
{
    /// <summary>Takes the quotes off a word; the closing one may be missing.</summary>
    public static CompletionWord Parse(string? word)
    {
        if (string.IsNullOrEmpty(word) || word[0] is not ('\'' or '"'))
            return new CompletionWord(word ?? "", null);
        var quote = word[0];
        var text = word.Length > 1 && word[^1] == quote ? word[1..^1] : word[1..];
        return new CompletionWord(quote == '\'' ? text.Replace("''", "'", StringComparison.Ordinal) : text, quote);
    }

    /// <summary>A candidate as it is put on the command line: in the quotes that the user began, or in quotes where it needs them.</summary>
    public string Write(string candidate)
    {
        if (Quote == '"')
            return '"' + Escape(candidate) + '"';
        return Quote == '\'' || NeedsQuotes(candidate)
            ? "'" + candidate.Replace("'", "''", StringComparison.Ordinal) + "'"
            : candidate;
    }

    /// <summary>True where PowerShell would not read the bare text as one plain argument.</summary>
    private static bool NeedsQuotes(string text) =>
        text.Length == 0 || text[0] is '-' or '@' or '#' or '<' or '>' ||
        text.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"' or '`' or '$' or ';' or '&' or '|' or '(' or ')' or '{' or '}' or ',' or '<' or '>');

    private static string Escape(string text) =>
        string.Concat(text.Select(c => c is '`' or '$' or '"' ? "`" + c : c.ToString()));
}
