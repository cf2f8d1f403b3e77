using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IncusCompose.Definition;

namespace IncusCompose.Building;

/// <summary>What an image that is to be built will run by itself.</summary>
/// <param name="Entrypoint">The program and its arguments; null: as the image that it begins with says.</param>
/// <param name="Base">The image that it begins with, as docker names it; null where it begins with nothing.</param>
internal sealed record BuiltProgram(IReadOnlyList<string>? Entrypoint, string? Base);

/// <summary>How an image that is to be built will say that it is healthy.</summary>
/// <param name="IsSaid">True where its instructions say it, be it that it does not; else it is as the image that it begins with says.</param>
/// <param name="Check">The check; null for none.</param>
/// <param name="Base">The image that it begins with, as docker names it; null where it begins with nothing.</param>
internal sealed record BuiltHealth(bool IsSaid, HealthCheckDefinition? Check, string? Base);

/// <summary>What an instruction takes out of a context.</summary>
/// <param name="Context">The name of the context; null: the build's own.</param>
/// <param name="Pattern">The path in it, without slashes at its ends, with <c>*</c> and <c>?</c> in it.</param>
internal sealed record BuildSource(string? Context, string Pattern);

/// <summary>
/// The instructions of a build, as far as a plan has to know them before anything is built: what the image will run, how it says
/// that it is healthy, and what they take out of the context. Source: Docker's documentation, Dockerfile reference.
/// </summary>
internal static partial class Dockerfile
{
    // What begins with no image begins with this.
    private const string Nothing = "scratch";

    private static readonly string[] s_shell = ["/bin/sh", "-c"];

    /// <summary>What the wanted stage will run; null where that cannot be told.</summary>
    /// <param name="text">The instructions.</param>
    /// <param name="target">The stage that is wanted; null: the last one.</param>
    /// <param name="arguments">Values for <c>ARG</c>.</param>
    public static BuiltProgram? ProgramOf(string text, string? target, IReadOnlyDictionary<string, string> arguments)
    {
        var (stages, image) = StagesOf(text, target, arguments);
        if (stages.Select(stage => stage.Entrypoint).FirstOrDefault(words => words is not null) is { } words)
            return new BuiltProgram(words, null);
        return image is null ? null : image == Nothing ? new BuiltProgram([], null) : new BuiltProgram(null, image);
    }

    /// <summary>How the wanted stage will say that it is healthy; null where that cannot be told.</summary>
    /// <inheritdoc cref="ProgramOf" path="/param"/>
    public static BuiltHealth? HealthOf(string text, string? target, IReadOnlyDictionary<string, string> arguments)
    {
        var (stages, image) = StagesOf(text, target, arguments);
        if (stages.FirstOrDefault(stage => stage.SaysHealth) is { } stage)
            return new BuiltHealth(true, stage.Healthcheck, null);
        return image is null ? null : image == Nothing ? new BuiltHealth(true, null, null) : new BuiltHealth(false, null, image);
    }

    /// <summary>What the instructions of all stages name in contexts; a whole context is not named by that.</summary>
    /// <param name="text">The instructions.</param>
    public static IReadOnlyList<BuildSource> SourcesOf(string text)
    {
        var sources = new List<BuildSource>();
        foreach (var (word, rest) in Instructions(text))
        {
            if (word is not ("COPY" or "ADD" or "RUN"))
                continue;
            var words = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var options = words.TakeWhile(one => one.StartsWith("--", StringComparison.Ordinal)).ToList();
            if (word == "RUN")
            {
                foreach (var mount in options.Where(option => option.StartsWith("--mount=", StringComparison.Ordinal)).Select(option => option["--mount=".Length..].Split(',').Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToLookup(part => part[0], part => part[1])))
                {
                    if (mount["type"].FirstOrDefault() is null or "bind")
                        Add(mount["from"].FirstOrDefault(), mount["source"].Concat(mount["src"]).FirstOrDefault() ?? "");
                }

                continue;
            }

            var from = options.FirstOrDefault(option => option.StartsWith("--from=", StringComparison.Ordinal))?["--from=".Length..];
            var paths = Words(string.Join(' ', words.Skip(options.Count))) ?? [.. words.Skip(options.Count)];
            foreach (var path in paths.SkipLast(1).Where(path => !path.StartsWith("<<", StringComparison.Ordinal) && BuildDefinition.IsPath(path)))
                Add(from, path);
        }

        return sources;

        void Add(string? context, string path)
        {
            var pattern = string.Join('/', Variable().Replace(Set().Replace(path.Trim('"', '\''), "?"), "*").Split('/').Where(part => part is not ("" or ".")));
            // What takes all of it names nothing of it.
            if (pattern.Trim('*', '/').Length > 0)
                sources.Add(new BuildSource(context, pattern));
        }
    }

