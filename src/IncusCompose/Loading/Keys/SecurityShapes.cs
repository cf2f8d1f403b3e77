using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What an instance may do, and what is done to keep it apart. Source: Incus doc/reference/instance_options.md, "Security policies".</summary>
internal static class SecurityShapes
{
    /// <summary>The value of <c>security</c>.</summary>
    public static ConfigShape Security { get; } = new ConfigShape()
        .Flag("nesting", "security.nesting", "Whether it may run containers of its own", InstanceType.Container)
        .Flag("privileged", "security.privileged", "Whether its root is the host's root: what breaks out of it owns the host", InstanceType.Container)
        .Group("protection", Protection(), "What nobody may do to it until this is taken back")
        .Group("idmap", IdMap(), "Which of the host's user and group numbers it has")
        .Group("syscalls", Syscalls(), "System calls that it may not make, or that are made for it")
        .Flag("guestapi", "security.guestapi", "Whether `/dev/incus` is there in it; `true` where the key is missing")
        .Flag("guestapi_images", "security.guestapi.images", "Whether it may export images by `/dev/incus`", InstanceType.Container)
        .Flag("secureboot", "security.secureboot", "Whether UEFI's secure boot is enforced; `true` where the key is missing", InstanceType.VirtualMachine)
        .Flag("csm", "security.csm", "Whether the firmware starts systems without UEFI; needs `secureboot: false`", InstanceType.VirtualMachine)
        .Flag("iommu", "security.iommu", "Whether it has a virtual IOMMU, for passing devices on", InstanceType.VirtualMachine, "security_iommu")
        .Group("sev", Sev(), "AMD's encryption of its memory")
        .Group("bpffs", Bpf(), "What it may do with BPF")
        .Group("selinux", Selinux(), "SELinux's words for it, where the host has SELinux")
        .Foreign("protection_delete", "write `protection: {delete: true}`")
        .Foreign("secure_boot", "write `secureboot`")
        .Foreign("seccomp", "write `raw: {seccomp: …}`, or `syscalls`")
        .Foreign("apparmor", "write `raw: {apparmor: …}`")
        .Foreign("agent", "write `agent` beside `security`");

    private static ConfigShape Protection() => new ConfigShape()
        .Short("[delete]")
        .Flag("delete", "security.protection.delete", "Delete it; the stack keeps it, too")
        .Flag("start", "security.protection.start", "Start it", needs: "instance_protection_start")
        .Flag("shift", "security.protection.shift", "Change the owners of its files as a whole", InstanceType.Container);

    private static ConfigShape IdMap() => new ConfigShape()
        .Flag("isolated", "security.idmap.isolated", "Whether it shares them with no other container", InstanceType.Container)
        .Value("base", "security.idmap.base", OptionScalars.Number("a number such as `1000000`", 0, uint.MaxValue), "The host's number for its root", InstanceType.Container)
        .Value("size", "security.idmap.size", OptionScalars.Number("a number such as `65536`", 1, uint.MaxValue), "How many", InstanceType.Container);

    private static ConfigShape Syscalls()
    {
        var call = Scalars.Word("a system call such as `keyctl`");
        return new ConfigShape()
            .List("deny", "security.syscalls.deny", '\n', call, "[keyctl, \"mount 1\"]", "What it may not call, beside what is denied to every container", InstanceType.Container)
            .List("allow", "security.syscalls.allow", '\n', call, "[read, write]", "All that it may call; excludes `deny`", InstanceType.Container)
            .Flag("deny_default", "security.syscalls.deny_default", "Whether what is denied to every container is denied to it; `true` where the key is missing", InstanceType.Container)
            .Flag("deny_compat", "security.syscalls.deny_compat", "Whether calls of 32-bit programs are denied", InstanceType.Container)
            .Group("intercept", Intercept(), "What the server does for it, where that is safe");
    }

