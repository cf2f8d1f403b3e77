using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IncusCompose.Building;

/// <summary>What an image that is to be built will run by itself.</summary>
/// <param name="Entrypoint">The program and its arguments; null: as the image that it begins with says.</param>
/// <param name="Base">The image that it begins with, as docker names it; null where it begins with nothing.</param>
internal sealed record BuiltProgram(IReadOnlyList<string>? Entrypoint, string? Base);

/// <summary>
/// The instructions of a build, read for the program of the image alone: only then can arguments for it be planned before it is
/// built. Source: Docker's documentation, Dockerfile reference.
/// </summary>
internal static partial class Dockerfile
{
    private static readonly string[] s_shell = ["/bin/sh", "-c"];

    /// <summary>What the wanted stage will run; null where that cannot be told.</summary>
    /// <param name="text">The instructions.</param>
    /// <param name="target">The stage that is wanted; null: the last one.</param>
    /// <param name="arguments">Values for <c>ARG</c>.</param>
    public static BuiltProgram? ProgramOf(string text, string? target, IReadOnlyDictionary<string, string> arguments)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var stages = new List<Stage>();
        foreach (var (word, rest) in Instructions(text))
        {
            switch (word)
            {
                case "ARG" when stages.Count == 0:
                    foreach (var argument in rest.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        var (name, value) = argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut ? (argument[..cut], argument[(cut + 1)..].Trim('"', '\'')) : (argument, null);
                        if ((arguments.GetValueOrDefault(name) ?? value) is { } said)
                            known[name] = Expand(said, known);
                    }

                    break;
                case "FROM":
                    var words = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).SkipWhile(one => one.StartsWith("--", StringComparison.Ordinal)).ToList();
                    if (words.Count == 0)
                        return null;
                    stages.Add(new Stage(words is [_, var separator, var name2] && separator.Equals("AS", StringComparison.OrdinalIgnoreCase) ? name2 : null, Expand(words[0], known)));
                    break;
                case "SHELL" when stages.Count > 0 && Words(rest) is { } shell:
                    stages[^1].Shell = shell;
                    break;
                case "ENTRYPOINT" when stages.Count > 0:
                    stages[^1].Entrypoint = Words(rest) ?? [.. stages[^1].Shell, rest];
                    break;
            }
        }

        var index = target is null ? stages.Count - 1
            : stages.FindLastIndex(stage => string.Equals(stage.Name, target, StringComparison.OrdinalIgnoreCase)) is >= 0 and var named ? named
            : int.TryParse(target, out var number) && number < stages.Count ? number : -1;
        while (index >= 0)
        {
            var stage = stages[index];
            if (stage.Entrypoint is not null)
                return new BuiltProgram(stage.Entrypoint, null);
            var below = stages.FindLastIndex(index, other => other != stage && string.Equals(other.Name, stage.From, StringComparison.OrdinalIgnoreCase));
            if (below < 0)
                return stage.From == "scratch" ? new BuiltProgram([], null) : stage.From.Contains('$', StringComparison.Ordinal) || stage.From.Length == 0 ? null : new BuiltProgram(null, stage.From);
            index = below;
        }

        return null;
    }

    /// <summary>The instructions, each in a line, without comments and without the texts that are written into them.</summary>
    private static IEnumerable<(string Word, string Said)> Instructions(string text)
    {
        var escape = EscapeDirective().Match(text) is { Success: true } directive ? directive.Groups[1].Value[0] : '\\';
        using var lines = new StringReader(text.TrimStart('\uFEFF'));
        var instruction = new StringBuilder();
        while (lines.ReadLine() is { } line)
        {
            var trimmed = line.Trim();
            // Comments and empty lines do not end an instruction that goes on.
            if (trimmed.Length == 0 || trimmed[0] == '#')
                continue;
            if (trimmed[^1] == escape)
            {
                instruction.Append(trimmed.AsSpan(0, trimmed.Length - 1)).Append(' ');
                continue;
            }

            var whole = instruction.Append(trimmed).ToString();
            instruction.Clear();
            var word = whole.Split((char[]?)null, 2)[0].ToUpperInvariant();
            if (word is "RUN" or "COPY" or "ADD")
            {
                foreach (Match document in HereDocument().Matches(whole))
                {
                    while (lines.ReadLine() is { } inner && (document.Groups["dash"].Success ? inner.TrimStart('\t') : inner) != document.Groups["name"].Value)
                    {
                    }
                }
            }

            yield return (word, whole[word.Length..].Trim());
        }
    }

    private static IReadOnlyList<string>? Words(string text)
    {
        if (!text.StartsWith('['))
            return null;
        try
        {
            using var list = JsonDocument.Parse(text);
            return [.. list.RootElement.EnumerateArray().Select(word => word.GetString() ?? "")];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A shell gets it then, as the builder has it.
            return null;
        }
    }

    private static string Expand(string text, IReadOnlyDictionary<string, string> known) => Variable().Replace(text.Trim('"', '\''), match =>
    {
        var value = known.GetValueOrDefault(match.Groups["name"].Value) is { Length: > 0 } said ? said : null;
        return match.Groups["sign"].Value switch
        {
            "-" => value ?? match.Groups["other"].Value,
            "+" => value is null ? "" : match.Groups["other"].Value,
            _ => value ?? match.Value,
        };
    });

    private sealed record Stage(string? Name, string From)
    {
        public IReadOnlyList<string>? Entrypoint { get; set; }

        public IReadOnlyList<string> Shell { get; set; } = s_shell;
    }

    [GeneratedRegex(@"\A(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*(\S)", RegexOptions.IgnoreCase)]
    private static partial Regex EscapeDirective();

    [GeneratedRegex(@"<<(?<dash>-)?(?<quote>[""']?)(?<name>[A-Za-z_][A-Za-z0-9_]*)\k<quote>")]
    private static partial Regex HereDocument();

    [GeneratedRegex(@"\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?<sign>[-+])(?<other>[^}]*))?\}|(?<name>[A-Za-z_][A-Za-z0-9_]*))")]
    private static partial Regex Variable();
}
