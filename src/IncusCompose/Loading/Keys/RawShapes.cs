using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What Incus hands on as it is. Source: Incus doc/reference/instance_options.md, "Raw instance configuration overrides".</summary>
internal static class RawShapes
{
    /// <summary>The value of <c>raw</c>.</summary>
    public static ConfigShape Raw { get; } = new ConfigShape()
        .Value("lxc", "raw.lxc", Scalars.Text, "Lines of LXC's configuration, added to those that Incus makes", InstanceType.Container)
        .Value("idmap", "raw.idmap", Scalars.Text, "Users and groups of the host that are themselves in it, such as `both 1000 1000`, one on each line", InstanceType.Container)
        .Value("seccomp", "raw.seccomp", Scalars.Text, "A whole seccomp policy, in place of Incus's", InstanceType.Container)
        .Value("apparmor", "raw.apparmor", Scalars.Text, "Lines of its AppArmor profile")
        .Value("qemu", "raw.qemu", Scalars.Text, "Arguments of QEMU's command line", InstanceType.VirtualMachine)
        .Value("qemu_conf", "raw.qemu.conf", Scalars.Text, "Sections of QEMU's configuration, over those that Incus makes", InstanceType.VirtualMachine)
        .Value("qemu_scriptlet", "raw.qemu.scriptlet", Scalars.Text, "A Starlark program that changes QEMU's configuration", InstanceType.VirtualMachine, "qemu_scriptlet")
        .Value("qemu_qmp_early", "raw.qemu.qmp.early", Scalars.Text, "QMP commands before QEMU is set up", InstanceType.VirtualMachine, "qemu_raw_qmp")
        .Value("qemu_qmp_pre_start", "raw.qemu.qmp.pre-start", Scalars.Text, "QMP commands before the machine starts", InstanceType.VirtualMachine, "qemu_raw_qmp")
        .Value("qemu_qmp_post_start", "raw.qemu.qmp.post-start", Scalars.Text, "QMP commands once it has started", InstanceType.VirtualMachine, "qemu_raw_qmp");
}
