using System.Text;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>
/// Every key that the Compose Specification has, in its short and long forms: it is read, or what is said of it is said
/// on purpose. compose-keys.txt has them with a file for each, and docs/compose-keys.md what becomes of them;
/// INCUS_COMPOSE_REGENERATE=1 writes that page's tables anew.
/// </summary>
public class ComposeKeyTests
{
    private const string Read = "read";

    private const string Begin = "<!-- compose-keys -->\n", End = "<!-- /compose-keys -->";

    /// <summary>Problems by which a key would show that nobody thought of it, or the file that it is no example of it.</summary>
    private static readonly string[] s_unthought = ["UnknownKey", "WrongKind", "WrongType", "MissingKey", "DuplicateKey", "Syntax"];

    private static readonly string s_page = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../../docs/compose-keys.md"));

    private static readonly (string Key, string File)[] s_samples =
        [.. File.ReadAllLines(Path.Combine(StackText.Here(), "compose-keys.txt")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(" | ", 2)).Select(parts => (parts[0], parts[1]))];

    [Fact]
    public void Every_key_of_the_specification_is_read_or_answered_as_the_page_says()
    {
        using var folder = new StackFolder(
            ("other.yaml", "services: {base: {image: redis}, other: {image: redis}}\n"), ("web.env", "B=c\n"), ("token.txt", "t\n"), ("src/a", "a"), ("Dockerfile", "FROM scratch\n"), ("web.Dockerfile", "FROM scratch\n"));
        var tables = new OrderedDictionary<string, StringBuilder>();
        var unthought = new List<string>();
        var answers = new Dictionary<string, string>();
        foreach (var (key, file) in s_samples)
        {
            folder.Write("sample.yaml", file);
            folder.Write("base.yaml", Around(key, file));
            var said = folder.Load(new LoadOptions { Variables = new Dictionary<string, string> { ["TOKEN"] = "t", ["CONF"] = "c", ["B"] = "c" } }, "base.yaml", "sample.yaml").Diagnostics
                .Where(problem => problem.Location.File?.EndsWith("base.yaml", StringComparison.Ordinal) != true).ToList();
            unthought.AddRange(said.Where(problem => s_unthought.Contains(problem.Id)).Select(problem => $"{key}: {file}: {problem}"));
            var answer = answers[key] = What(said);
            // What is said of the whole holds for all that stands below it.
            if (answer != Read && answers.GetValueOrDefault(key[..Math.Max(key.LastIndexOf('.'), 0)].Replace("[]", "", StringComparison.Ordinal)) == answer)
                continue;
            if (!tables.TryGetValue(SectionOf(key), out var table))
                tables.Add(SectionOf(key), table = new StringBuilder($"\n## {SectionOf(key)}\n\n| Key | Written | What becomes of it |\n|---|---|---|\n"));
            table.Append($"| `{key}` | `{Inner(file)}` | {answer} |\n");
        }

        Assert.True(unthought.Count == 0, string.Join('\n', unthought));
        var page = File.ReadAllText(s_page);
        var (start, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        var expected = $"{page[..start]}{string.Concat(tables.Values)}\n{page[end..]}";
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(s_page, expected);
        Assert.Equal(expected, File.ReadAllText(s_page));
    }

    [Fact]
    public void Each_is_written_in_its_own_example()
    {
        foreach (var (key, file) in s_samples)
            Assert.True(file.Contains($"{key.Split('.').Last(step => step != "*").Replace("[]", "", StringComparison.Ordinal)}: ", StringComparison.Ordinal), $"{key}: {file}");
    }

    private static string SectionOf(string key) => key.Split('.') switch
    {
        ["services", "*", "build" or "deploy" or "volumes[]" or "ports[]" or "networks" or "develop" or "healthcheck" or "blkio_config" or "configs[]" or "secrets[]", _, ..] steps => $"`{steps[2].Replace("[]", "", StringComparison.Ordinal)}` of a service",
        ["services", "*", ..] => "Services",
        ["networks", "*", ..] => "Networks",
        ["volumes", "*", ..] => "Volumes",
        ["secrets" or "configs", "*", ..] => "Secrets and configs",
        ["models", "*", ..] => "Models",
        ["include[]", ..] => "Including files",
        _ => "The file",
    };

    /// <summary>What a file needs around a key to be one, without saying the key itself.</summary>
    private static string Around(string key, string file)
    {
        var text = new StringBuilder(key == "name" ? "services:\n  base: {image: redis}\n" : "name: shop\nservices:\n  base: {image: redis}\n");
        if (!key.StartsWith("services.*.build", StringComparison.Ordinal))
            text.Append("  web: {image: nginx}\n");
        foreach (var (section, entry) in new[] { ("networks", "lan: "), ("volumes", "data: "), ("secrets", "token: {file: token.txt}"), ("configs", "conf: {content: a}") })
        {
            if (!file.StartsWith($"{{{section}:", StringComparison.Ordinal))
                text.Append($"{section}: {{{entry}}}\n");
        }

        return text.ToString();
    }

    /// <summary>What stands within the thing that the key is of.</summary>
    private static string Inner(string file) => (file.StartsWith("{services: {web: {", StringComparison.Ordinal) ? file["{services: {web: {".Length..^3] : file[1..^1]).Replace("|", "\\|", StringComparison.Ordinal);

    private static string What(List<Diagnostic> said) => said.Count == 0
        ? Read
        : string.Join("; ", said.Select(problem => $"{(problem.Severity == DiagnosticSeverity.Error ? "**error**" : "warning")}: {problem.Message}{(problem.Advice.Length > 0 ? $" ({problem.Advice})" : "")}").Distinct()).Replace("|", "\\|", StringComparison.Ordinal);
}
