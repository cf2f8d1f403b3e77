using System.Text;
using IncusCompose.Instances;

namespace IncusCompose.Tests.Instances;

public sealed class LineStreamTests
{
    [Fact]
    public void Lines_come_when_they_are_complete_and_the_rest_with_the_flush()
    {
        var lines = new List<string>();
        using var stream = new LineStream(lines.Add);
        var text = Encoding.UTF8.GetBytes("one\r\ntü\nthree");
        // In the middle of a character.
        stream.Write(text.AsSpan(0, 7));
        Assert.Equal(["one"], lines);
        stream.Write(text.AsSpan(7));
        Assert.Equal(["one", "tü"], lines);
        stream.Flush();
        Assert.Equal(["one", "tü", "three"], lines);
    }

    [Fact]
    public void What_never_ends_a_line_is_not_kept_for_ever()
    {
        var longest = 0;
        var total = 0;
        using var stream = new LineStream(line => (longest, total) = (Math.Max(longest, line.Length), total + line.Length));
        var piece = Encoding.UTF8.GetBytes(new string('y', 1000));
        for (var i = 0; i < 1000; i++)
            stream.Write(piece);
        stream.Flush();
        Assert.InRange(longest, LineStream.LongestLine, LineStream.LongestLine + 1000);
        Assert.Equal(1_000_000, total);
    }
}
