using System.Globalization;
using IncusCompose.Definition;

namespace IncusCompose.Logs;

/// <summary>Points in time as people write them for a log.</summary>
public static class LogTime
{
    /// <summary>
    /// Reads a time: how long ago (<c>10m</c>, <c>1h30m</c>), a date with or without a time (<c>2026-01-31</c>,
    /// <c>2026-01-31T08:00:00</c>, local unless it says otherwise), a time of today (<c>08:00</c>), or seconds since 1970.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="now">The present.</param>
    /// <param name="time">The time.</param>
    /// <returns>False where the text is none of these.</returns>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        // More digits than any length of time has: since 1970.
        if (text.Length is 9 or 10 or 11 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            time = DateTimeOffset.FromUnixTimeSeconds(seconds);
            return true;
        }

        if (Duration.TryParse(text, out var ago))
        {
            time = now - ago;
            return true;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out time);
    }
}
