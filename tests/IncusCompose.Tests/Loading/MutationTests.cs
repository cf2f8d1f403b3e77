using System.Text;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// Stack files, good and bad ones, changed at random: whatever they say, loading ends in a result, never in an exception.
/// INCUS_COMPOSE_MUTATIONS sets how many are tried.
/// </summary>
public class MutationTests
{
    private static readonly string[] s_parts =
    [
        "\n", " ", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", "'", "\"", "#", "&a ", "*a", "!x ", "|\n", ">\n", "? ", "<<: *a\n", "~", "null", "$", "${", "}", "${A:-", "%", "@", "`", ",", "---\n", "...\n", "\0", "é", "\uFEFF", "\u2028",
        "-1", "99999999999999999999", "0x", "10.0.0.1/33", "::", "[::1]:80:80", "80:80", "1-2:3", "/", "./", "~/", "GiB", "512m", "true", "instances:\n", "  web:\n", "depends_on: [web]\n",
    ];

    [Fact]
    public void No_change_of_a_stack_file_makes_loading_throw()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("INCUS_COMPOSE_MUTATIONS") ?? "3000");
        var corpus = BadFileTests.Paths.Select(file => File.ReadAllText(file)).ToArray();
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "stack.yaml");
        var options = new LoadOptions { Variables = new Dictionary<string, string> { ["A"] = "a", ["HOME"] = "/home/ann" } };
        var succeeded = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var text = Mutate(corpus, new Random(seed));
            File.WriteAllBytes(path, text);
            try
            {
                var result = StackText.Loader.Load([path], options);
                Assert.True(result.Succeeded || result.Diagnostics.Count > 0);
                foreach (var diagnostic in result.Diagnostics)
                    Assert.True(diagnostic.Location.File.Length > 0 && diagnostic.Message.Length > 0, diagnostic.ToString());
                if (result.Succeeded)
                {
                    succeeded++;
                    var resolved = Resolved(result);
                    // A mask is refused; the secret put in its place is masked again.
                    File.WriteAllText(path, resolved.Replace(IncusCompose.Diagnostics.Secrets.Masked, "secret", StringComparison.Ordinal));
                    Assert.Equal(resolved, Resolved(StackText.Loader.Load([path], options)));
                }
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}: {error}\n{Encoding.UTF8.GetString(text)}");
            }
        }

        // Enough must get through to have tried everything behind the parser.
        Assert.InRange(succeeded, count / 50, count / 2);
    }

    private static string Resolved(LoadResult result)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(result.Require(), writer);
        return writer.ToString();
    }

    private static byte[] Mutate(string[] corpus, Random random)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? WholeFileTests.Shop : Pick(corpus, random));
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(text.Length + 1);
            switch (random.Next(5))
            {
                case 0:
                    text.Insert(at, Pick(s_parts, random));
                    break;
                case 1:
                    text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                    break;
                case 2:
                    var other = Pick(corpus, random);
                    var from = random.Next(other.Length);
                    text.Insert(at, other.AsSpan(from, random.Next(other.Length - from)));
                    break;
                case 3:
                    text.Insert(at, new string((char)random.Next(1, 256), random.Next(1, 5)));
                    break;
                default:
                    text.Length = at;
                    break;
            }
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        // Sometimes what is no text at all.
        if (bytes.Length > 0 && random.Next(20) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static T Pick<T>(T[] items, Random random) => items[random.Next(items.Length)];
}
