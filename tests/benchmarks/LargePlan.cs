using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace IncusCompose.Benchmarks;

/// <summary>
/// A plan for 500 and for 1,000 instances that are there, against reading the same lists and nothing else: what it takes must
/// grow as the stack does. Only the first instance is made by the command; the others are its like, made by the bare API and
/// never started, so that the machine measures plans and not containers. The plan says that it would start them.
/// </summary>
internal static class LargePlan
{
    private const string Stack = "large";
    private const string Image = "busybox";
    private const string Pool = "benchlarge";
    private const string Mark = "user.incus-compose.";

    /// <summary>How many are made at one time: more than that the server makes no faster.</summary>
    private const int Together = 8;

    private static readonly string[] Lists =
    [
        "/1.0",
        "/1.0/projects/default",
        "/1.0/storage-pools?recursion=1",
        $"/1.0/storage-pools/{Pool}/volumes/custom?recursion=1",
        "/1.0/networks?recursion=1",
        "/1.0/profiles?recursion=1",
        "/1.0/images?recursion=1",
        "/1.0/instances?recursion=1",
    ];

    public static async Task MeasureAsync(RawServer server, Report report, int rounds)
    {
        using var one = StackFile.Of(Text(1));
        await Command.RunAsync(Command.IncusCompose, "up", "-f", one.Path, "--yes");
        try
        {
            await Command.RunAsync(Command.IncusCompose, "stop", "-f", one.Path);
            var small = await MeasureAsync(500);
            var large = await MeasureAsync(1000);
            report.AtMost("plan for 1000 instances / plan for 500, process start taken off", large.Plan / small.Plan, 2.2);
            report.Beside("API lists of 1000 instances / of 500", large.Lists / small.Lists);
            report.Beside("(plan - process start) / API lists, 500 instances", small.Plan / small.Lists);
            report.Beside("(plan - process start) / API lists, 1000 instances", large.Plan / large.Lists);
        }
        finally
        {
            await server.ClearAsync();
            await Command.RunAsync(Command.IncusCompose, "down", "-f", one.Path, "--yes", "--volumes", "--pools");
        }

        async Task<(double Plan, double Lists)> MeasureAsync(int count)
        {
            await FillAsync(server, count);
            using var stack = StackFile.Of(Text(count));
            // 2: there is something to do, which is to start them.
            Task Plan() => Command.EndsAsync(2, Command.IncusCompose, "plan", "-f", stack.Path);
            var times = await Measure.InTurnsAsync(
                rounds * 2,
                new("API lists, all at once", () => server.ReadAsync(Lists)),
                new("incus-compose version", () => Command.RunAsync(Command.IncusCompose, "version")),
                new("incus-compose plan", Plan));
            foreach (var time in times)
                report.Add($"{count} instances", time);
            return (times[2].Median - times[1].Median, times[0].Median);
        }
    }

    private static string NameOf(int number) => $"node{number}";

    /// <summary>Twenty lines for each instance, the same for all: the marks of one fit all of them.</summary>
    private static string Text(int count)
    {
        var text = new StringBuilder($"name: {Stack}\nstorage_pools: {{ {Pool}: {{ driver: btrfs, config: {{ size: 8GiB }} }} }}\nvolumes: {{ shared: {{ pool: {Pool} }} }}\ninstances:\n");
        for (var number = 1; number <= count; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                  {{NameOf(number)}}:
                    image: {{Image}}
                    description: One of ${PLACE:-the shop}
                    disk: {pool: {{Pool}}}
                    cpu: 2
                    memory: 512MiB
                    processes: 500
                    autostart: false
                    environment:
                      TIER: front
                      LOG_LEVEL: ${LOG_LEVEL:-info}
                    labels: {tier: front}
                    volumes:
                      - "shared:/srv/shared:ro"
                    snapshots:
                      schedule: "@daily"
                      expiry: 1w
                    healthcheck:
                      tcp: 80
                      interval: 10s
                      retries: 3

                """);
        }
        return text.ToString();
    }

    /// <summary>Makes those that are missing, as the first one is.</summary>
    private static async Task FillAsync(RawServer server, int count)
    {
        var model = await server.FindAsync($"/1.0/instances/{NameOf(1)}");
        var known = (await server.FindAsync("/1.0/instances")).AsArray().Count;
        Console.Error.WriteLine($"making {count - known} instances");
        await Parallel.ForEachAsync(Enumerable.Range(known + 1, count - known), new ParallelOptions { MaxDegreeOfParallelism = Together }, async (number, _) =>
        {
            var config = new JsonObject();
            foreach (var (key, value) in model["config"]!.AsObject().Where(entry => !entry.Key.StartsWith("volatile.", StringComparison.Ordinal) && !entry.Key.StartsWith("image.", StringComparison.Ordinal)))
                config[key] = value!.GetValue<string>();
            foreach (var key in (string[])["key", "resource"])
                config[Mark + key] = config[Mark + key]!.GetValue<string>().Replace(NameOf(1), NameOf(number), StringComparison.Ordinal);
            await server.MakeAsync(new JsonObject
            {
                ["name"] = NameOf(number),
                ["description"] = model["description"]!.GetValue<string>(),
                ["profiles"] = model["profiles"]!.DeepClone(),
                ["config"] = config,
                ["devices"] = model["devices"]!.DeepClone(),
                ["source"] = new JsonObject { ["type"] = "image", ["alias"] = Image },
            });
        });
    }
}
