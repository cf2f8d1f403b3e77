using System.Text;
using System.Text.RegularExpressions;

namespace IncusCompose.Building;

/// <summary>
/// What of a context the builder is not given, as <c>.dockerignore</c> says it. Source: Docker's documentation, "Build context",
/// .dockerignore files.
/// </summary>
internal sealed class IgnoreFile
{
    // Deep enough for any folder; a pattern that somebody made to take long ends.
    private static readonly TimeSpan s_longestMatch = TimeSpan.FromSeconds(1);

    private readonly List<(Regex Pattern, bool Keeps)> _rules = [];

    private IgnoreFile()
    {
    }

    /// <summary>Where a line more is to be written.</summary>
    public string Path { get; private init; } = "";

    /// <summary>True where something below what is ignored may be kept.</summary>
    public bool HasExceptions => _rules.Exists(rule => rule.Keeps);

    /// <summary>That of a context: the one that is called after the file with the instructions, else its own; what ignores nothing where there is neither.</summary>
    /// <param name="context">The context's folder.</param>
    /// <param name="dockerfile">The file with the instructions; null where they are in none.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IgnoreFile Of(string context, string? dockerfile)
    {
        string[] candidates = [.. dockerfile is null ? [] : new[] { dockerfile + ".dockerignore" }, System.IO.Path.Combine(context, ".containerignore"), System.IO.Path.Combine(context, ".dockerignore")];
        return candidates.FirstOrDefault(File.Exists) is { } path ? Parse(Provision.SourceTree.ReadText(path), path) : new IgnoreFile { Path = candidates[^1] };
    }

    /// <summary>Reads its text.</summary>
    /// <param name="text">It.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">A line is no pattern.</exception>
    public static IgnoreFile Parse(string text, string path = "")
    {
        var file = new IgnoreFile { Path = path };
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            var pattern = line.Trim();
            if (pattern.Length == 0 || line.StartsWith('#'))
                continue;
            var keeps = pattern[0] == '!';
            pattern = string.Join('/', (keeps ? pattern[1..] : pattern).Trim().Split('/').Where(part => part is not ("" or ".")));
            if (pattern.Length == 0)
                continue;
            try
            {
                file._rules.Add((new Regex(Expression(pattern), RegexOptions.CultureInvariant, s_longestMatch), keeps));
            }
            catch (ArgumentException)
            {
                throw new IOException($"the line `{line.Trim()}` of the file that says what is left out (.dockerignore) is no pattern");
            }
        }

        return file;
    }

    /// <summary>True for what the builder is not given: the last pattern counts that fits it or a folder above it.</summary>
    /// <param name="path">The path in the context, with slashes.</param>
    public bool Ignores(string path) => _rules.FindLast(rule => rule.Pattern.IsMatch(path)) is { Pattern: not null, Keeps: false };

    private static string Expression(string pattern)
    {
        var expression = new StringBuilder("^");
        for (var index = 0; index < pattern.Length; index++)
        {
            switch (pattern[index])
            {
                case '*' when index + 1 < pattern.Length && pattern[index + 1] == '*':
                    index++;
                    // Between slashes it is any number of folders, none included.
                    if (index + 1 < pattern.Length && pattern[index + 1] == '/')
                    {
                        index++;
                        expression.Append("(.*/)?");
                    }
                    else
                    {
                        expression.Append(".*");
                    }

                    break;
                case '*':
                    expression.Append("[^/]*");
                    break;
                case '?':
                    expression.Append("[^/]");
                    break;
                case '[' when pattern.IndexOf(']', index + 1) is > 0 and var end:
                    var set = pattern[(index + 1)..end];
                    expression.Append('[').Append(set.StartsWith('^') ? "^" : "").Append(set.TrimStart('^').Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal)).Append(']');
                    index = end;
                    break;
                case '\\' when index + 1 < pattern.Length:
                    expression.Append(Regex.Escape(pattern[++index].ToString()));
                    break;
                default:
                    expression.Append(Regex.Escape(pattern[index].ToString()));
                    break;
            }
        }

        return expression.Append("(/.*)?\\z").ToString();
    }
}
