using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content>What an instance may use.</content>
internal static partial class ComposeWords
{
    private const int Period = 100;
    private const string SizePattern = "^\\s*[0-9]*\\.?[0-9]*\\s*([bBkKmMgGtTpP]|[kKmMgGtTpP][iI]?[bB]?|[bB]ytes)?\\s*$";

    /// <summary>A size as docker reads it: whatever the unit is called, it is a power of 1024. In Incus's units.</summary>
    public static ScalarShape<string> Size { get; } = new("a size such as `512m` or `1.5g` (powers of 1024)", text => ReadSize(text) is { } size ? new(size) : new("", "is not a size")) { ProblemId = "BadSize", Pattern = SizePattern };

    private static ScalarShape<decimal> Cpus { get; } = new("a number of CPUs such as `2` or `0.5`", text =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 100_000 ? new(number) : new(0, "is no number of CPUs"))
    { ProblemId = "BadCpu", Pattern = "^[0-9]*\\.?[0-9]*$" };

    private static ScalarShape<string> CpuSet { get; } = new("a set of CPUs such as `0-3,6`", text =>
        CpuShapes.Limit.Accepts(text) || text == "0" ? new(text) : new("", "is no set of CPUs"))
    { ProblemId = "BadCpu", Pattern = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$" };

    private static ScalarShape<int> Pids { get; } = Scalars.Number("a number of processes such as `200`", -1, int.MaxValue);

    private static ScalarShape<string> SwapSize { get; } = new("a size such as `2g`, or `-1` for any", text =>
        text == "-1" ? new(text) : ReadSize(text) is { } size ? new(size) : new("", "is not a size"))
    { ProblemId = "BadSize", Pattern = "^(-1|" + SizePattern[1..^1] + ")$" };

    private static ObjectShape<InstanceDefinition> AddLimits(ObjectShape<InstanceDefinition> instance) => instance
        .Add("cpus", Cpus, "How many CPUs' time it may use: a whole number as `cpu`, a part as `limits.cpu.allowance`", (made, value) => Say(made, words => words with { Limits = words.Limits with { Cpus = value } }))
        .Add("cpuset", CpuSet, "Which CPUs it may use", (made, value) => Say(made, words => words with { CpuSet = value }))
        .Add("cpu_shares", Scalars.Number("a number such as `512`, of 1024", 2, 262144), "Its share of the CPUs where they are wanted by others, too; 1024 is the usual one", (made, value) => Say(made, words => words with { CpuShares = value }))
        .Add("cpu_percent", Scalars.Number("a percentage such as `50`", 1, 100), "The part of the CPUs' time that it may use where others want it, too", (made, value) => Say(made, words => words with { CpuPercent = value }))
        .Add("cpu_quota", Scalars.Number("microseconds such as `50000`", 1000, int.MaxValue), "The CPU time that it may use in each `cpu_period`", (made, value) => Say(made, words => words with { CpuQuota = value }))
        .Add("cpu_period", Scalars.Number("microseconds such as `100000`", 1000, 1_000_000), "The time that `cpu_quota` is for; 100000 where the key is missing", (made, value) => Say(made, words => words with { CpuPeriod = value }))
        .Add("mem_limit", Size, "The same as `memory`, in docker's units", (made, value) => Say(made, words => words with { Limits = words.Limits with { Memory = value } }))
        .Add("memswap_limit", SwapSize, "The most memory and swap together; the same as `mem_limit` for no swap, `-1` for any", (made, value) => Say(made, words => words with { MemorySwap = value }))
        .Add("pids_limit", Pids, "The most processes", (made, value) => Say(made, words => words with { Limits = words.Limits with { Pids = value } }))
        .Add("oom_score_adj", Scalars.Number("a number from `-1000` to `1000`", -1000, 1000), "How soon it is ended where the host runs out of memory", (made, value) => made.Fill("limits.memory.oom_priority", Text(value)))
        .Add("blkio_config", BlockIo(), "Its share of the disks", (made, value) => made.Fill("limits.disk.priority", value is { } weight ? Text(Math.Clamp((int)Math.Round(weight / 100m), 0, 10)) : null));

    private static ObjectShape<int?> BlockIo() => new ObjectShape<int?>(_ => null)
        .Add("weight", Scalars.Number("a number from `10` to `1000`", 10, 1000), "Its share of the disks where others use them, too; 500 is the usual one", (_, value) => value)
        .Foreign(ForeignWords.OfBlockIo);

    private static InstanceDefinition FinishLimits(InstanceDefinition instance, ComposeDraft words, Problems say)
    {
        var limits = Merge(words.Limits, words.Deploy?.Limits ?? new ComposeLimits(), say);
        instance = FinishCpu(instance, words, limits.Cpus is 0 ? null : limits.Cpus, say);
        if (limits.Memory is { } memory && memory != "0")
        {
            if (instance.Memory is not null)
                say.Twice(words.Limits.Memory is null ? "deploy" : "mem_limit", "memory");
            say.Becomes("memory", words.Limits.Memory is null ? ["deploy", "resources", "limits", "memory"] : ["mem_limit"]);
            instance = instance with { Memory = memory };
        }

        if (words.MemorySwap is { } swap)
            instance = instance.Fill("limits.memory.swap", SwapOf(swap, instance.Memory, say));
        return limits.Pids is > 0 ? instance.Fill("limits.processes", Text(limits.Pids.Value)) : instance;
    }

    private static ComposeLimits Merge(ComposeLimits own, ComposeLimits deploy, Problems say)
    {
        if (own.Cpus is not null && deploy.Cpus is not null && own.Cpus != deploy.Cpus)
            say.Twice("cpus", "deploy.resources.limits.cpus");
        if (own.Memory is not null && deploy.Memory is not null && own.Memory != deploy.Memory)
            say.Twice("mem_limit", "deploy.resources.limits.memory");
        if (own.Pids is not null && deploy.Pids is not null && own.Pids != deploy.Pids)
            say.Twice("pids_limit", "deploy.resources.limits.pids");
        return new ComposeLimits { Cpus = own.Cpus ?? deploy.Cpus, Memory = own.Memory ?? deploy.Memory, Pids = own.Pids ?? deploy.Pids };
    }

    private static InstanceDefinition FinishCpu(InstanceDefinition instance, ComposeDraft words, decimal? cpus, Problems say)
    {
        var word = words.Limits.Cpus is null ? "deploy" : "cpus";
        if (instance.Cpu is not null && (words.CpuSet is not null || cpus is not null))
        {
            say.Twice(words.CpuSet is not null ? "cpuset" : word, "cpu");
            return instance;
        }

        if (words.CpuSet is not null || cpus is not null)
            say.Becomes("cpu", words.CpuSet is not null ? ["cpuset"] : words.Limits.Cpus is null ? ["deploy", "resources", "limits", "cpus"] : ["cpus"]);
        var allowances = new List<(string Word, string Value)>();
        if (words.CpuSet is { } set)
            // A number alone is how many for Incus, and which for docker.
            instance = instance with { Cpu = set.Contains('-') || set.Contains(',') ? set : $"{set}-{set}" };
        if (cpus is { } count)
        {
            if (count == decimal.Truncate(count) && words.CpuSet is null)
                instance = instance with { Cpu = count.ToString("0", CultureInfo.InvariantCulture) };
            else if (instance.Type == InstanceType.VirtualMachine)
                say.Error("PartOfCpu", word, "a virtual machine has whole CPUs", "write a whole number");
            else
                allowances.Add((word, $"{Math.Max(1, Math.Round(count * Period)).ToString("0", CultureInfo.InvariantCulture)}ms/{Period}ms"));
        }

        if (words.CpuQuota is { } quota)
            allowances.Add(("cpu_quota", $"{Text(quota / 1000)}ms/{Text((words.CpuPeriod ?? 100_000) / 1000)}ms"));
        else if (words.CpuPeriod is not null)
            say.Error("NoQuota", "cpu_period", "there is no `cpu_quota` for it", "write `cpu_quota` as well, or `cpus` instead of both");
        if (words.CpuPercent is { } percent)
            allowances.Add(("cpu_percent", $"{Text(percent)}%"));
        // 1024 is the usual share, and so is 100%. Source: Incus internal/server/cgroup/cgroup_cpu.go.
        if (words.CpuShares is { } shares && shares != 1024)
            allowances.Add(("cpu_shares", $"{Text(Math.Max(1, (int)Math.Round(shares / 10.24m)))}%"));
        if (allowances.Count > 1)
            say.Error("SaidTwice", allowances[1].Word, $"Incus has one allowance of CPU time, and `{allowances[0].Word}` says another", "remove one of the two");
        return allowances.Count == 0 ? instance : instance.Fill("limits.cpu.allowance", allowances[0].Value);
    }

    private static string? SwapOf(string swap, string? memory, Problems say)
    {
        if (swap == "-1")
            return "true";
        if (swap == "0")
            return null;
        if (memory is null || !ByteSize.TryParse(memory, out var most))
        {
            say.Error("NoMemoryLimit", "memswap_limit", "it is memory and swap together, and nothing says how much of it is memory", "write `mem_limit` as well");
            return null;
        }

        _ = ByteSize.TryParse(swap, out var both);
        if (both >= most)
            return both == most ? "false" : Text(both - most);
        say.Error("BadSize", "memswap_limit", $"it is less than the memory alone ({memory})", "it is memory and swap together: write as much or more");
        return null;
    }

    /// <summary>A size as docker reads it, in Incus's units; null for none. Source: docker/go-units, RAMInBytes.</summary>
    private static string? ReadSize(string text) =>
        text.Length > 0 && text.All(char.IsAsciiDigit) ? (ByteSize.TryParse(text, out _) ? text : null)
        : ByteSize.Correct(text) is { } size && ByteSize.TryParse(size, out _) ? size : null;
}
