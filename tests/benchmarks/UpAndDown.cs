namespace IncusCompose.Benchmarks;

/// <summary>Twenty busybox containers up and down, by the bare API, by IncusCompose and by Incus's own commands.</summary>
internal static class UpAndDown
{
    private const int Count = 20;
    private const string Image = "busybox";

    private static readonly string[] Names = [.. Enumerable.Range(1, Count).Select(i => $"bench{i}")];

    public static async Task MeasureAsync(RawServer server, Report report, int rounds)
    {
        using var stack = StackFile.Of("bench", Names, Image);
        Task Clear() => server.ClearAsync();
        Task ComposeUp() => Command.RunAsync(Command.IncusCompose, "up", "-f", stack.Path);
        Task ComposeDown() => Command.RunAsync(Command.IncusCompose, "down", "-f", stack.Path, "--yes");
        await Clear();

        var hasBenchmark = Command.Find("incus-benchmark") is not null;
        var contenders = new List<Contender>
        {
            new("API, all at once", () => server.CreateAsync(Names, Image), After: Clear),
            new("incus-compose up", ComposeUp, After: Clear),
            new("incus launch in a loop", LaunchAllAsync, After: Clear),
        };
        if (hasBenchmark)
            contenders.Add(new("incus-benchmark launch", () => Command.RunAsync("incus-benchmark", "launch", $"--count={Count}", Image), After: Clear));
        var up = await Measure.InTurnsAsync(rounds, [.. contenders]);
        foreach (var times in up)
            report.Add($"{Count} containers up", times);
        report.AtMost("up / API floor", up[1].Median / up[0].Median, 1.15);
        report.AtLeast("incus launch in a loop / up", up[2].Median / up[1].Median, 1.7);
        if (hasBenchmark)
        {
            report.AtLeast("incus-benchmark / up", up[3].Median / up[1].Median, 1.25);
            // What is left to win: no client can be quicker than the floor.
            report.Beside("incus-benchmark / API floor", up[3].Median / up[0].Median);
        }
        else
            report.Missing("incus-benchmark / up", "it is not installed (package incus-extra)");

        // Both take down the same thing: what a stack's up has made.
        var down = await Measure.InTurnsAsync(
            rounds,
            new("API, all at once", () => server.DeleteAsync(Names), Before: ComposeUp),
            new("incus-compose down", ComposeDown, Before: ComposeUp));
        foreach (var times in down)
            report.Add($"{Count} containers down", times);
        report.AtMost("down / API floor", down[1].Median / down[0].Median, 1.2);
    }

    private static async Task LaunchAllAsync()
    {
        foreach (var name in Names)
            await Command.RunAsync("incus", "launch", Image, name, "--quiet");
    }
}
