using System.Collections.Immutable;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>The root disk. Source: Incus doc/reference/devices_disk.md.</summary>
internal static partial class DiskShapes
{
    /// <summary>The one word that is the instance's, not the disk's.</summary>
    public const string PriorityKey = "limits.disk.priority";

    /// <summary>Bytes or operations in a second, or both.</summary>
    public static ScalarShape<string> Rate { get; } = new("a size in each second such as `30MB`, or operations such as `200iops`", text =>
        Operations().IsMatch(text) || CommonShapes.Size.Accepts(text) || AreBoth(text.Split(','))
            ? new(text)
            : new("", "is neither a size nor a number of operations", ByteSize.Correct(text) is { } correct ? $"write `{correct}`" : null))
    { ProblemId = "BadSize", Pattern = "^[0-9]{1,18}iops$|" + CommonShapes.Size.Pattern + "|^[0-9]{1,18}iops," + CommonShapes.Size.Pattern![1..] + "|" + CommonShapes.Size.Pattern[..^1] + ",[0-9]{1,18}iops$" };

    private static bool AreBoth(string[] parts) => parts is [var one, var other]
        && ((Operations().IsMatch(one) && CommonShapes.Size.Accepts(other)) || (Operations().IsMatch(other) && CommonShapes.Size.Accepts(one)));

    /// <summary>The value of <c>disk</c>: options of the disk, and <see cref="PriorityKey"/>.</summary>
    public static ConfigShape Disk { get; } = new ConfigShape()
        .Short("size", CommonShapes.Size)
        .Value("size", "size", CommonShapes.Size, "The root disk's size")
        .Value("pool", "pool", Scalars.Word("a storage pool's name"), "The storage pool that it lies on")
        .Group("io", new ConfigShape()
            .Value("read", "limits.read", Rate, "How fast it is read at most")
            .Value("write", "limits.write", Rate, "How fast it is written at most")
            .Value("max", "limits.max", Rate, "Both at once"), "How fast it is at most")
        .Value("priority", PriorityKey, OptionScalars.Number("a number from `0` to `10`", 0, 10), "Who comes first where several use the host's disks; 5 where the key is missing")
        .Names("initial", "initial.", new MapShape<string>(CommonShapes.ConfigValue, "block.filesystem: xfs"), "How its volume is made; nothing once it is there")
        .Value("state_size", "size.state", CommonShapes.Size, "The size of the disk that keeps what is in memory", InstanceType.VirtualMachine)
        .Value("bus", "io.bus", OptionScalars.Choice("virtio-scsi", "virtio-blk", "nvme", "usb", "auto"), "How the machine sees it", InstanceType.VirtualMachine)
        .Value("cache", "io.cache", OptionScalars.Choice("none", "metadata", "writeback", "unsafe"), "What the host keeps of it in memory", InstanceType.VirtualMachine)
        .Value("boot_priority", "boot.priority", OptionScalars.Number("a whole number such as `10`", 0, int.MaxValue), "Of several disks and interfaces, the machine starts from the one with the highest", InstanceType.VirtualMachine)
        .Foreign("limits", "write `io`");

    /// <summary>The disk itself, of what <see cref="Disk"/> has read; null where nothing is said of it: the priority is the instance's.</summary>
    public static RootDiskDefinition? RootDisk(ImmutableSortedDictionary<string, string> values) => values.Remove(PriorityKey).IsEmpty ? null : new(values.GetValueOrDefault("size"), values.GetValueOrDefault("pool"))
    {
        Options = Maps.Empty.Overlaid(values.RemoveRange(["size", "pool", PriorityKey])),
    };

    [GeneratedRegex("^[0-9]{1,18}iops\\z")]
    private static partial Regex Operations();
}
