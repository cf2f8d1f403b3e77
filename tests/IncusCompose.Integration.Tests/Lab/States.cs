namespace IncusCompose.Integration.Tests.Lab;

/// <summary>States of a server, written line by line.</summary>
internal static class States
{
    /// <summary>Requires that two are the same; otherwise says first what one has and the other has not.</summary>
    /// <param name="wanted">What it should be.</param>
    /// <param name="actual">What it is.</param>
    /// <param name="what">What was done.</param>
    public static void AssertSame(string wanted, string actual, string what = "What was done")
    {
        if (wanted == actual)
            return;
        var (should, does) = (wanted.Split('\n'), actual.Split('\n'));
        var differences = Without(should, does).Select(line => "- " + line).Concat(Without(does, should).Select(line => "+ " + line));
        Assert.Fail($"{what} has left another state:\n{string.Join("\n", differences)}\n\nIt should be:\n{wanted}\n\nIt is:\n{actual}");
    }

    // A line that is there twice counts twice.
    private static IEnumerable<string> Without(string[] lines, string[] others)
    {
        var left = others.CountBy(line => line).ToDictionary();
        foreach (var line in lines)
        {
            if (left.TryGetValue(line, out var count) && count > 0)
                left[line] = count - 1;
            else
                yield return line;
        }
    }
}
