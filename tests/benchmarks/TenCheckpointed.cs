using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Yaml;

namespace IncusCompose.Benchmarks;

/// <summary>
/// A checkpoint of ten running containers on btrfs, against the snapshots (and copies) alone by the bare API and all at
/// once. The engine is measured as a PowerShell session has it, connection included; the command, which starts anew each
/// time, beside it.
/// </summary>
internal static class TenCheckpointed
{
    private const int Count = 10;
    private const string Image = "busybox";
    private const string Pool = "benchcow";
    private const string Stack = "kept";
    private const string Name = "bench";

    private static readonly string[] Names = [.. Enumerable.Range(1, Count).Select(i => $"kept{i}")];

    public static async Task MeasureAsync(RawServer server, string socket, Report report, int rounds)
    {
        using var stack = StackFile.On(Pool, Stack, Names, Image);
        var engine = new ComposeEngine(new YamlDocumentFormat());

        async Task TakeAsync(bool copies)
        {
            await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(socket));
            await engine.TakeCheckpointAsync(client, Stack, new CheckpointOptions { Name = Name, KeepCopies = copies });
        }

        Task Command(params string[] arguments) => Benchmarks.Command.RunAsync(Benchmarks.Command.IncusCompose, [.. arguments, "-f", stack.Path]);
        Task Remove() => Command("checkpoint", "remove", Name, "--yes");

        await Command("up");
        try
        {
            var times = await Measure.InTurnsAsync(
                rounds * 2,
                new("API, snapshots all at once", () => server.SnapshotAsync(Names, Name), After: () => server.DeleteSnapshotsAsync(Names, Name)),
                new("engine, snapshots only", () => TakeAsync(copies: false), After: Remove),
                new("API, snapshots and copies all at once", () => server.SnapshotAndCopyAsync(Names, Name, Pool), After: () => server.DeleteCopiesAsync(Names, Name)),
                new("engine, with copies", () => TakeAsync(copies: true), After: Remove),
                new("incus-compose version", () => Benchmarks.Command.RunAsync(Benchmarks.Command.IncusCompose, "version")),
                new("incus-compose checkpoint create --snapshots-only", () => Command("checkpoint", "create", Name, "--snapshots-only"), After: Remove),
                new("incus-compose checkpoint create", () => Command("checkpoint", "create", Name), After: Remove));
            foreach (var time in times)
                report.Add($"checkpoint of {Count} containers on btrfs", time);
            report.AtMost("checkpoint, snapshots only / API floor", times[1].Median / times[0].Median, 1.3);
            report.AtMost("checkpoint with copies / API floor", times[3].Median / times[2].Median, 1.3);
            report.Beside("(checkpoint create --snapshots-only - process start) / API floor", (times[5].Median - times[4].Median) / times[0].Median);
            report.Beside("(checkpoint create - process start) / API floor", (times[6].Median - times[4].Median) / times[2].Median);
        }
        finally
        {
            await Command("down", "--yes", "--volumes", "--pools");
        }
    }
}
