using IncusCompose.Definition;
using IncusCompose.Resources.Images;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// Groups that an application's process has beside its own (<c>group_add</c>). LXC gives them to the first process; before 6.0.6
/// it forgot them in a user namespace. Source: lxc.container.conf(5), LXC src/lxc/start.c (do_start).
/// </summary>
internal static class ExtraGroups
{
    private static readonly Version s_first = new(6, 0, 6);

    /// <summary>Reports an instance that would not have them.</summary>
    public static void Check(InstanceDefinition instance, bool isPrivileged, PlanningContext context)
    {
        if (instance.ExtraGroups.Count == 0)
            return;
        var path = $"instances.{instance.Group ?? instance.Name}.group_add";
        if (!context.Require("instance_oci", path, "`group_add`"))
            return;
        if (OciApplications.IsOciImage(instance, context) == false)
            context.Error("NoOciImage", path, $"`group_add` does nothing here: {StackImages.ReferenceOf(instance.Image, context.Stack)} is the image of a system, whose own files say which groups its users have", "name an OCI image such as docker.io:library/nginx, or add the user to the group under `provision`");
        else if (!isPrivileged && VersionOfLxc(context) is { } version && version < s_first)
            context.Error("MissingGroups", path, $"`group_add` needs LXC {s_first} on the server, which has {version}: that one forgets the groups of what is not privileged", "use a newer LXC there, give what is shared to the user's own group, or say `privileged` where the instance may be trusted with that");
    }

    /// <summary>What LXC is told.</summary>
    public static IEnumerable<string> LxcLines(InstanceDefinition instance) =>
        instance.ExtraGroups.Count == 0 ? [] : [$"lxc.init.groups = {string.Join(',', instance.ExtraGroups)}"];

    /// <summary>The server's LXC; null where there is no telling.</summary>
    private static Version? VersionOfLxc(PlanningContext context)
    {
        var about = context.About?.Environment;
        // Both lists are in the same order: `lxc | qemu` and `6.0.4 | 9.0.2`.
        var index = about is null ? -1 : Array.FindIndex(about.Driver.Split('|', StringSplitOptions.TrimEntries), driver => driver == "lxc");
        return index >= 0 && about!.DriverVersion.Split('|', StringSplitOptions.TrimEntries).ElementAtOrDefault(index) is { } text && Version.TryParse(text.Split('-', '~', '+')[0], out var version) ? version : null;
    }
}
