using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>docs/other-files.md: what is shown there is read, and converted.</summary>
public partial class OtherFilesPageTests
{
    private static readonly string s_page = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../../docs/other-files.md"));

    public static TheoryData<string> Examples => [.. Example().Matches(File.ReadAllText(s_page)).Select(match => match.Groups["yaml"].Value)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_is_read_and_says_the_same_as_a_stack_file(string yaml)
    {
        Assert.DoesNotContain(StackText.Load(yaml).Diagnostics, problem => problem.Severity == DiagnosticSeverity.Error);
        Dialect.Convert(yaml);
    }

    [Fact]
    public void Every_dialect_has_an_example() => Assert.Equal(3, Examples.Count);

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
