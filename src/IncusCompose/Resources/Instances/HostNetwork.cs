using IncusCompose.Definition;
using IncusCompose.Resources.Images;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// An application that has the host's own network interfaces (<c>network_mode: host</c>). Incus has no word for it, but LXC leaves
/// a container in the namespace that it is started from. What Incus does to an application's own network must then not be done,
/// since it would be done to the host's: its client for DHCP would ask for addresses on every interface there is, and two settings
/// of the kernel would be changed. Source: lxc.container.conf(5), Incus internal/server/instance/drivers/driver_lxc.go.
/// </summary>
internal static class HostNetwork
{
    /// <summary>Reports an instance that cannot have them.</summary>
    public static void Check(InstanceDefinition instance, PlanningContext context)
    {
        var path = $"instances.{instance.Name}.network_mode";
        if (!context.Require("instance_oci", path, "`network_mode: host`"))
            return;
        // The init of a system would set the host's interfaces up as its own.
        if (OciApplications.IsOciImage(instance, context) == false)
            context.Error("NetworkOfHost", path, $"{StackImages.ReferenceOf(instance.Image, context.Stack)} is the image of a system, which would set up the host's interfaces as its own", "name an OCI image such as docker.io:library/nginx, or write `network: macvlan` for an address in the host's network");
    }

    /// <summary>What LXC is told, beside which namespace it keeps (<see cref="HostNamespaces"/>).</summary>
    /// <param name="isPrivileged">Whether it is root's on the host, too; only then may it change the interfaces and listen on ports below 1024.</param>
    /// <param name="hasResolver">Whether the file says which name servers are asked; otherwise it asks those of the host.</param>
    public static IEnumerable<string> LxcLines(bool isPrivileged, bool hasResolver)
    {
        yield return "lxc.hook.start-host =";
        yield return "lxc.sysctl.net.ipv4.ping_group_range =";
        yield return "lxc.sysctl.net.ipv4.ip_unprivileged_port_start =";
        if (!isPrivileged)
        {
            // Only who owns a network namespace may mount a /sys of it.
            yield return "lxc.mount.auto =";
            yield return "lxc.mount.auto = proc:rw cgroup:rw:force";
            yield return "lxc.mount.entry = /sys sys none rbind 0 0";
        }

        if (!hasResolver)
            yield return "lxc.mount.entry = /etc/resolv.conf etc/resolv.conf none bind,ro 0 0";
    }
}
