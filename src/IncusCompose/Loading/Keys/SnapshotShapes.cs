using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Snapshots that the server takes by itself.</summary>
internal static partial class SnapshotShapes
{
    // Source: Incus internal/instance/config.go and internal/server/storage/utils.go, snapshots.schedule.
    private static readonly string[] VolumeWords = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@annually", "@yearly"];
    private static readonly string[] InstanceWords = [.. VolumeWords, "@startup", SnapshotsDefinition.NeverWord];
    private static readonly (int Least, int Most)[] Ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

    /// <summary>The value of an instance's <c>snapshots</c>.</summary>
    public static FormsShape<SnapshotsDefinition> OfInstance { get; } = Form(InstanceWords, mapping => mapping
        .Add("stopped", Scalars.Boolean, "Whether they are taken while it is stopped, too", (snapshots, value) => snapshots with { Stopped = value }));

    /// <summary>The value of a volume's <c>snapshots</c>.</summary>
    public static FormsShape<SnapshotsDefinition> OfVolume { get; } = Form(VolumeWords, mapping => mapping);

    private static FormsShape<SnapshotsDefinition> Form(string[] words, Func<ObjectShape<SnapshotsDefinition>, ObjectShape<SnapshotsDefinition>> complete)
    {
        var schedule = new ScalarShape<string>("a schedule such as `@daily` or `0 3 * * *`", text => ParseSchedule(text, words)) { ProblemId = "BadSchedule" };
        var expiry = new ScalarShape<string>("a time such as `14d` or `1m 2w` (`M` minutes, `H` hours, `d`, `w`, `m` months, `y`)", ParseExpiry) { ProblemId = "BadExpiry", Pattern = "^[0-9]+[MHdwmy]( [0-9]+[MHdwmy])*$" };
        var pattern = new ScalarShape<string>("a template such as `nightly-%d`", ParsePattern) { ProblemId = "BadPattern", Pattern = "^[^/]*\\S[^/]*$" };
        return new FormsShape<SnapshotsDefinition>
        {
            Scalar = schedule.As(value => new SnapshotsDefinition { Schedule = value }),
            Mapping = complete(new ObjectShape<SnapshotsDefinition>(_ => new SnapshotsDefinition())
                .Add("schedule", schedule, "When: five fields as in crontab, or " + string.Join(", ", words.Select(word => $"`{word}`")), (snapshots, value) => snapshots with { Schedule = value })
                .Add("expiry", expiry, "How long each is kept; until it is deleted where the key is missing", (snapshots, value) => snapshots with { Expiry = value })
                .Add("manual_expiry", expiry, "How long those are kept that are taken by hand; until they are deleted where the key is missing", (snapshots, value) => snapshots with { ManualExpiry = value },
                    stands: new ConfigWord("snapshots.manual_expiry", SnapshotsDefinition.ManualExpiryKey) { Extension = "snapshot_manual_expiry" })
                .Add("pattern", pattern, "What each is called: a Pongo2 template, `%d` for a number; `" + SnapshotsDefinition.DefaultPattern + "` where the key is missing", (snapshots, value) => snapshots with { Pattern = value })
                .Foreign("keep", "write `expiry`: the server knows an age, no number")
                .Foreign("retention", "write `expiry`")),
        };
    }

    /// <summary>As the server reads it: words, or five fields; several with a comma and a blank between them.</summary>
    private static Parsed<string> ParseSchedule(string text, string[] words)
    {
        foreach (var part in text.Split(", "))
        {
            if (part.StartsWith('@'))
            {
                if (!words.Contains(part, StringComparer.OrdinalIgnoreCase))
                    return new("", "is not a schedule that is known here", Diagnostics.Suggestions.DidYouMean(part, words, $"write {string.Join(" or ", words.Select(word => $"`{word}`"))}"));
                continue;
            }

            var fields = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length != Ranges.Length || !fields.All(field => Field().IsMatch(field)))
                return new("", "is neither five fields (minute, hour, day, month, weekday) nor a word such as `@daily`");
            foreach (var (field, (least, most)) in fields.Zip(Ranges))
            {
                if (Number().Matches(field).Select(match => int.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault(number => number < least || number > most, -1) is >= 0 and var wrong)
                    return new("", $"has {wrong} where {least} to {most} can stand");
            }
        }

        return new(text);
    }

    private static Parsed<string> ParseExpiry(string text)
    {
        var parts = text.Split(' ');
        return !parts.All(part => Expiry().IsMatch(part)) ? new("", "is not a time as Incus writes it")
            : parts.DistinctBy(part => part[^1]).Count() < parts.Length ? new("", "has one unit twice")
            : new(text);
    }

    private static Parsed<string> ParsePattern(string text) =>
        string.IsNullOrWhiteSpace(text) ? new("", "is blank")
        : text.Split("%d").Length > 2 ? new("", "has `%d` twice", "write it once")
        : text.Contains('/', StringComparison.Ordinal) ? new("", "has a slash, which no snapshot's name can have")
        : new(text);

    [GeneratedRegex(@"^[0-9A-Za-z*,/#?-]+\z")]
    private static partial Regex Field();

    // Not the step of a range, which may be larger.
    [GeneratedRegex("(?<![0-9A-Za-z/#])[0-9]{1,4}(?![0-9#])")]
    private static partial Regex Number();

    [GeneratedRegex(@"^[0-9]{1,6}[MHdwmy]\z")]
    private static partial Regex Expiry();
}
