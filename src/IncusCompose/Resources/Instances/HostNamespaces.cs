using IncusCompose.Definition;
using IncusCompose.Resources.Images;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// What a container shares with the host in the place of having its own: the network (<see cref="HostNetwork"/>), shared memory
/// and message queues (<c>ipc: host</c>), the name (<c>uts: host</c>). Incus has no word for it, but LXC leaves a container in
/// the namespaces that it is started from. Processes are not among them: in a process namespace that is not its own LXC's init
/// hears no request to stop, and what it started runs on once it is killed.
/// Source: lxc.container.conf(5), LXC src/lxc/initutils.c.
/// </summary>
internal static class HostNamespaces
{
    /// <summary>Reports an instance that cannot share the host's name.</summary>
    public static void Check(InstanceDefinition instance, PlanningContext context)
    {
        if (!instance.HostUts)
            return;
        var path = $"instances.{instance.Name}.uts";
        // The init of a system would call the host what its own files say.
        if (context.Require("instance_oci", path, "`uts: host`") && OciApplications.IsOciImage(instance, context) == false)
            context.Error("NameOfHost", path, $"{StackImages.ReferenceOf(instance.Image, context.Stack)} is the image of a system, which would give the host its own name", "name an OCI image such as docker.io:library/nginx, or write `hostname`");
    }

    /// <summary>What LXC is told.</summary>
    /// <param name="instance">The definition.</param>
    /// <param name="isPrivileged">Whether it is root's on the host, too.</param>
    public static IEnumerable<string> LxcLines(InstanceDefinition instance, bool isPrivileged)
    {
        List<string> kept = [];
        if (instance.HostNetwork)
            kept.Add("net");
        if (instance.HostIpc)
            kept.Add("ipc");
        if (instance.HostUts)
            kept.Add("uts");
        if (kept.Count == 0)
            yield break;
        // Without "user", LXC makes a user namespace without anybody in it for what is privileged.
        if (isPrivileged)
            kept.Add("user");
        yield return $"lxc.namespace.keep = {string.Join(' ', kept)}";
        // Incus has the instance's own name set, which would be the host's then.
        if (instance.HostUts)
            yield return "lxc.uts.name =";
        if (instance.HostIpc)
            yield return "lxc.mount.entry = /dev/shm dev/shm none bind,create=dir 0 0";
        if (instance.HostNetwork)
        {
            foreach (var line in HostNetwork.LxcLines(isPrivileged, hasResolver: instance.Dns.Count > 0))
                yield return line;
        }
    }
}
