using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content>What of the kernel an instance may use, and what it may do.</content>
internal static partial class ComposeWords
{
    // Source: getrlimit(2); those that LXC hands on.
    private static readonly string[] s_resources =
        ["as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];

    // Source: capabilities(7).
    private static readonly string[] s_capabilities =
    [
        "audit_control", "audit_read", "audit_write", "block_suspend", "bpf", "checkpoint_restore", "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "ipc_lock", "ipc_owner", "kill", "lease",
        "linux_immutable", "mac_admin", "mac_override", "mknod", "net_admin", "net_bind_service", "net_broadcast", "net_raw", "perfmon", "setfcap", "setgid", "setpcap", "setuid", "sys_admin", "sys_boot",
        "sys_chroot", "sys_module", "sys_nice", "sys_pacct", "sys_ptrace", "sys_rawio", "sys_resource", "sys_time", "sys_tty_config", "syslog", "wake_alarm",
    ];

    private static ScalarShape<string> Capability { get; } = new("a capability such as `NET_ADMIN`, or `ALL`", text =>
    {
        var name = text.ToLowerInvariant();
        name = name.StartsWith("cap_", StringComparison.Ordinal) ? name[4..] : name;
        return name == "all" || s_capabilities.Contains(name)
            ? new(name)
            : new("", "is no capability of the kernel", Diagnostics.Suggestions.DidYouMean(name, s_capabilities, "write one such as `NET_ADMIN`"));
    })
    { ProblemId = "BadCapability", Pattern = "^[A-Za-z_]+$" };

    private static ScalarShape<string> RlimitValue { get; } = new("a number such as `1024`, or `-1` for none", text =>
        text is "-1" or "unlimited" ? new("unlimited")
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? new(text) : new("", "is no number"))
    { ProblemId = "BadUlimit", Pattern = "^(-1|unlimited|[0-9]+)$" };

    private sealed record Rlimit(string? Soft, string? Hard);

    private static ObjectShape<InstanceDefinition> AddKernel(ObjectShape<InstanceDefinition> instance) => instance
        .Add("sysctls", CommonShapes.Labels, "Settings of the kernel for it, as `linux.sysctl.NAME`", (made, value) => made.FillAll(value, "linux.sysctl."))
        .Add("ulimits", Ulimits(), "Limits of its processes, as `limits.kernel.NAME`: one number, or `soft` and `hard`", (made, value) => made.FillAll(value, "limits.kernel."))
        .Add("privileged", Scalars.Boolean, "Whether root in it is root on the host", (made, value) => made.Fill("security.privileged", value ? "true" : "false"))
        .Add("cap_add", OneOrMore(Capability, "[NET_ADMIN]"), "Capabilities that it has; unless all are dropped, an instance has all of them in a user namespace of its own anyway", (made, value) => made with { CapAdd = value })
        .Add("cap_drop", OneOrMore(Capability, "[MKNOD]"), "Capabilities that it does not have; `ALL` leaves those of `cap_add`", (made, value) => made with { CapDrop = value })
        .Add("security_opt", OneOrMore(SecurityOption, "[\"no-new-privileges:true\"]"), "`no-new-privileges:true`, `apparmor:unconfined` or `seccomp:unconfined`", AddSecurityOptions);

    private static Shape<IReadOnlyDictionary<string, string>> Ulimits() => new MapShape<string>(new FormsShape<string>
    {
        Scalar = RlimitValue,
        Mapping = new ObjectShape<Rlimit>(_ => new Rlimit(null, null))
            .Add("soft", RlimitValue, "What holds until the process raises it", (limit, value) => limit with { Soft = value }, required: true)
            .Add("hard", RlimitValue, "How far it may be raised", (limit, value) => limit with { Hard = value }, required: true)
            .As(limit => $"{limit.Soft}:{limit.Hard}"),
    }, "nofile: 1024").Then<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>>(KnownResources);

    private static bool KnownResources(IReadOnlyDictionary<string, string> limits, DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> value)
    {
        value = limits;
        foreach (var entry in ((MappingNode)node).Entries.Where(entry => !s_resources.Contains(entry.Key.Value)))
            context.Error("BadUlimit", entry.Key, site.At(entry.Key.Value), $"the kernel has no limit {Diagnostics.Excerpts.Quote(entry.Key.Value)}", Diagnostics.Suggestions.DidYouMean(entry.Key.Value, s_resources, $"write one of: {string.Join(", ", s_resources)}"));
        return true;
    }

    private static ScalarShape<string> SecurityOption { get; } = new("an option such as `no-new-privileges:true`", text =>
        SecurityOptionOf(text) is "no-new-privileges" or "no-new-privileges:true" or "no-new-privileges:false" or "apparmor:unconfined" or "seccomp:unconfined"
            ? new(SecurityOptionOf(text))
            : new("", "has no counterpart", SecurityOptionOf(text).Split(':')[0] switch
            {
                "apparmor" => "write the rules under `config: {raw.apparmor: …}`",
                "seccomp" => "write the rules under `config: {raw.seccomp: …}`",
                "label" => "leave it out: Incus labels no processes",
                _ => "write `no-new-privileges:true`, `apparmor:unconfined` or `seccomp:unconfined`",
            }))
    { ProblemId = "BadSecurityOption", Pattern = "^([Nn]o-new-privileges|[^:=]+[:=].+)$" };

    private static string SecurityOptionOf(string text) => text.Replace('=', ':').ToLowerInvariant();

    private static InstanceDefinition AddSecurityOptions(InstanceDefinition instance, IReadOnlyList<string> options)
    {
        foreach (var option in options)
        {
            instance = option switch
            {
                "no-new-privileges" or "no-new-privileges:true" => instance with { NoNewPrivileges = true },
                "apparmor:unconfined" => instance with { AppArmorUnconfined = true },
                "seccomp:unconfined" => instance.Fill("security.syscalls.deny_default", "false"),
                _ => instance,
            };
        }

        return instance;
    }
}
