using System.Globalization;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Requirements;

/// <summary>
/// What the project of a stack forbids, and how much of everything there may be in it: the server says so of one instance after
/// the other, when half of a stack is made. Source: Incus doc/reference/projects.md, internal/server/project/permissions.go.
/// </summary>
internal static class ProjectRules
{
    private const string DiskLimit = "limits.disk";
    private const string PoolLimit = "limits.disk.pool.";

    // What is counted by what instances say that they may use; with the word for it.
    private static readonly (string Key, string Word, string Example)[] s_sums =
    [
        ("limits.memory", "memory", "memory: 512MiB"), ("limits.cpu", "CPUs", "cpu: 2"), ("limits.processes", "processes", "limits: {processes: 500}"),
    ];

    private static readonly HashSet<string> s_interception =
    [
        "security.syscalls.intercept.bpf", "security.syscalls.intercept.bpf.devices", "security.syscalls.intercept.mknod", "security.syscalls.intercept.mount",
        "security.syscalls.intercept.mount.fuse", "security.syscalls.intercept.setxattr", "security.syscalls.intercept.sysinfo",
    ];

    // Of raw.idmap the server looks at each entry.
    private static readonly HashSet<string> s_lowLevelOfContainers =
    [
        "boot.host_shutdown_action", "boot.host_shutdown_timeout", "linux.kernel_modules", "limits.memory.swap", "raw.apparmor", "raw.lxc", "raw.seccomp",
        "security.guestapi.images", "security.idmap.base", "security.idmap.size",
    ];

    private static readonly HashSet<string> s_lowLevelOfMachines =
    [
        "boot.host_shutdown_action", "boot.host_shutdown_timeout", "limits.memory.hugepages", "raw.apparmor", "raw.qemu", "raw.qemu.conf",
        "raw.qemu.qmp.early", "raw.qemu.qmp.post-start", "raw.qemu.qmp.pre-start", "raw.qemu.scriptlet",
    ];

    private static readonly HashSet<string> s_blockedDevices = ["unix-char", "unix-block", "unix-hotplug", "infiniband", "gpu", "usb", "pci", "proxy"];

    /// <summary>An instance as the server will see it, with what comes from its profiles.</summary>
    private sealed record Member(ResourceId Id, string Path, bool IsMachine, IReadOnlyDictionary<string, string> Config, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices);

    /// <summary>Reports what the project, as it will be, does not allow of the stack, as it will be.</summary>
    /// <param name="context">The stack and what is live.</param>
    /// <param name="changes">What is planned, deletions too.</param>
    public static void Check(PlanningContext context, IReadOnlyDictionary<ResourceId, ResourceChange> changes)
    {
        var project = ConfigOf(context, changes);
        var isRestricted = ConfigTruth.IsTrue(project.GetValueOrDefault("restricted"));
        if (!isRestricted && !project.Keys.Any(key => key.StartsWith("limits.", StringComparison.Ordinal)))
            return;
        // The server looks at it where something is made or changed, and lets be what is there.
        if (!changes.Values.Any(change => change.Action is ChangeAction.Create or ChangeAction.Update or ChangeAction.Replace or ChangeAction.Rebuild
            && (change.Desired is DesiredInstance or DesiredVolume || change.Kind is ProfileKind.KindName or ProjectKind.KindName)))
            return;
        var members = changes.Values.Where(change => change is { Desired: DesiredInstance, Action: not ChangeAction.Delete }).Select(change => MemberOf(context, change, (DesiredInstance)change.Desired!)).ToList();
        if (isRestricted)
        {
            foreach (var member in members)
                CheckRestrictions(member, project, context);
        }

        var others = context.Server.OfKind(InstanceKind.KindName)
            .Where(live => !changes.TryGetValue(live.Id, out var change) || change is { Desired: null, Action: not ChangeAction.Delete })
            .Select(live => (Instance)live.Raw).ToList();
        CheckCounts(members, others, changes, project, context);
        foreach (var (key, word, example) in s_sums.Where(sum => project.ContainsKey(sum.Key)))
            CheckSum(key, word, example, members, others, project, context);
        foreach (var key in project.Keys.Where(key => key == DiskLimit || key.StartsWith(PoolLimit, StringComparison.Ordinal)))
            CheckDisk(key, members, others, changes, project, context);
    }

