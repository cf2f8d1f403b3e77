using IncusCompose.PowerShell.Completion;

namespace IncusCompose.PowerShell.Tests;

public sealed class CompletionWordTests
{
    [Theory]
    [InlineData(null, "", null)]
    [InlineData("", "", null)]
    [InlineData("web", "web", null)]
    [InlineData("'web", "web", '\'')]
    [InlineData("'web'", "web", '\'')]
    [InlineData("\"web", "web", '"')]
    [InlineData("'it''s", "it's", '\'')]
    [InlineData("'", "", '\'')]
    public void Quotes_are_taken_off_and_remembered(string? typed, string text, char? quote) =>
        Assert.Equal(new CompletionWord(text, quote), CompletionWord.Parse(typed));

    [Theory]
    [InlineData("web", "web1", "web1")]
    [InlineData("'web", "web1", "'web1'")]
    [InlineData("\"web", "web1", "\"web1\"")]
    [InlineData("", "images:ubuntu/24.04/cloud", "images:ubuntu/24.04/cloud")]
    [InlineData("", "with space", "'with space'")]
    [InlineData("", "it's", "'it''s'")]
    [InlineData("", "$home", "'$home'")]
    [InlineData("\"", "$home", "\"`$home\"")]
    [InlineData("", "-dash", "'-dash'")]
    [InlineData("", "a,b", "'a,b'")]
    public void A_candidate_is_written_so_that_it_is_read_as_itself(string typed, string candidate, string written) =>
        Assert.Equal(written, CompletionWord.Parse(typed).Write(candidate));
}
