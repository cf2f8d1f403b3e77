using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Incus.Client;

/// <summary>
/// Reads progress from the metadata of operations: texts under <c>STAGE_progress</c>, such as
/// <c>rootfs: 45% (12.30MB/s)</c> or <c>Image pack: 3.20GB (80.11MB/s)</c>, and where there is one the object
/// <c>progress</c> with <c>stage</c>, <c>percent</c>, <c>processed</c> and <c>speed</c>, all text.
/// </summary>
internal static partial class ProgressParser
{
    private const string Suffix = "_progress";

    public static IEnumerable<OperationProgress> Parse(OperationInfo operation)
    {
        if (operation.Metadata is not { ValueKind: JsonValueKind.Object } metadata)
            yield break;
        var exact = metadata.TryGetProperty("progress", out var details) && details.ValueKind == JsonValueKind.Object ? details : (JsonElement?)null;
        foreach (var property in metadata.EnumerateObject())
        {
            if (!property.Name.EndsWith(Suffix, StringComparison.Ordinal) || property.Value.ValueKind != JsonValueKind.String)
                continue;
            var stage = property.Name[..^Suffix.Length];
            var text = property.Value.GetString()!;
            var progress = ParseText(operation.Id, stage, text);
            if (exact is { } values && Text(values, "stage") == stage)
            {
                progress = progress with
                {
                    Percent = (int?)Number(values, "percent") ?? progress.Percent,
                    ProcessedBytes = Number(values, "processed") ?? progress.ProcessedBytes,
                    BytesPerSecond = Number(values, "speed") ?? progress.BytesPerSecond,
                };
            }
            yield return progress;
        }
    }

    internal static OperationProgress ParseText(string operation, string stage, string text)
    {
        var percent = PercentPattern().Match(text) is { Success: true } found
            ? Math.Clamp(int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture), 0, 100)
            : (int?)null;
        long? speed = null, processed = null;
        foreach (Match match in SizePattern().Matches(text))
        {
            var bytes = ToBytes(match.Groups["number"].ValueSpan, match.Groups["unit"].Value);
            if (match.Groups["rate"].Success)
                speed = bytes;
            else
                processed ??= bytes;
        }
        return new OperationProgress(operation, stage, text, percent, processed, speed);
    }

    private static long ToBytes(ReadOnlySpan<char> number, string unit)
    {
        // Incus writes powers of 1000 (kB, MB, ...), and has the powers of 1024 (KiB, MiB, ...) for other uses.
        var factor = unit.EndsWith("iB", StringComparison.Ordinal) ? 1024.0 : 1000.0;
        var power = unit.Length == 1 ? 0 : 1 + "KMGTPE".IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal);
        return (long)(double.Parse(number, CultureInfo.InvariantCulture) * Math.Pow(factor, power));
    }

    private static string? Text(JsonElement values, string name) =>
        values.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement values, string name)
    {
        if (!values.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
            return number;
        return value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), CultureInfo.InvariantCulture, out number) ? number : null;
    }

    [GeneratedRegex(@"(\d{1,3})%")]
    private static partial Regex PercentPattern();

    [GeneratedRegex(@"(?<number>\d+(?:\.\d+)?)(?<unit>(?:[kKMGTPE]i?)?B)(?<rate>/s)?")]
    private static partial Regex SizePattern();
}