    /// <summary>The configuration that the project will have.</summary>
    private static SortedDictionary<string, string> ConfigOf(PlanningContext context, IReadOnlyDictionary<ResourceId, ResourceChange> changes)
    {
        var change = changes.GetValueOrDefault(ProjectKind.IdOf(context.Project));
        var fields = ResourceFields.From(change is { Live: null, Desired: { External: false } desired } ? desired.Properties : context.LiveProject?.Properties ?? []);
        foreach (var step in change?.Steps ?? [])
            fields.Set(step.Path, step.Value);
        return new SortedDictionary<string, string>(fields.Config.Where(entry => entry.Value.Length > 0).ToDictionary(), StringComparer.Ordinal);
    }

    private static Member MemberOf(PlanningContext context, ResourceChange change, DesiredInstance desired)
    {
        var own = ResourceFields.From(desired.Properties);
        // What somebody set besides stays.
        var kept = change is { Live.Raw: Instance live, Action: not ChangeAction.Replace } ? live : null;
        bool IsTheirs(string path) => change.Live!.Mark?.Applied.Contains(path) != true;
        var config = new Dictionary<string, string>(desired.ProfileConfig);
        foreach (var (key, value) in (kept?.Config ?? new Dictionary<string, string>()).Where(entry => IsTheirs(PropertyPath.Config(entry.Key))).Concat(own.Config))
            config[key] = value;
        var devices = new Dictionary<string, IReadOnlyDictionary<string, string>>();
        foreach (var (name, device) in own.Word(PropertyPath.Profiles).Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(profile => InstanceForm.ProfileDevices(profile, context))
            .Concat((kept?.Devices ?? new Dictionary<string, IReadOnlyDictionary<string, string>>()).Where(device => IsTheirs(PropertyPath.Device(device.Key, "type"))))
            .Concat(own.DeviceMap()))
            devices[name] = device;
        return new Member(desired.Id, desired.DefinitionPath, own.Word(PropertyPath.Type) == InstanceTypes.VirtualMachine, config, devices);
    }

