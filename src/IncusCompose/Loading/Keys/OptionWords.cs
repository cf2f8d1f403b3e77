using System.Collections.Immutable;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>
/// Every word of instances and profiles that stands for a key of Incus's instance configuration: the one table of what a
/// word binds to, how it is written back, and what a server needs to know it.
/// </summary>
internal static class OptionWords
{
    private static readonly ConfigWord s_processes = new("processes", "limits.processes") { Only = InstanceType.Container };

    /// <summary>The mappings, by their words, in the order to write them in.</summary>
    public static IReadOnlyList<(string Word, ConfigShape Shape, string Says)> Groups { get; } =
    [
        ("cpu", CpuShapes.Cpu, "How many CPUs, or which"),
        ("memory", MemoryShapes.Memory, "The most memory it may use"),
        ("security", SecurityShapes.Security, "What it may do, and what keeps it apart"),
        ("kernel", KernelShapes.Kernel, "What the host's kernel is to do for it"),
        ("boot", BootShapes.Boot, "What happens when the host starts and stops"),
        ("migration", MigrationShapes.Migration, "How it is moved to another host"),
        ("nvidia", NvidiaShapes.Nvidia, "Whether the host's NVIDIA libraries are there in it"),
        ("agent", AgentShapes.Agent, "Incus's agent in a virtual machine"),
        ("oci", OciShapes.Oci, "What a container from an OCI image runs"),
        ("raw", RawShapes.Raw, "What Incus hands on to LXC, QEMU and the kernel as it is"),
    ];

    /// <summary>Every word with its path below an instance; those of one key in the order in which they are looked for.</summary>
    public static IReadOnlyList<ConfigWord> All { get; } =
    [
        new("autostart", InstanceDefinition.AutostartKey), new("boot_priority", InstanceDefinition.BootPriorityKey), s_processes,
        new("disk.priority", DiskShapes.PriorityKey), .. Groups.SelectMany(group => group.Shape.Words(group.Word)),
    ];

    /// <summary>The words that stand for a key; none for one that only <c>config</c> can say.</summary>
    public static IEnumerable<ConfigWord> Of(string key) => All.Where(word => word.Covers(key));

    /// <summary>Declares the words of one group, or those from one to another.</summary>
    public static ObjectShape<T> AddOptions<T>(this ObjectShape<T> shape, Func<T, ImmutableSortedDictionary<string, string>, T> set, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            var (_, group, says) = Groups.Single(group => group.Word == word);
            shape.Add(word, group, says, set);
        }

        return shape;
    }

    /// <summary>Declares <c>processes</c>.</summary>
    public static ObjectShape<T> AddProcesses<T>(this ObjectShape<T> shape, Func<T, ImmutableSortedDictionary<string, string>, T> set) => shape.Add(
        s_processes.Path, OptionScalars.Number("a number such as `500`", 1, long.MaxValue), "How many processes may run in it",
        (record, value) => set(record, Maps.Sorted.SetItem(s_processes.Key, value)), stands: s_processes);
}
