using System.Globalization;

namespace IncusCompose.Definition;

/// <summary>
/// Amounts of data as Incus writes them: a whole number and one of its units, such as <c>512MiB</c> or <c>10GB</c>;
/// without a unit, bytes. Source: Incus shared/units/units.go and doc/reference/instance_units.md.
/// </summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Factor)[] s_units =
    [
        ("B", 1),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("PB", 1_000_000_000_000_000), ("EB", 1_000_000_000_000_000_000),
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("PiB", 1L << 50), ("EiB", 1L << 60),
    ];

    /// <summary>The number of bytes; false where Incus would not take the text.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var (number, unit) = Split(text);
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && TryFactor(unit, out var factor)
            && TryMultiply(count, factor, out bytes);
    }

    /// <summary>What to write instead of a size that Incus would not take (compose's <c>512m</c>, <c>1.5GiB</c>, <c>10 gb</c>); null where that cannot be told.</summary>
    public static string? Correct(string text)
    {
        var (number, unit) = Split(text.Trim());
        // Compose counts in powers of 1024 whatever the unit is called; 10GB is Incus's own word and never comes here.
        var meant = unit.Trim().ToLowerInvariant() switch
        {
            "b" or "bytes" => "B",
            "k" or "kb" or "kib" or "ki" => "KiB",
            "m" or "mb" or "mib" or "mi" => "MiB",
            "g" or "gb" or "gib" or "gi" => "GiB",
            "t" or "tb" or "tib" or "ti" => "TiB",
            "p" or "pb" or "pib" or "pi" => "PiB",
            _ => null,
        };
        if (meant is null || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count > int.MaxValue)
            return null;
        while (count != decimal.Truncate(count))
        {
            var smaller = meant switch { "PiB" => "TiB", "TiB" => "GiB", "GiB" => "MiB", "MiB" => "KiB", _ => null };
            if (smaller is null)
                return null;
            (count, meant) = (count * 1024, smaller);
        }

        return count.ToString("0", CultureInfo.InvariantCulture) + meant;
    }

    private static (string Number, string Unit) Split(string text)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        return (text[..end], text[end..]);
    }

    private static bool TryFactor(string unit, out long factor)
    {
        // " bytes" is the form in which Incus prints what has no other unit.
        factor = unit is "" or " bytes" ? 1 : s_units.FirstOrDefault(known => known.Unit == unit).Factor;
        return factor != 0;
    }

    private static bool TryMultiply(long count, long factor, out long product)
    {
        product = unchecked(count * factor);
        return count == 0 || (product / count == factor && product >= 0);
    }
}
