using System.Diagnostics;

namespace IncusCompose.Benchmarks;

/// <summary>One way to reach something: what is timed, and what puts things back for the next one.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Run">What is timed.</param>
/// <param name="Before">What makes ready for it; not timed.</param>
/// <param name="After">What puts things back; not timed.</param>
internal sealed record Contender(string Name, Func<Task> Run, Func<Task>? Before = null, Func<Task>? After = null)
{
    public async Task<TimeSpan> TimeAsync()
    {
        if (Before is not null)
            await Before();
        var clock = Stopwatch.StartNew();
        await Run();
        var time = clock.Elapsed;
        if (After is not null)
            await After();
        return time;
    }
}

/// <summary>One way to reach something that takes its time itself.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="TimeAsync">Takes the time, in a round with this number.</param>
internal sealed record Measured(string Name, Func<int, Task<TimeSpan>> TimeAsync);

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
    public static Task<IReadOnlyList<Times>> InTurnsAsync(int rounds, params Contender[] contenders) =>
        MeasuredInTurnsAsync(rounds, [.. contenders.Select(contender => new Measured(contender.Name, _ => contender.TimeAsync()))]);

    /// <summary>Lets contenders that take their times themselves do so in turns.</summary>
    public static async Task<IReadOnlyList<Times>> MeasuredInTurnsAsync(int rounds, params Measured[] contenders)
    {
        var times = contenders.Select(contender => new Times(contender.Name)).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                var time = await contenders[i].TimeAsync(round);
                if (round > 0)
                    times[i].Add(time);
                Console.Error.WriteLine($"{(round > 0 ? $"{round}/{rounds}" : "warm")}  {contenders[i].Name}  {time.TotalMilliseconds:0} ms");
            }
        }
        return times;
    }
}
