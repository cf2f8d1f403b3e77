using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IncusCompose.Definition;

/// <summary>Lengths of time as compose files write them: <c>90s</c>, <c>1m30s</c>, <c>500ms</c>; a number alone is seconds.</summary>
internal static partial class Duration
{
    private static readonly (string Unit, long Ticks)[] s_units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond),
    ];

    private static readonly TimeSpan s_longestTimer = TimeSpan.FromMilliseconds(int.MaxValue);

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        if (Number().IsMatch(text))
            return Add(text, "s", ref value);
        if (text.Length == 0 || !Whole().IsMatch(text))
            return false;
        foreach (Match part in Part().Matches(text))
        {
            if (!Add(part.Groups["number"].Value, part.Groups["unit"].Value, ref value))
                return false;
        }

        return true;
    }

    /// <summary>The shortest text that reads back as the same length of time.</summary>
    public static string Format(TimeSpan value)
    {
        var text = new StringBuilder();
        var rest = value.Ticks;
        foreach (var (unit, ticks) in s_units)
        {
            if (rest / ticks is > 0 and var count)
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
            rest %= ticks;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    /// <summary>A length of time as timers take it: not negative, and no more than the longest that they know, which nobody waits for.</summary>
    public static TimeSpan Bounded(TimeSpan value) =>
        value < TimeSpan.Zero ? TimeSpan.Zero : value > s_longestTimer ? s_longestTimer : value;

    // A day more than anybody waits keeps sums of two from overflowing.
    private static bool Add(string number, string unit, ref TimeSpan value)
    {
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            return false;
        var seconds = (count * s_units.First(known => known.Unit == unit).Ticks / TimeSpan.TicksPerSecond) + value.TotalSeconds;
        if (seconds > TimeSpan.SecondsPerDay * 365L)
            return false;
        value = TimeSpan.FromMicroseconds(Math.Round(seconds * 1_000_000));
        return true;
    }

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)?\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"^([0-9]+(\.[0-9]+)?(d|h|ms|us|m|s))+\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"(?<number>[0-9]+(\.[0-9]+)?)(?<unit>d|h|ms|us|m|s)")]
    private static partial Regex Part();
}
