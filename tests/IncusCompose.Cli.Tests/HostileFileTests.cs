using System.Globalization;
using System.Text;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Cli.Tests;

/// <summary>
/// Files that are made to exhaust a parser. Each is given to the command as it is shipped, with its settings of the
/// garbage collector, which must end in a problem (never in an exception) without ever having had 200 MB. Time is only
/// guarded against hanging: machines differ.
/// </summary>
public class HostileFileTests
{
    private const int MostMemoryKb = 200 * 1024;

    /// <summary>As large as a file may be, so that nothing is turned away for its size alone.</summary>
    private static readonly int s_size = (int)DocumentLimits.Default.MaxBytes - 100;

    private static readonly Dictionary<string, (Func<byte[]> Content, string Problem)> s_files = new()
    {
        ["a scalar of 100 MB"] = (() => Text("name: \"" + new string('a', 100 * 1024 * 1024)), "the file is larger than 8 MiB"),
        ["a bomb of aliases"] = (() => Text(AliasBomb()), "the file holds more than 100000 values, aliases written out"),
        ["a bomb of merged mappings"] = (() => Text(MergeBomb()), "the file holds more than 100000 values, aliases written out"),
        ["a mapping merged very often"] = (() => Text($"x-a: &a {{a: 1}}\ninstances:\n  web:\n    <<: [{Repeat("*a,", 1_000_000)}]"), "the file holds more than 100000 values"),
        ["very many aliases"] = (() => Text("x-a: &a x\nx-b:\n" + Repeat("- *a\n", 1_500_000)), "the file holds more than 100000 values"),
        ["very many anchors"] = (() => Text("x-a:\n" + Numbered("- &a{0} x\n", 500_000)), "the file holds more than 100000 values"),
        ["brackets 100,000 deep"] = (() => Text(Repeat("[", 100_000)), "the nesting is deeper than 64 levels"),
        ["brackets 100,000 deep, one a line"] = (() => Text(Repeat("[\n", 100_000)), "the nesting is deeper than 64 levels"),
        ["braces 100,000 deep"] = (() => Text(Repeat("{a: ", 100_000)), "the nesting is deeper than 64 levels"),
        ["lists 100,000 deep in one line"] = (() => Text(Repeat("- ", 100_000)), "the nesting is deeper than 64 levels"),
        ["keys 100,000 deep"] = (() => Text(Repeat("? ", 100_000)), "a key is a list or a mapping"),
        ["a list of millions of items in brackets"] = (() => Text($"instances: [{Repeat("a,", s_size / 2 - 10)}]"), "the file holds more than 100000 values"),
        ["a list of millions of empty lists"] = (() => Text($"instances: [{Repeat("[],", s_size / 3 - 10)}]"), "the file holds more than 100000 values"),
        ["a mapping of a million keys"] = (() => Text("instances:\n" + Numbered("  k{0}: x\n", 600_000)), "the file holds more than 100000 values"),
        ["the same key a million times"] = (() => Text(Repeat("a: b\n", 1_000_000)), "the key `a` is written twice"),
        ["texts merged very often"] = (() => Text(Numbered("i{0}: {{<<: a}}\n", 60_000)), "`<<` merges something that is not a mapping"),
        ["cloud-init data without an end"] = (() => Text("instances: {web: {cloud_init: {user_data: {file: /dev/zero}}}}"), "the file `/dev/zero` is larger than 1 MiB"),
        ["tens of thousands of unknown keys"] = (() => Text(Numbered("instance{0}: x\n", 48_000)), "did you mean `instances`?"),
        ["as many missing references"] = (() => Text("instances:\n" + Numbered(" instance{0}: {{depends_on: [instancf{0}]}}\n", 19_900)), "there is no instance `instancf0`"),
        ["as many names that are nearly others"] = (() => Text("instances:\n" + Numbered(" i{0}: {{cpu: x, networks: [netwrk{0}]}}\n", 10_000) + "networks:\n" + Numbered(" networ{0}: {{}}\n", 10_000)), "`x` is neither a number nor a set of CPUs"),
        ["as many clashing ports"] = (() => Text("instances:\n" + Numbered(" i{0}: {{ports: [\"80:80\"]}}\n", 18_000)), "already publishes the host's port 80/tcp"),
        ["a chain of dependencies that ends in a circle"] = (() => Text("instances:\n" + Numbered(" i{0}: {{depends_on: [i{1}]}}\n", 18_000) + " i18000: {depends_on: [i0]}\n"), "the dependencies go round in a circle"),
        ["a very long key"] = (() => Text($"? {new string('a', s_size - 10)}\n: x\n"), "a key before this place is longer than 1024 characters"),
        ["a very long name"] = (() => Text($"name: {new string('a', s_size - 10)}\n"), "it is longer than 63 characters"),
        ["a very long unknown value"] = (() => Text($"instances: {{web: {{cpu: {new string('a', s_size - 40)}}}}}\n"), "…` is neither a number nor a set of CPUs"),
        ["a very long text in quotes, not closed"] = (() => Text($"description: \"{Repeat("a\n ", s_size / 3 - 10)}"), "the text in quotes that begins here is not closed"),
        ["a variable millions of times"] = (() => Text($"description: \"{Repeat("$A", s_size / 2 - 10)}\""), "the variables bring more than 8 million characters into the file"),
        ["variables within variables, 200,000 deep"] = (() => Text($"description: \"{Repeat("${A:-", 200_000)}\""), "variables stand in one another more than 16 deep"),
        ["dollar signs only"] = (() => Text($"nothing: \"{Repeat("$$", s_size / 2 - 10)}\""), "there is no key `nothing` here"),
        ["colons only"] = (() => Text(Repeat(":", s_size)), "something stands here that belongs to nothing above it"),
        ["comments only"] = (() => Text(Repeat("#\n", s_size / 2)), "the file says nothing"),
        ["blanks only"] = (() => Text(Repeat(" ", s_size)), "the file says nothing"),
        ["document marks only"] = (() => Text(Repeat("---\n", s_size / 4)), "a second document begins here"),
        ["tags only"] = (() => Text(Repeat("- !a x\n", s_size / 7)), "the file holds more than 100000 values"),
        ["random bytes"] = (() => RandomBytes(s_size), "the file is not UTF-8 text"),
        ["zeroes"] = (() => new byte[s_size], "the control character U+0000 stands here"),
        ["Latin-1"] = (() => Encoding.Latin1.GetBytes("name: café\n"), "the file is not UTF-8 text"),
        ["half a character of UTF-16"] = (() => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("name: x"), 1], "the file is not UTF-16 text"),
    };

