using System.Text;
using System.Text.RegularExpressions;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// docs/stack-file.md says what the loader declares. INCUS_COMPOSE_REGENERATE=1 writes its tables anew.
/// </summary>
public partial class ReferenceTests
{
    private static readonly string s_page = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../docs/stack-file.md"));

    [Fact]
    public void Every_key_is_in_the_reference_as_it_is_declared()
    {
        var page = File.ReadAllText(s_page);
        var declared = new Dictionary<string, IKeyedShape>();
        Collect("", StackKeys.Stack, declared);

        var documented = Section().Matches(page).Select(match => match.Groups["path"].Value).ToList();
        Assert.Equal(declared.Keys.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
        var expected = Section().Replace(page, match => $"{match.Groups["begin"].Value}\n{Table(declared[match.Groups["path"].Value])}<!-- /keys -->");
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(s_page, expected);
        Assert.Equal(expected, File.ReadAllText(s_page));
    }

    [Fact]
    public void Every_example_of_the_reference_loads_without_a_problem()
    {
        var examples = Example().Matches(File.ReadAllText(s_page)).Select(match => match.Groups["yaml"].Value).ToList();
        Assert.True(examples.Count >= 12);
        foreach (var example in examples)
            Assert.True(StackText.Problems(example).Length == 0, example + "\n" + string.Join('\n', StackText.Problems(example)));
    }

    [Fact]
    public void Every_word_of_compose_without_a_counterpart_is_in_the_reference()
    {
        var page = File.ReadAllText(s_page);
        var declared = new Dictionary<string, IKeyedShape>();
        Collect("", StackKeys.Stack, declared);

        var expected = Foreign().Replace(page, match => $"<!-- foreign -->\n{ForeignTable(declared)}<!-- /foreign -->");
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(s_page, expected);
        Assert.Contains("<!-- foreign -->", page);
        Assert.Equal(expected, File.ReadAllText(s_page));
    }

    private static string ForeignTable(Dictionary<string, IKeyedShape> declared)
    {
        var table = new StringBuilder("| Word | Is | Because | Instead |\n|---|---|---|---|\n");
        foreach (var (path, shape) in declared.Where(entry => entry.Key.StartsWith("instances.*", StringComparison.Ordinal)))
        {
            foreach (var word in shape.ForeignWords.Where(word => word.Reason.Length > 0))
            {
                var name = (path == "instances.*" ? "" : path["instances.*.".Length..] + ".") + word.Name;
                var usual = word.Usual.Count == 0 ? "" : $" (but for {string.Join(", ", word.Usual.Select(value => $"`{value}`"))})";
                table.Append($"| `{name}` | {(word.Severity == ForeignSeverity.Warning ? "passed over" : "refused")}{usual} | {word.Reason} | {word.Advice} |\n");
            }
        }

        return table.ToString();
    }

    [Fact]
    public void Every_example_of_several_files_loads_without_a_problem()
    {
        var sections = Heading().Split(File.ReadAllText(s_page)).Where(section => FileExample().IsMatch(section)).ToList();
        Assert.True(sections.Count >= 4);
        foreach (var section in sections)
        {
            using var folder = new TemporaryFolder();
            var names = new List<string>();
            foreach (Match match in FileExample().Matches(section))
            {
                var path = Path.Combine(folder.Path, match.Groups["name"].Value);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, match.Groups["text"].Value);
                names.Add(match.Groups["name"].Value);
            }

            var files = names.Where(name => name is "stack.yaml" or "override.yaml").ToArray();
            var result = StackText.Loader.Load(files, new IncusCompose.Loading.LoadOptions { WorkingDirectory = folder.Path, Variables = new Dictionary<string, string>() });
            Assert.True(result.Diagnostics.Count == 0, section + "\n" + string.Join('\n', result.Diagnostics));
        }
    }

    private static void Collect(string path, Shape shape, Dictionary<string, IKeyedShape> found)
    {
        // What may stand in several places, or alone or in a list, is described once.
        if (shape is IKeyedShape keyed && !found.ContainsValue(keyed) && !(path.EndsWith("[]", StringComparison.Ordinal) && found.ContainsKey(path[..^2])))
            found.Add(path, keyed);
        // What all instances have by default is what an instance can have.
        if (path == "defaults")
            return;
        foreach (var (step, part) in shape.Parts)
            Collect((path + step).TrimStart('.'), part, found);
    }

    private static string Table(IKeyedShape shape)
    {
        var table = new StringBuilder("| Key | Write | Says |\n|---|---|---|\n");
        foreach (var key in shape.Keys)
            table.Append($"| `{key.Name}`{(key.Required ? " (needed)" : "")} | {key.Shape.Wanted} | {key.Description} |\n");
        return table.ToString();
    }

    [GeneratedRegex("(?<begin><!-- keys:(?: (?<path>[^ ]+))? -->)\n.*?<!-- /keys -->", RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex("<!-- foreign -->\n.*?<!-- /foreign -->", RegexOptions.Singleline)]
    private static partial Regex Foreign();

    [GeneratedRegex("^##+ ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("```yml\n# (?<name>[^ \n]+)\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex FileExample();

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
