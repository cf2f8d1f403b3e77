using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>
/// Raw configuration by the rules of the words that stand for its keys: there is one table of what a value may be, that of
/// the words, and beside it what Incus takes and no word says.
/// </summary>
internal static partial class RawValues
{
    private static readonly (string Key, string Word)[] s_snapshots =
    [
        ("snapshots.schedule", "schedule"), ("snapshots.expiry", "expiry"), (SnapshotsDefinition.ManualExpiryKey, "manual_expiry"), ("snapshots.pattern", "pattern"),
    ];

    // Their addresses are judged where they are compared with one another.
    private static readonly (string Key, string Word)[] s_network = [("bridge.mtu", "mtu"), ("mtu", "mtu"), ("vlan", "vlan")];

    /// <summary>What is wrong with a value, to follow its key in a sentence, and what to do; null where nothing is, or no word stands for the key.</summary>
    /// <param name="entity">Incus's kind of thing: <c>instance</c>, <c>network_bridge</c>, <c>storage_volume_zfs</c>.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; an empty or blank one says as much as none.</param>
    public static (string Problem, string Advice)? ComplaintOf(string entity, string key, string value)
    {
        if (string.IsNullOrWhiteSpace(value) || (entity != "project" && IsMoreThanItsWordSays(key, value)))
            return null;
        if ((entity, key) is ("instance", "limits.memory") && (value == "0%" || (ByteSize.TryParse(value, out var bytes) && bytes == 0)))
            return ("is no memory at all, which Incus does not take", "remove it for no limit");
        if (key == "snapshots.schedule")
            value = string.Join(", ", value.Split(", ").Where(part => !IsLongSchedule(part)));
        return entity.Split('_') switch
        {
            ["instance"] => By(SnapshotShapes.OfInstance, s_snapshots) ?? OfOptions(),
            ["network", "bridge" or "ovn" or "macvlan" or "sriov" or "physical"] => By(NetworkShapes.Network, s_network),
            ["storage", "volume", ..] => key == "size" ? CommonShapes.Size.ComplaintOf(value) : By(SnapshotShapes.OfVolume, s_snapshots),
            ["storage", "bucket", ..] => key == "size" ? CommonShapes.Size.ComplaintOf(value) : null,
            ["project"] => ProjectShapes.ComplaintOf(key, value),
            _ => null,
        };

        (string, string)? OfOptions() =>
            OptionWords.Groups.Select(group => group.Shape).Prepend(DiskShapes.Disk).Select(shape => shape.ComplaintOf(key, value)).FirstOrDefault(complaint => complaint is not null);

        (string, string)? By(Shape shape, (string Key, string Word)[] words) =>
            words.FirstOrDefault(word => word.Key == key).Word is { } word ? shape.Inside(word)?.ComplaintOf(value) : null;
    }

    /// <summary>
    /// True for a value that Incus takes though the word for its key does not. Source: Incus internal/instance/config.go,
    /// internal/instance/expiry.go and shared/validate/validate.go of 6.0 to 7.
    /// </summary>
    private static bool IsMoreThanItsWordSays(string key, string value) => key switch
    {
        // More than there is, as a machine that may swap.
        "limits.memory" => Percentage().IsMatch(value),
        // Sockets, cores and threads by name.
        "limits.cpu" => value.Contains('=', StringComparison.Ordinal),
        "limits.cpu.allowance" => TimesWithoutUnit().IsMatch(value),
        "migration.incremental.memory.goal" => uint.TryParse(value, out _),
        "boot.host_shutdown_timeout" or "boot.autostart.delay" or InstanceDefinition.BootPriorityKey or "boot.stop.priority" => long.TryParse(value, out _),
        "snapshots.schedule" => value.Split(", ").All(IsLongSchedule),
        "snapshots.expiry" or SnapshotsDefinition.ManualExpiryKey => IsTime(value.Trim().Split(' ')),
        // Incus hands them on to LXC, which reads numbers as C does.
        _ when key.StartsWith("limits.kernel.", StringComparison.Ordinal) => KernelLimit().IsMatch(value),
        _ => false,
    };

    // Seconds, too.
    private static bool IsTime(string[] parts) => parts.All(part => Time().IsMatch(part)) && parts.DistinctBy(part => part[^1]).Count() == parts.Length;

    // Incus 7 reads schedules by a library that also knows seconds, years and some words of its own.
    private static bool IsLongSchedule(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) switch
    {
        [var word] => Word().IsMatch(word),
        { Length: 6 or 7 } => true,
        var fields => text.Contains('\t', StringComparison.Ordinal) && fields.Length == 5,
    };

    [GeneratedRegex(@"^[0-9]*[1-9][0-9]*%\z")]
    private static partial Regex Percentage();

    [GeneratedRegex(@"^[0-9]+(ms)?/[0-9]+(ms)?\z")]
    private static partial Regex TimesWithoutUnit();

    [GeneratedRegex("^[0-9]+[SMHdwmy]\\z")]
    private static partial Regex Time();

    [GeneratedRegex(@"^\s*([+-]?[0-9]+|unlimited)\s*(:\s*([+-]?[0-9]+|unlimited)\s*)?\z")]
    private static partial Regex KernelLimit();

    [GeneratedRegex("^@(always|everysecond|(5|10|15|30)minutes)\\z", RegexOptions.IgnoreCase)]
    private static partial Regex Word();
}
