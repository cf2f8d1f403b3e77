using IncusCompose.Benchmarks;

// Started by `./build.sh bench`, which builds bin/ and the module, starts a lab and hands its environment on.
var rounds = 5;
var chosen = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], out var given) && given > 0)
    {
        rounds = given;
        i++;
    }
    else if (args[i] is "up" or "plan" or "start" or "ready" or "checkpoint" or "load" or "large")
    {
        chosen.Add(args[i]);
    }
    else
    {
        Console.Error.WriteLine("usage: benchmarks [up] [plan] [start] [ready] [checkpoint] [load] [large] [--rounds COUNT]");
        return 64;
    }
}

var socket = Environment.GetEnvironmentVariable("INCUS_SOCKET");
if (socket is null)
{
    Console.Error.WriteLine("INCUS_SOCKET names no Incus: run ./build.sh bench, or start a lab (tests/lab/lab start bench) and take over its environment.");
    return 1;
}

using var server = new RawServer(socket);
var report = new Report();
bool Wanted(string name) => chosen.Count == 0 || chosen.Contains(name);
if (Wanted("start"))
    await Starts.MeasureAsync(report, rounds);
if (Wanted("load"))
    await LoadLarge.MeasureAsync(report, rounds);
if (Wanted("up"))
    await UpAndDown.MeasureAsync(server, report, rounds);
if (Wanted("ready"))
    await Ready.MeasureAsync(server, report, rounds);
if (Wanted("plan"))
    await NoChangePlan.MeasureAsync(server, report, rounds);
if (Wanted("checkpoint"))
    await TenCheckpointed.MeasureAsync(server, socket, report, rounds);
if (Wanted("large"))
    await LargePlan.MeasureAsync(server, report, rounds);
return report.Write(Console.Out) ? 0 : 1;