    public static TheoryData<string> Names => [.. s_files.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_hostile_file_ends_in_a_problem_with_little_memory(string name)
    {
        var (content, problem) = s_files[name];
        var folder = Directory.CreateTempSubdirectory("incus-compose-hostile-");
        try
        {
            var (file, report) = (Path.Combine(folder.FullName, "stack.yaml"), Path.Combine(folder.FullName, "memory"));
            await File.WriteAllBytesAsync(file, content());

            var ended = await ChildProgram.RunAsync(
                "dotnet",
                ["exec", typeof(Program).Assembly.Location, "measure", report, "dotnet", ChildProgram.Assembly, "config", "--file", file],
                new Dictionary<string, string> { ["A"] = new('a', 1000) });

            Assert.Equal((1, ""), (ended.ExitCode, ended.Output));
            Assert.Contains(problem, ended.Error, StringComparison.Ordinal);
            Assert.InRange(int.Parse(await File.ReadAllTextAsync(report), CultureInfo.InvariantCulture), 1, MostMemoryKb);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Repeat(string part, int count) => new StringBuilder(part.Length * count).Insert(0, part, count).ToString();

    /// <summary>The format once for each number; {1} is the next one.</summary>
    private static string Numbered(string format, int count)
    {
        var compiled = CompositeFormat.Parse(format);
        var result = new StringBuilder();
        for (var i = 0; i < count; i++)
            result.AppendFormat(CultureInfo.InvariantCulture, compiled, i, i + 1);
        return result.ToString();
    }

    private static string AliasBomb()
    {
        var result = new StringBuilder("x-a: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 12; i++)
            result.Append(CultureInfo.InvariantCulture, $"x-{i}: &a{i} [{Repeat($"*a{i - 1},", 9)}]\n");
        return result.Append("instances: {web: {config: *a11}}\n").ToString();
    }

    private static string MergeBomb()
    {
        var result = new StringBuilder("x-0: &a0 {").Append(Numbered("k{0}: x,", 2000)).Append("}\n");
        for (var i = 1; i < 10; i++)
            result.Append(CultureInfo.InvariantCulture, $"x-{i}: &a{i} {{<<: [{Repeat($"*a{i - 1},", 50)}]}}\n");
        return result.ToString();
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
