using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What the host's kernel is to do for a container. Source: Incus doc/reference/instance_options.md, "Kernel resource limits".</summary>
internal static partial class KernelShapes
{
    // Source: Incus doc/config_options.txt, kernel-limits.
    private static readonly (string Name, string Says)[] s_limits =
    [
        ("as", "Virtual memory of a process, in bytes"),
        ("core", "Core dump of a process, in bytes"),
        ("cpu", "CPU time of a process, in seconds"),
        ("data", "Data segment of a process, in bytes"),
        ("fsize", "Files that a process writes, in bytes"),
        ("locks", "File locks of a process"),
        ("memlock", "Memory that a process locks, in bytes"),
        ("nice", "How far a process may raise its priority"),
        ("nofile", "Open files of a process"),
        ("nproc", "Processes of a user"),
        ("rtprio", "Real-time priority of a process"),
        ("sigpending", "Signals that wait for a user's processes"),
    ];

    private static readonly FormsShape<string> s_limit = new()
    {
        Scalar = new ScalarShape<string>("a number such as `1024`, a soft and a hard one such as `1024:4096`, or `unlimited`", text =>
            Limit().IsMatch(text) ? new(text) : new("", "is no limit"))
        { Pattern = "^([0-9]{1,19}|unlimited)(:([0-9]{1,19}|unlimited))?$" },
        Mapping = new ObjectShape<(string? Soft, string? Hard)>(_ => default)
            .Add("soft", One("what it begins with"), "What a process begins with", (limit, value) => (value, limit.Hard), required: true)
            .Add("hard", One("the most"), "What it can raise that to", (limit, value) => (limit.Soft, value), required: true)
            .As(limit => $"{limit.Soft}:{limit.Hard}"),
    };

    /// <summary>The value of <c>kernel</c>.</summary>
    public static ConfigShape Kernel { get; } = new ConfigShape()
        .List("modules", "linux.kernel_modules", ',', new ScalarShape<string>("a module such as `br_netfilter`", text => Module().IsMatch(text) ? new(text) : new("", "is no module's name")) { Pattern = "^[A-Za-z0-9_-]+$" },
            "[br_netfilter, overlay]", "Modules that the host loads before it starts", InstanceType.Container)
        .Names("sysctl", "linux.sysctl.", new MapShape<string>(CommonShapes.ConfigValue, "net.ipv4.ip_forward: 1"), "The kernel's settings in it", InstanceType.Container)
        .Group("limits", Limits(), "What each of its processes may use")
        .Foreign("sysctls", "write `sysctl`")
        .Foreign("ulimits", "write `limits`");

    private static ConfigShape Limits()
    {
        var limits = new ConfigShape();
        foreach (var (name, says) in s_limits)
            limits.Value(name, $"limits.kernel.{name}", s_limit, says, InstanceType.Container);
        return limits.Foreign("stack", "write `config: {limits.kernel.stack: …}`");
    }

    private static ScalarShape<string> One(string what) => new($"{what}, such as `1024` or `unlimited`", text =>
        !text.Contains(':', StringComparison.Ordinal) && Limit().IsMatch(text) ? new(text) : new("", "is no limit"))
    { Pattern = "^([0-9]{1,19}|unlimited)$" };

    [GeneratedRegex("^([0-9]{1,19}|unlimited)(:([0-9]{1,19}|unlimited))?\\z")]
    private static partial Regex Limit();

    [GeneratedRegex("^[A-Za-z0-9_-]+\\z")]
    private static partial Regex Module();
}
