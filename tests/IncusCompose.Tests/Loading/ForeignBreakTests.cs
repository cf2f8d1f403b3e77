namespace IncusCompose.Tests.Loading;

/// <summary>Characters that older YAML took for line breaks and YAML 1.2 takes for text.</summary>
public class ForeignBreakTests
{
    [Theory]
    [InlineData('\u0085')]
    [InlineData('\u2028')]
    [InlineData('\u2029')]
    public void What_is_no_line_break_is_text_wherever_it_stands(char character)
    {
        var stack = StackText.Require($$"""
            description: a{{character}}b
            instances:
              web:
                image: x
                labels:
                  quoted: "a{{character}} b"
                  single: 'a{{character}}b'
                  escaped: "\u2028\N"
                  block: |
                    a{{character}}b
                    c
                  folded: >-
                    a{{character}}
                    b
                  private: "\uE000"
            """.Replace("\\uE000", "\uE000", StringComparison.Ordinal));

        var labels = stack.Instances["web"].Labels;
        Assert.Equal($"a{character}b", stack.Description);
        Assert.Equal($"a{character} b", labels["quoted"]);
        Assert.Equal($"a{character}b", labels["single"]);
        Assert.Equal("\u2028\u0085", labels["escaped"]);
        Assert.Equal($"a{character}b\nc\n", labels["block"]);
        Assert.Equal($"a{character} b", labels["folded"]);
        Assert.Equal("\uE000", labels["private"]);
    }

    [Fact]
    public void Places_after_it_are_those_that_an_editor_shows() =>
        Assert.StartsWith("stack.yaml:2:1: nme:", Assert.Single(StackText.Load("description: a\u2028b\nnme: x\n").Diagnostics).ToString(), StringComparison.Ordinal);
}
