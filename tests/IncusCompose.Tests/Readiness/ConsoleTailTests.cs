using IncusCompose.Readiness;

namespace IncusCompose.Tests.Readiness;

/// <summary>What of a console is shown in an error.</summary>
public sealed class ConsoleTailTests
{
    [Fact]
    public void The_last_lines_are_shown_without_host_keys_and_without_what_is_longer_than_anybody_reads()
    {
        var tail = ConsoleTail.Of($"""
            {string.Concat(Enumerable.Range(1, 20).Select(line => $"line {line}\n"))}
            -----BEGIN SSH HOST KEY KEYS-----
            ssh-ed25519 {new string('A', 500)} root@web
            -----END SSH HOST KEY KEYS-----
            [   12.3] unit failed: {new string('x', 500)}
            password=hunter2
            """);

        Assert.Equal(8, tail.Lines.Count);
        Assert.Equal(["line 15", "line 20", $"[   12.3] unit failed: {new string('x', 137)}…", "password=******"], [tail.Lines[0], .. tail.Lines.TakeLast(3)]);
    }

    [Fact]
    public void A_console_that_was_read_before_says_so() =>
        Assert.Equal("\nits console has said nothing since it was last read", ConsoleTail.Of("\r\n").Text);
}
