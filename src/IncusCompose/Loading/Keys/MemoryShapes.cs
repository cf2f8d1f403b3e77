using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Memory. Source: Incus doc/reference/instance_options.md, "Resource limits" and "Huge page limits".</summary>
internal static class MemoryShapes
{
    /// <summary>The value of <c>memory</c>.</summary>
    public static ConfigShape Memory { get; } = new ConfigShape()
        .Short("limits.memory", CommonShapes.SizeOrPercentage)
        .Value("limit", "limits.memory", CommonShapes.SizeOrPercentage, "The most memory it may use")
        .Value("enforce", "limits.memory.enforce", OptionScalars.Choice("hard", "soft"), "`soft` lets it use more while the host has some to spare; `hard` where the key is missing", InstanceType.Container)
        .Value("swap", "limits.memory.swap", FlagOrSize("a size such as `512MiB`, `true` or `false`"), "Whether it may be swapped out, or how much swap it may use besides its memory", InstanceType.Container)
        .Value("swap_priority", "limits.memory.swap.priority", OptionScalars.Number("a number from `0` to `10`", 0, 10), "The higher, the later it is swapped out; 10 where the key is missing", InstanceType.Container)
        .Group("hugepages", HugePages(), "Huge pages: whether a virtual machine's memory is made of them, or how much a container may use of each size")
        .Value("hotplug", "limits.memory.hotplug", FlagOrSize("a size such as `16GiB`, `true` or `false`"), "Up to which size the memory of a running machine can be raised, or whether it can be", InstanceType.VirtualMachine, "limits_memory_hotplug")
        .Value("oom_priority", "limits.memory.oom_priority", OptionScalars.Number("a number from `-1000` to `1000`", -1000, 1000), "The higher, the sooner it is ended where the host's memory is used up", needs: "instance_limits_oom")
        .Foreign("max", "write `limit`")
        .Foreign("swap.priority", "write `swap_priority`");

    private static ConfigShape HugePages()
    {
        var pages = new ConfigShape()
            .Short("limits.memory.hugepages", OptionScalars.Flag)
            .Flag("enabled", "limits.memory.hugepages", "Whether a virtual machine's memory is made of huge pages", InstanceType.VirtualMachine);
        foreach (var size in (string[])["64KB", "1MB", "2MB", "1GB"])
            pages.Value(size, $"limits.hugepages.{size}", CommonShapes.Size, $"How much a container may use in pages of {size}", InstanceType.Container);
        return pages;
    }

    private static ScalarShape<string> FlagOrSize(string wanted) => new(wanted, text => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => new("true"),
        "false" or "no" or "off" => new("false"),
        _ when CommonShapes.Size.Accepts(text) => new(text),
        _ => new("", "is neither a size that Incus knows nor true or false", ByteSize.Correct(text) is { } correct ? $"write `{correct}`" : null),
    })
    { ProblemId = "BadSize", Pattern = $"{Scalars.Boolean.Pattern}|{CommonShapes.Size.Pattern}" };
}