    private static void CheckRestrictions(Member member, IReadOnlyDictionary<string, string> project, PlanningContext context)
    {
        string Said(string restriction, string otherwise) => project.GetValueOrDefault("restricted." + restriction, otherwise);
        void Refuse(string what, string restriction, string allowing = "allow") => context.Error(
            "ProjectForbids", member.Path, $"{member.Id} {what}, which the project \"{context.Project}\" forbids (restricted.{restriction}: {Said(restriction, "not said")})",
            $"remove it, or have the project allow it: restrictions: {{{restriction}: {allowing}}}");

        foreach (var (key, value) in member.Config.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if ((member.IsMachine ? s_lowLevelOfMachines : s_lowLevelOfContainers).Contains(key))
            {
                var restriction = member.IsMachine ? "virtual-machines.lowlevel" : "containers.lowlevel";
                if (Said(restriction, "block") != "allow")
                    Refuse($"has {key}", restriction);
            }
            else if (member.IsMachine)
            {
                continue;
            }
            else if (key == "security.privileged" && ConfigTruth.IsTrue(value) && Said("containers.privilege", "unprivileged") != "allow")
            {
                Refuse("is privileged", "containers.privilege");
            }
            else if (key == "security.idmap.isolated" && !ConfigTruth.IsTrue(value) && Said("containers.privilege", "unprivileged") == "isolated")
            {
                Refuse($"has {key}: {value}", "containers.privilege", "unprivileged");
            }
            else if (key == "security.nesting" && ConfigTruth.IsTrue(value) && Said("containers.nesting", "block") == "block")
            {
                Refuse($"has {key}", "containers.nesting");
            }
            else if (s_interception.Contains(key) && ConfigTruth.IsTrue(value) && Said("containers.interception", "block") != "allow")
            {
                Refuse($"has {key}", "containers.interception");
            }
        }

        foreach (var (name, device) in member.Devices.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            CheckDevice(name, device, Said, Refuse);
    }

    private static void CheckDevice(string name, IReadOnlyDictionary<string, string> device, Func<string, string, string> said, Action<string, string, string> refuse)
    {
        var type = device.GetValueOrDefault("type", "");
        var isOfPool = device.GetValueOrDefault("pool") is { Length: > 0 };
        var source = device.GetValueOrDefault("source", "");
        switch (type)
        {
            case "nic" when said("devices.nic", "managed") == "block":
                refuse($"has the interface {name}", "devices.nic", "managed");
                break;
            case "nic" when said("devices.nic", "managed") == "managed" && string.IsNullOrEmpty(device.GetValueOrDefault("network")):
                refuse($"has the interface {name} on no network of Incus", "devices.nic", "allow");
                break;
            case "nic" when said("networks.access", "") is { Length: > 0 } access && (device.GetValueOrDefault("network") is { Length: > 0 } network ? network : device.GetValueOrDefault("parent", "")) is { Length: > 0 } used
                && !access.Split(',', StringSplitOptions.TrimEntries).Contains(used):
                refuse($"uses the network {used}", "networks.access", $"\"{access},{used}\"");
                break;
            case "disk" when (device.GetValueOrDefault("path") == "/" && isOfPool) || (!device.ContainsKey("path") && source is "cloud-init:config" or "agent:config"):
                break;
            case "disk" when said("devices.disk", "managed") == "block":
                refuse($"has the disk {name}", "devices.disk", "managed");
                break;
            case "disk" when said("devices.disk", "managed") == "managed" && !isOfPool:
                refuse($"has the disk {name}, which is no volume of a storage pool ({(source.Length > 0 ? source : type)})", "devices.disk", "allow");
                break;
            case "disk" when !isOfPool && ConfigTruth.IsTrue(device.GetValueOrDefault("shift")) && said("devices.disk.paths", "") is { Length: > 0 } among:
                refuse($"has the disk {name} with shift, which is not for paths that are restricted (write `shift: false`)", "devices.disk.paths", $"\"{among}\"");
                break;
            case "disk" when !isOfPool && said("devices.disk.paths", "") is { Length: > 0 } paths && !paths.Split(',').Any(path => (source.TrimEnd('/') + "/").StartsWith(path.Trim().TrimEnd('/') + "/", StringComparison.Ordinal)):
                refuse($"has the disk {name} from {source}", "devices.disk.paths", $"\"{paths},{source}\"");
                break;
            case var blocked when s_blockedDevices.Contains(blocked) && said("devices." + blocked, "block") != "allow":
                refuse($"has the {blocked} device {name}", "devices." + blocked, "allow");
                break;
        }
    }

    private static void CheckCounts(List<Member> members, List<Instance> others, IReadOnlyDictionary<ResourceId, ResourceChange> changes, IReadOnlyDictionary<string, string> project, PlanningContext context)
    {
        foreach (var (key, noun, counts) in new (string, string, Func<bool, bool>)[] { ("limits.instances", "instances", _ => true), ("limits.containers", "containers", isMachine => !isMachine), ("limits.virtual-machines", "virtual machines", isMachine => isMachine) })
        {
            if (!project.TryGetValue(key, out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most))
                continue;
            var own = members.Where(member => counts(member.IsMachine)).ToList();
            var there = others.Count(other => counts(other.Type == InstanceTypes.VirtualMachine));
            // The server moves a disk by a copy of its instance, which counts as long as both are there.
            if (own.Count + there == most && own.Find(member => RootDiskMove.Of(changes[member.Id]) is not null || changes.Values.Any(profile => ProfileDiskMove.Moves(profile, member.Id))) is { } moved)
            {
                context.Error(
                    "ProjectLimit", moved.Path, $"there may be {most} {noun} in the project \"{context.Project}\" ({key}), and there is one more while the root disk of {moved.Id} is moved to another pool",
                    "raise the limit for that time");
            }

            if (own.Count + there <= most || own.All(member => changes[member.Id].Live is not null))
                continue;
            context.Error(
                "ProjectLimit", PathOf(context, own[^1].Path), $"there may be {most} {noun} in the project \"{context.Project}\" ({key}), and there would be {own.Count + there}"
                    + (there > 0 ? $": {own.Count} of the stack and {there} that {(there == 1 ? "is" : "are")} there besides" : ""),
                "have fewer of them, or raise the limit");
        }
    }

    private static void CheckSum(string key, string word, string example, List<Member> members, List<Instance> others, IReadOnlyDictionary<string, string> project, PlanningContext context)
    {
        var (sum, sound) = (0L, true);
        foreach (var member in members)
        {
            // The server of Incus 7 counts no processes of virtual machines, which have no such limit.
            if (key == "limits.processes" && member.IsMachine)
                continue;
            var value = member.Config.GetValueOrDefault(key, "");
            if (ProjectSums.TryCount(key, value, out var count))
            {
                sum += count;
                continue;
            }

            sound = false;
            context.Error(
                "ProjectLimit", member.Path,
                value.Length == 0
                    ? $"the project \"{context.Project}\" limits the {word} of all its instances ({key}), and {member.Id} does not say how much it may have"
                    : $"the project \"{context.Project}\" limits the {word} of all its instances ({key}), and what {member.Id} says of it cannot be counted: {value}",
                $"say it as a number, such as `{example}`, here or in a profile");
        }

        sum += others.Sum(other => ProjectSums.TryCount(key, other.ExpandedConfig.GetValueOrDefault(key, ""), out var count) ? count : 0);
        if (sound && members.Count > 0 && ProjectSums.TryCount(key, project[key], out var most) && sum > most)
        {
            context.Error(
                "ProjectLimit", PathOf(context, members[^1].Path),
                $"the instances of the project \"{context.Project}\" may have {project[key]} {(key == "limits.memory" ? "of memory" : word)} between them ({key}), and would have {ProjectSums.Show(key, sum)}",
                "give some of them less, or raise the limit");
        }
    }

    private static void CheckDisk(string key, List<Member> members, List<Instance> others, IReadOnlyDictionary<ResourceId, ResourceChange> changes, IReadOnlyDictionary<string, string> project, PlanningContext context)
    {
        var pool = key == DiskLimit ? null : key[PoolLimit.Length..];
        var (sum, sound) = (0L, true);
        void Count(string path, string what, string advice, string? size)
        {
            if (size is not null && ByteSize.TryParse(size, out var bytes))
            {
                sum += bytes;
                return;
            }

            sound = false;
            // Once is enough where several limits ask for it.
            if (context.Problems.All(problem => problem.Id != "ProjectLimit" || problem.Path != path || !problem.Message.Contains(what, StringComparison.Ordinal)))
                context.Error("ProjectLimit", path, $"the project \"{context.Project}\" limits disk space ({key}), and {what}", advice);
        }

        foreach (var member in members)
        {
            var root = member.Devices.Values.FirstOrDefault(InstanceForm.IsRootDisk);
            if (root is not null && (pool is null || root["pool"] == pool))
                Count(member.Path, $"the root disk of {member.Id} has no size", "write `disk: {size: 10GiB}`, or give the root disk of a profile one", root.GetValueOrDefault("size"));
        }

        // Where the project has no volumes of its own, they are another one's. And of what a volume is made from the server tells the size.
        var ownVolumes = ObserveScope.HasOwn(project, "features.storage.volumes", isDefault: true);
        foreach (var change in changes.Values.Where(change => ownVolumes && change is { Desired: DesiredVolume { External: false }, Action: not ChangeAction.Delete } && (pool is null || change.Id.Scope == pool)))
        {
            if (change is { Live: null, Desired: DesiredVolume { Origin: IsoOrigin or BackupOrigin } })
                sound = false;
            else
                Count(change.Desired!.DefinitionPath, $"{change.Id} has no size", "write `size: 10GiB`", change.Desired.Properties[PropertyPath.Config("size")] ?? change.Live?.Properties[PropertyPath.Config("size")]);
        }

        var besides = others.Select(other => other.ExpandedDevices.Values.FirstOrDefault(InstanceForm.IsRootDisk)).Where(root => root is not null && (pool is null || root["pool"] == pool))
            .Select(root => root!.GetValueOrDefault("size"))
            .Concat(context.Server.OfKind(VolumeKind.KindName).Where(live => ownVolumes && !changes.ContainsKey(live.Id) && (pool is null || live.Id.Scope == pool)).Select(live => live.Properties[PropertyPath.Config("size")]));
        sum += besides.Sum(size => size is not null && ByteSize.TryParse(size, out var bytes) ? bytes : 0);
        if (sound && members.Count > 0 && ByteSize.TryParse(project[key], out var most) && sum > most)
        {
            context.Error(
                "ProjectLimit", PathOf(context, members[^1].Path),
                $"what is in the project \"{context.Project}\" may have {project[key]} of disk space{(pool is null ? "" : $" in {pool}")} ({key}), and would have {Sizes.Show(sum)}",
                "make something smaller, or raise the limit");
        }
    }

    /// <summary>Where the limit is said, if the file says it.</summary>
    private static string PathOf(PlanningContext context, string otherwise) =>
        context.Stack.Project is { Create: true } ? context.Stack.Source.Contains("project.limits") ? "project.limits" : "project" : otherwise;
}
