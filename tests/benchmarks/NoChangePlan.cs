namespace IncusCompose.Benchmarks;

/// <summary>A plan that finds nothing to do among 200 running instances, against reading the same lists and nothing else.</summary>
internal static class NoChangePlan
{
    private const int Count = 200;
    private const string Image = "busybox";

    private static readonly string[] Names = [.. Enumerable.Range(1, Count).Select(i => $"many{i}")];

    /// <summary>What a plan reads, once each.</summary>
    private static readonly string[] Lists =
    [
        "/1.0",
        "/1.0/projects/default",
        "/1.0/storage-pools?recursion=1",
        "/1.0/storage-pools/default/volumes/custom?recursion=1",
        "/1.0/networks?recursion=1",
        "/1.0/profiles?recursion=1",
        "/1.0/images?recursion=1",
        "/1.0/instances?recursion=1",
    ];

    public static async Task MeasureAsync(RawServer server, Report report, int rounds)
    {
        using var stack = StackFile.Of("many", Names, Image);
        await Command.RunAsync(Command.IncusCompose, "up", "-f", stack.Path);
        try
        {
            var times = await Measure.InTurnsAsync(
                rounds * 3,
                new("API lists, all at once", () => server.ReadAsync(Lists)),
                new("incus-compose version", () => Command.RunAsync(Command.IncusCompose, "version")),
                new("incus-compose plan", () => Command.RunAsync(Command.IncusCompose, "plan", "-f", stack.Path)));
            foreach (var time in times)
                report.Add($"{Count} instances, no change", time);
            report.AtMost("(plan - process start) / API lists", (times[2].Median - times[1].Median) / times[0].Median, 3);
        }
        finally
        {
            await Command.RunAsync(Command.IncusCompose, "down", "-f", stack.Path, "--yes");
        }
    }
}