    /// <summary>The wanted stage, those that it begins with, and the image that the last of them begins with; null for that where it cannot be told.</summary>
    private static (IReadOnlyList<Stage> Stages, string? Image) StagesOf(string text, string? target, IReadOnlyDictionary<string, string> arguments)
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
                        return ([], null);
                    var stage = new Stage(words is [_, var separator, var name2] && separator.Equals("AS", StringComparison.OrdinalIgnoreCase) ? name2 : null, Expand(words[0], known));
                    // Its shell goes on.
                    stage.Shell = stages.FindLast(other => string.Equals(other.Name, stage.From, StringComparison.OrdinalIgnoreCase))?.Shell ?? stage.Shell;
                    stages.Add(stage);
                    break;
                case "SHELL" when stages.Count > 0 && Words(rest) is { } shell:
                    stages[^1].Shell = shell;
                    break;
                case "ENTRYPOINT" when stages.Count > 0:
                    stages[^1].Entrypoint = Words(rest) ?? [.. stages[^1].Shell, rest];
                    break;
                case "HEALTHCHECK" when stages.Count > 0:
                    (stages[^1].SaysHealth, stages[^1].Healthcheck) = (true, HealthcheckOf(rest, stages[^1].Shell));
                    break;
            }
        }

        var index = target is null ? stages.Count - 1
            : stages.FindLastIndex(stage => string.Equals(stage.Name, target, StringComparison.OrdinalIgnoreCase)) is >= 0 and var named ? named
            : int.TryParse(target, out var number) && number < stages.Count ? number : -1;
        var chain = new List<Stage>();
        while (index >= 0)
        {
            var stage = stages[index];
            chain.Add(stage);
            var below = stages.FindLastIndex(index, other => other != stage && string.Equals(other.Name, stage.From, StringComparison.OrdinalIgnoreCase));
            if (below < 0)
                return (chain, stage.From.Contains('$', StringComparison.Ordinal) || stage.From.Length == 0 ? null : stage.From);
            index = below;
        }

        return (chain, null);
    }

    /// <summary>The check that a line says; null for none.</summary>
    private static HealthCheckDefinition? HealthcheckOf(string text, IReadOnlyList<string> shell)
    {
        var check = new HealthCheckDefinition { Probe = new ExecProbe { Command = [] } };
        var rest = text;
        while (HealthOption().Match(rest) is { Success: true } option)
        {
            rest = rest[option.Length..];
            var value = option.Groups["value"].Value.Trim('"', '\'');
            // 0 is what is usual, as where nothing is said.
            var time = Duration.TryParse(value, out var length) && length > TimeSpan.Zero ? length : (TimeSpan?)null;
            check = option.Groups["name"].Value switch
            {
                "interval" => check with { Interval = time ?? check.Interval },
                "timeout" => check with { Timeout = time ?? check.Timeout },
                "start-period" => check with { StartPeriod = time ?? check.StartPeriod },
                "start-interval" => check with { StartInterval = time },
                "retries" when int.TryParse(value, out var retries) && retries > 0 => check with { Retries = retries },
                _ => check,
            };
        }

        if (rest.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries) is not [var word, var command] || !word.Equals("CMD", StringComparison.OrdinalIgnoreCase))
            return null;
        return check with { Probe = new ExecProbe { Command = Words(command) is { Count: > 0 } words ? words : [.. shell, command] } };
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

        public bool SaysHealth { get; set; }

        public HealthCheckDefinition? Healthcheck { get; set; }
    }

    [GeneratedRegex(@"\A(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*(\S)", RegexOptions.IgnoreCase)]
    private static partial Regex EscapeDirective();

    // Any one of some characters: for what is named by it, any one is near enough.
    [GeneratedRegex(@"\[[^\]/]+\]")]
    private static partial Regex Set();

    [GeneratedRegex(@"^\s*--(?<name>[a-z-]+)=(?<value>\S+)\s*")]
    private static partial Regex HealthOption();

    [GeneratedRegex(@"<<(?<dash>-)?(?<quote>[""']?)(?<name>[A-Za-z_][A-Za-z0-9_]*)\k<quote>")]
    private static partial Regex HereDocument();

    [GeneratedRegex(@"\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?<sign>[-+])(?<other>[^}]*))?\}|(?<name>[A-Za-z_][A-Za-z0-9_]*))")]
    private static partial Regex Variable();
}
