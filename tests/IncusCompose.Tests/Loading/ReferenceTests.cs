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
        var expected = Section().Replace(page, match => $"{match.Groups["begin"].Value}\n{KeyReference.Table(match.Groups["path"].Value, declared[match.Groups["path"].Value])}<!-- /keys -->");
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(s_page, expected);
        Assert.Equal(expected, File.ReadAllText(s_page));
    }

    [Fact]
    public void Of_every_key_it_is_said_what_it_is_in_Incus_and_in_compose()
    {
        var declared = new Dictionary<string, IKeyedShape>();
        Collect("", StackKeys.Stack, declared);
        var keys = declared.SelectMany(shape => shape.Value.Keys.Select(key => (Path: shape.Key.Length == 0 ? key.Name : $"{shape.Key}.{key.Name}", Key: key))).ToList();
        var missing = keys.Where(key => !KeyReference.IsInTables(key.Path, key.Key) && !KeyReference.Known.Contains(key.Path)).Select(key => key.Path).ToList();
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.AppendAllLines(KeyReference.Facts, missing.Select(path => $"{path} | | |"));

        Assert.True(missing.Count == 0, $"key-facts.txt does not say what these are in Incus, in compose, and what they need (nothing where nothing applies): {string.Join(", ", missing)}");
        Assert.Empty(KeyReference.Known.Except(keys.Select(key => key.Path)));
    }

    [Fact]
    public void Keys_and_extensions_that_the_reference_names_are_known_to_Incus()
    {
        Assert.DoesNotContain(KeyReference.Keys, key => !KeyReference.IsKnown(key.Path, key.Key));
        Assert.DoesNotContain(KeyReference.Extensions, extension => IncusCompose.Requirements.Extensions.SinceOf(extension) is null);
    }

    [Fact]
    public void What_is_so_where_a_key_is_missing_stands_in_a_column_of_its_own()
    {
        Assert.Equal(("How long it waits", "30s"), KeyReference.Split("How long it waits; 30s where the key is missing"));
        Assert.Equal(("Its mode; a folder can be entered", "`0644`"), KeyReference.Split("Its mode; `0644` where the key is missing. A folder can be entered"));
        Assert.Equal(("`a` or `b`", "`a`"), KeyReference.Split("`a` (the default) or `b`"));
        Assert.DoesNotContain("where the key is missing", string.Concat(Section().Matches(File.ReadAllText(s_page)).Select(table => table.Value)), StringComparison.Ordinal);
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
