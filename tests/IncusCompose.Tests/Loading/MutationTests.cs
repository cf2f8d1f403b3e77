using System.Text;
using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// Stack files and files of other dialects, good and bad ones, changed at random: whatever they say, loading ends in a
/// result, never in an exception. See <see cref="Mutations"/>.
/// </summary>
public partial class MutationTests
{
    private static readonly string[] s_parts =
    [
        "\n", " ", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", "'", "\"", "#", "&a ", "*a", "!x ", "!reset ", "!override ", "|\n", ">\n", "? ", "<<: *a\n", "~", "null", "$", "${", "}", "${A:-", "$A", "${DB_PASSWORD}", "%", "@", "`", ",", "---\n", "...\n", "\0", "é", "\uFEFF", "\u2028",
        "-1", "99999999999999999999", "0x", "1e309", "0.5", "10.0.0.1/33", "::", "[::1]:80:80", "80:80", "1-2:3", "/", "./", "~/", "GiB", "512m", "true", "no", "30s", "1h", "instances:\n", "services:\n", "  web:\n", "depends_on: [web]\n", "extends: web\n", "include: [stack.yaml]\n", "external: true\n", "create: true\n",
    ];

    private static readonly string s_here = StackText.Here();

    private static readonly string[] s_bad = [.. BadFileTests.Paths.Select(File.ReadAllText)];
    private static readonly string[] s_others = Files("Corpus");

    /// <summary>What is documented: it is good, and there is something of every key in it.</summary>
    private static readonly string[] s_documented =
    [
        .. Directory.EnumerateFiles(Path.Combine(s_here, "../../../docs"), "*.md").Order(StringComparer.Ordinal).SelectMany(page => Example().Matches(File.ReadAllText(page))).Select(match => match.Groups["text"].Value),
        .. Directory.EnumerateFiles(Path.Combine(s_here, "../../../examples"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText),
    ];

    private static readonly string[] s_all = [WholeFileTests.Shop, .. s_bad, .. s_others, .. s_documented];

    [Fact]
    public void No_change_of_a_file_makes_loading_throw()
    {
        var (tried, good) = Mutations.Try(60_000, () => new TemporaryFolder(inMemory: true), random => [Make(random)], (random, texts, folder) =>
        {
            var bytes = Encoding.UTF8.GetBytes(texts[0]);
            // Sometimes what is no text at all.
            if (bytes.Length > 0 && random.Next(20) == 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            return IsGood(bytes, Path.Combine(folder.Path, "stack.yaml"));
        });

        // Enough must get through to have tried everything behind the parser.
        Assert.InRange(good, tried / 50, tried / 2);
    }

    private static string Make(Random random)
    {
        var original = random.Next(10) switch
        {
            < 2 => WholeFileTests.Shop,
            < 4 => Mutations.Pick(s_bad, random),
            < 7 => Mutations.Pick(s_documented, random),
            _ => Mutations.Pick(s_others, random),
        };
        return Mutations.Change(original, 7, s_parts, s_all, random);
    }

    private static bool IsGood(byte[] text, string path)
    {
        var options = new LoadOptions { Variables = new Dictionary<string, string> { ["A"] = "a", ["HOME"] = "/home/ann", ["DB_PASSWORD"] = "hunter2-hunter2" } };
        File.WriteAllBytes(path, text);
        var result = StackText.Loader.Load([path], options);
        Assert.True(result.Succeeded || result.Diagnostics.Count > 0);
        Assert.InRange(result.Diagnostics.Count, 0, 501);
        foreach (var diagnostic in result.Diagnostics)
        {
            Assert.True(diagnostic.Location.File.Length > 0 && diagnostic.Message.Length > 0, diagnostic.ToString());
            Assert.DoesNotContain("hunter2-hunter2", diagnostic.ToString(), StringComparison.Ordinal);
        }

        if (!result.Succeeded)
            return false;
        // A mask in a key is the file's own.
        if (Encoding.UTF8.GetString(text).Contains(Secrets.Masked, StringComparison.Ordinal))
            return true;

        // What is resolved means the same. A mask is refused; the secret put in its place is masked again.
        var resolved = Resolved(result);
        File.WriteAllText(path, resolved.Replace(Secrets.Masked, "secret", StringComparison.Ordinal));
        Assert.Equal(resolved, Resolved(StackText.Loader.Load([path], options)));
        return true;
    }

    private static string Resolved(LoadResult result)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(result.Require(), writer);
        return writer.ToString();
    }

    private static string[] Files(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(s_here, folder), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText)];

    [GeneratedRegex("```ya?ml\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
