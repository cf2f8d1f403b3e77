using IncusCompose.Logs;

namespace IncusCompose.Tests.Logs;

public sealed class LogTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("with\ttab\r", "with\ttab")]
    [InlineData("[\e[0;32m  OK  \e[0m] Started", "[  OK  ] Started")]
    [InlineData("\e]0;title\aafter", "after")]
    [InlineData("\e]0;title\e\\after", "after")]
    [InlineData("\e(B\e[mtext\e[K", "text")]
    [InlineData("^[cnow", "now")]
    [InlineData("\r^[c^[c\e[Know\r", "now")]
    [InlineData("no ^[c reset", "no ^[c reset")]
    [InlineData("10%\r50%\r100%", "100%")]
    [InlineData("a\u0007b\u0000c\u009bd", "abcd")]
    public void A_line_reads_as_a_terminal_would_show_it_and_steers_none(string line, string expected) =>
        Assert.Equal(expected, LogText.Clean(line));

    [Theory]
    [InlineData("10m", "2026-01-31T11:50:00Z")]
    [InlineData("1h30m", "2026-01-31T10:30:00Z")]
    [InlineData("90", "2026-01-31T11:58:30Z")]
    [InlineData("2026-01-30T08:00:00Z", "2026-01-30T08:00:00Z")]
    [InlineData("2026-01-30T08:00:00+02:00", "2026-01-30T06:00:00Z")]
    [InlineData("1769860800", "2026-01-31T12:00:00Z")]
    public void A_time_is_a_date_or_how_long_ago(string text, string expected)
    {
        Assert.True(LogTime.TryParse(text, DateTimeOffset.Parse("2026-01-31T12:00:00Z", null), out var time));
        Assert.Equal(DateTimeOffset.Parse(expected, null), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("10x")]
    public void Other_words_are_no_time(string text) => Assert.False(LogTime.TryParse(text, DateTimeOffset.Now, out _));
}
