using IncusCompose.Building;

namespace IncusCompose.Tests.Building;

/// <summary>What a builder is not given.</summary>
public class IgnoreFileTests
{
    [Theory]
    [InlineData("*.md", "readme.md", true)]
    [InlineData("*.md", "docs/readme.md", false)]
    [InlineData("**/*.md", "docs/deep/readme.md", true)]
    [InlineData("**/*.md", "readme.md", true)]
    [InlineData("node_modules", "node_modules/a/b.js", true)]
    [InlineData("/node_modules/", "node_modules/a", true)]
    [InlineData("./out", "out/a", true)]
    [InlineData("**/out", "src/out/a", true)]
    [InlineData("src/**", "src/a/b", true)]
    [InlineData("*/temp*", "a/temporary", true)]
    [InlineData("temp?", "tempa", true)]
    [InlineData("temp?", "temp", false)]
    [InlineData("[a-c].txt", "b.txt", true)]
    [InlineData("[^a-c].txt", "b.txt", false)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("# a comment\n\na", "b", false)]
    [InlineData("*\n!keep", "keep/this", false)]
    [InlineData("*\n!keep", "other", true)]
    [InlineData("docs\n!docs/a.md\ndocs/a.md", "docs/a.md", true)]
    [InlineData("docs\n!docs/a.md", "docs/a.md", false)]
    [InlineData("a.txt\r\nb.txt\r\n", "a.txt", true)]
    public void A_pattern_fits_as_in_docker(string text, string path, bool ignored) =>
        Assert.Equal(ignored, IgnoreFile.Parse(text).Ignores(path));

    [Theory]
    [InlineData("[z-a]")]
    [InlineData("*.log\n[]x")]
    public void A_line_that_is_no_pattern_is_named(string text) =>
        Assert.Contains($"`{text.Split('\n')[^1]}`", Assert.Throws<IOException>(() => IgnoreFile.Parse(text)).Message, StringComparison.Ordinal);
}
