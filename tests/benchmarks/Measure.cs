using System.Diagnostics;

namespace IncusCompose.Benchmarks;

/// <summary>One way to reach something: what is timed, and what puts things back for the next one.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Run">What is timed.</param>
/// <param name="Before">What makes ready for it; not timed.</param>
/// <param name="After">What puts things back; not timed.</param>
internal sealed record Contender(string Name, Func<Task> Run, Func<Task>? Before = null, Func<Task>? After = null);

/// <summary>Times that were measured for one contender, in milliseconds.</summary>
internal sealed class Times(string name)
{
    private readonly List<double> _milliseconds = [];

    public string Name { get; } = name;

    public void Add(TimeSpan time) => _milliseconds.Add(time.TotalMilliseconds);

    public double Median
    {
        get
        {
            var sorted = _milliseconds.Order().ToList();
            var middle = sorted.Count / 2;
            return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public double Least => _milliseconds.Min();

    public double Most => _milliseconds.Max();

    public int Count => _milliseconds.Count;
}

internal static class Measure
{
    /// <summary>
    /// Times contenders in turns, A B C A B C: what the machine does besides falls on all of them alike.
    /// One turn before the first is not counted: it fills caches for all.
    /// </summary>
    public static async Task<IReadOnlyList<Times>> InTurnsAsync(int rounds, params Contender[] contenders)
    {
        var times = contenders.Select(contender => new Times(contender.Name)).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                if (contenders[i].Before is { } before)
                    await before();
                var clock = Stopwatch.StartNew();
                await contenders[i].Run();
                var time = clock.Elapsed;
                if (contenders[i].After is { } after)
                    await after();
                if (round > 0)
                    times[i].Add(time);
                Console.Error.WriteLine($"{(round > 0 ? $"{round}/{rounds}" : "warm")}  {contenders[i].Name}  {time.TotalMilliseconds:0} ms");
            }
        }
        return times;
    }
}
