using System.Globalization;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>CPUs. Source: Incus doc/reference/instance_options.md, "CPU limits".</summary>
internal static partial class CpuShapes
{
    private const string SetPattern = "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$";

    private const string LimitKey = "limits.cpu";

    /// <summary>How many CPUs, or which.</summary>
    public static ScalarShape<string> Limit { get; } = new("a number of CPUs such as `2` or a set such as `0-3,6`", ParseLimit) { ProblemId = "BadCpu", Pattern = "^(0*[1-9][0-9]*|[0-9]+(-[0-9]+|(-[0-9]+)?(,[0-9]+(-[0-9]+)?)+))$", Range = (1, int.MaxValue) };

    /// <summary>The value of <c>cpu</c>.</summary>
    public static ConfigShape Cpu { get; } = new ConfigShape()
        .Short(LimitKey, Limit)
        .Value("count", LimitKey, OptionScalars.Number("a number of CPUs such as `2`", 1, int.MaxValue), "How many CPUs; the server chooses which, and moves it between them", holds: IsCount)
        .Value("set", LimitKey, new ScalarShape<string>("a set of CPUs such as `0-3,6`", ParseSet) { ProblemId = "BadCpu", Pattern = SetPattern }, "Which CPUs of the host, and no others", holds: text => !IsCount(text))
        .Value("allowance", "limits.cpu.allowance", new ScalarShape<string>("a percentage such as `50%`, or a time in each period such as `25ms/100ms`", ParseAllowance) { ProblemId = "BadCpu", Pattern = "^([0-9]{1,6}%|[0-9]{1,9}ms/[0-9]{1,9}ms)$" },
            "How much of their time: a percentage counts while others want it, a time always", InstanceType.Container)
        .Value("priority", "limits.cpu.priority", OptionScalars.Number("a number from `0` to `10`", 0, 10), "Who comes first where several share CPUs; 10 where the key is missing", InstanceType.Container)
        .Value("nodes", "limits.cpu.nodes", new ScalarShape<string>("a set of NUMA nodes such as `0-1`, or `balanced`", text =>
            text == "balanced" || Set().IsMatch(text) ? new(text) : new("", "is no set of NUMA nodes"))
            { ProblemId = "BadCpu", Pattern = "^balanced$|" + SetPattern }, "The NUMA nodes that the CPUs are chosen from")
        .Foreign("limit", "write `count`, or `set`")
        .Foreign("pinning", "write `set`")
        .Foreign("cpus", "write `count`, or `allowance` for part of a CPU");

    private static bool IsCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static Parsed<string> ParseLimit(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return count >= 1 ? new(text) : new("", "is no number of CPUs", "write `1` or more");
        if (Set().IsMatch(text))
            return new(text);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var part))
            return new("", "is not a whole number of CPUs", $"write `cpu: {{allowance: {(part * 100).ToString("0", CultureInfo.InvariantCulture)}%}}` for part of a CPU");
        return new("", "is neither a number nor a set of CPUs");
    }

    // A number alone would be a count to Incus.
    private static Parsed<string> ParseSet(string text) =>
        !Set().IsMatch(text) ? new("", "is no set of CPUs") : IsCount(text) ? new($"{text}-{text}") : new(text);

    private static Parsed<string> ParseAllowance(string text) =>
        Percentage().IsMatch(text) || Time().IsMatch(text) ? new(text)
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var part) ? new("", "has no unit", $"write `{(part * 100).ToString("0", CultureInfo.InvariantCulture)}%` for {text} CPUs' time")
        : new("", "is neither a percentage nor a time in each period");

    // Source: Incus shared/validate/validate.go, IsValidCPUSet.
    [GeneratedRegex("^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\\z")]
    private static partial Regex Set();

    [GeneratedRegex("^[0-9]{1,6}%\\z")]
    private static partial Regex Percentage();

    [GeneratedRegex("^[0-9]{1,9}ms/[0-9]{1,9}ms\\z")]
    private static partial Regex Time();
}