    private static ConfigShape Intercept() => new ConfigShape()
        .Short("[mknod, setxattr]")
        .Flag("mknod", "security.syscalls.intercept.mknod", "Making device nodes", InstanceType.Container)
        .Flag("setxattr", "security.syscalls.intercept.setxattr", "Setting extended attributes", InstanceType.Container)
        .Flag("sysinfo", "security.syscalls.intercept.sysinfo", "Asking for the system's resources: it is told of its own", InstanceType.Container)
        .Flag("sched_setscheduler", "security.syscalls.intercept.sched_setscheduler", "Changing the priority of processes", InstanceType.Container)
        .Group("bpf", new ConfigShape()
            .Short("security.syscalls.intercept.bpf", OptionScalars.Flag)
            .Flag("enabled", "security.syscalls.intercept.bpf", "Whether BPF is", InstanceType.Container)
            .Flag("devices", "security.syscalls.intercept.bpf.devices", "Whether its programs for devices are loaded", InstanceType.Container), "BPF")
        .Group("mount", new ConfigShape()
            .Short("security.syscalls.intercept.mount", OptionScalars.Flag)
            .Flag("enabled", "security.syscalls.intercept.mount", "Whether mounting is", InstanceType.Container)
            .List("allowed", "security.syscalls.intercept.mount.allowed", ',', Scalars.Word("a file system such as `ext4`"), "[ext4]", "The file systems that it may mount", InstanceType.Container)
            .List("fuse", "security.syscalls.intercept.mount.fuse", ',', Scalars.Word("a file system and its program such as `ext4=fuse2fs`"), "[ext4=fuse2fs]", "The file systems that programs in it mount", InstanceType.Container)
            .Flag("shift", "security.syscalls.intercept.mount.shift", "Whether owners are mapped to its own", InstanceType.Container), "Mounting");

    private static ConfigShape Sev() => new ConfigShape()
        .Short("security.sev", OptionScalars.Flag)
        .Flag("enabled", "security.sev", "Whether its memory is encrypted", InstanceType.VirtualMachine)
        .Flag("policy_es", "security.sev.policy.es", "Whether its registers are, too", InstanceType.VirtualMachine)
        .Value("session_dh", "security.sev.session.dh", Scalars.Text, "The owner's Diffie-Hellman key in Base64", InstanceType.VirtualMachine)
        .Value("session_data", "security.sev.session.data", Scalars.Text, "The owner's session in Base64", InstanceType.VirtualMachine);

    private static ConfigShape Bpf()
    {
        const string needs = "bpf_token_delegation";
        var word = Scalars.Word("a word such as `prog_load`, or `any`");
        return new ConfigShape()
            .Value("path", "security.bpffs.path", new ScalarShape<string>("an absolute path such as `/sys/fs/bpf`", text => text.StartsWith('/') ? new(text) : new("", "is no absolute path")) { Pattern = "^/" }, "Where its file system is mounted", InstanceType.Container, needs)
            .List("delegate_cmds", "security.bpffs.delegate_cmds", ',', word, "[prog_load]", "The commands that it may use", InstanceType.Container, needs)
            .List("delegate_maps", "security.bpffs.delegate_maps", ',', word, "[hash]", "The types of map", InstanceType.Container, needs)
            .List("delegate_progs", "security.bpffs.delegate_progs", ',', word, "[socket_filter]", "The types of program", InstanceType.Container, needs)
            .List("delegate_attachs", "security.bpffs.delegate_attachs", ',', word, "[cgroup_inet_ingress]", "The types of attachment", InstanceType.Container, needs);
    }

    private static ConfigShape Selinux()
    {
        const string needs = "instance_selinux";
        return new ConfigShape()
            .Value("domain", "security.selinux.domain", Scalars.Word("a domain such as `container_init_t`"), "The domain of its processes", needs: needs)
            .Value("type", "security.selinux.type", Scalars.Word("a type such as `container_file_t`"), "The type of its files", needs: needs)
            .Value("level", "security.selinux.level", Scalars.Word("a level such as `s0:c12,c57`"), "Its level; no two instances share one", needs: needs)
            .Value("label_rootfs", "security.selinux.label_rootfs", OptionScalars.Choice("auto", "always", "never"), "When its files are labelled; `auto` where the key is missing", InstanceType.Container, needs);
    }
}
