using System.Collections.Concurrent;
using System.Text;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// Documents changed at random, tried on all processors. INCUS_COMPOSE_MUTATIONS sets how many each test tries, and
/// INCUS_COMPOSE_MUTATIONS_FROM with which one it begins: other numbers are other documents, the same ones are the same everywhere.
/// </summary>
internal static class Mutations
{
    /// <summary>
    /// What loading one document twice and writing it twice may allocate. Time is not asserted, but what takes long on a
    /// document of a few kilobytes allocates long, too.
    /// </summary>
    private const long MostAllocated = 256L * 1024 * 1024;

    private const int MostFailures = 10;

    /// <summary>Tries documents.</summary>
    /// <param name="usually">How many, where the environment says nothing else.</param>
    /// <param name="prepare">Makes what a thread needs for itself.</param>
    /// <param name="make">Makes the one with a number, from what the generator says.</param>
    /// <param name="attempt">Tries it; true where it was a good one.</param>
    /// <returns>How many were tried and how many of them were good.</returns>
    public static (int Tried, int Good) Try<T>(int usually, Func<T> prepare, Func<Random, string[]> make, Func<Random, string[], T, bool> attempt)
        where T : IDisposable
    {
        var count = Number("INCUS_COMPOSE_MUTATIONS") ?? usually;
        var first = Number("INCUS_COMPOSE_MUTATIONS_FROM") ?? 0;
        var good = 0;
        var failures = new ConcurrentQueue<string>();
        using var own = new ThreadLocal<T>(prepare, trackAllValues: true);
        try
        {
            Parallel.For(first, first + count, (number, loop) =>
            {
                var random = new Random(number);
                var texts = make(random);
                try
                {
                    var mine = own.Value!;
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    if (attempt(random, texts, mine))
                        Interlocked.Increment(ref good);
                    var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                    Assert.True(allocated <= MostAllocated, $"It allocates {allocated / 1024 / 1024} MiB.");
                }
                catch (Exception error)
                {
                    failures.Enqueue($"Number {number}: {error}\n{string.Join("\n---\n", texts)}");
                    if (failures.Count >= MostFailures)
                        loop.Stop();
                }
            });
        }
        finally
        {
            foreach (var value in own.Values)
                value.Dispose();
        }

        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
        return (count, good);
    }

    /// <summary>Changes a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">How many changes there are, at most.</param>
    /// <param name="parts">What is put in.</param>
    /// <param name="others">Texts of which pieces are put in.</param>
    /// <param name="random">Decides.</param>
    public static string Change(string text, int most, string[] parts, string[] others, Random random)
    {
        var changed = new StringBuilder(text);
        // One change alone leaves most of the text as it was, so that what is behind the parser is tried too.
        for (var changes = random.Next(2) == 0 ? 1 : random.Next(1, most + 1); changes > 0; changes--)
        {
            var at = random.Next(changed.Length + 1);
            switch (random.Next(6))
            {
                case 0 or 1:
                    changed.Insert(at, Pick(parts, random));
                    break;
                case 2:
                    changed.Remove(at, Math.Min(random.Next(1, 20), changed.Length - at));
                    break;
                case 3:
                    var other = Pick(others, random);
                    var from = random.Next(other.Length);
                    changed.Insert(at, other.AsSpan(from, random.Next(other.Length - from)));
                    break;
                case 4:
                    changed.Insert(at, new string((char)random.Next(1, 256), random.Next(1, 5)));
                    break;
                default:
                    // A value in another one's place: whole lines stay YAML more often than pieces of them.
                    SwapLines(changed, random);
                    break;
            }
        }

        return changed.ToString();
    }

    public static T Pick<T>(IReadOnlyList<T> items, Random random) => items[random.Next(items.Count)];

    private static void SwapLines(StringBuilder text, Random random)
    {
        var lines = text.ToString().Split('\n');
        var (a, b) = (random.Next(lines.Length), random.Next(lines.Length));
        if (lines[a].IndexOf(':', StringComparison.Ordinal) is >= 0 and var first && lines[b].IndexOf(':', StringComparison.Ordinal) is >= 0 and var second)
            (lines[a], lines[b]) = (lines[a][..first] + lines[b][second..], lines[b][..second] + lines[a][first..]);
        text.Clear().AppendJoin('\n', lines);
    }

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
}
