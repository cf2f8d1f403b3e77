using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Guests;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Ssh;

namespace IncusCompose.Resources.Instances;

/// <summary>Turns an instance's definition into the configuration and devices that Incus knows.</summary>
internal static partial class InstanceForm
{
    /// <summary>The longest device name that Incus takes.</summary>
    private const int LongestDeviceName = 63;

    private static readonly IReadOnlyList<string> DefaultProfiles = ["default"];

    public static IReadOnlyList<string> ProfilesOf(InstanceDefinition instance) => instance.Profiles ?? DefaultProfiles;

    /// <param name="instance">The definition.</param>
    /// <param name="context">The stack and what is live; problems are reported there.</param>
    /// <param name="live">The instance as it is now; what it already uses is kept where the file does not say.</param>
    /// <returns>The properties, and the storage pool that the root disk will be on: the instance's own word or its profiles'.</returns>
    public static (PropertyBag Properties, string? RootPool) Build(InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        var fields = new ResourceFields();
        fields.Set(PropertyPath.Type, InstanceKind.TypeName(instance.Type));
        fields.Set(PropertyPath.Image, StackImages.ReferenceOf(instance.Image, context.Stack));
        fields.Set(PropertyPath.Ephemeral, Text(instance.Ephemeral));
        fields.Set(PropertyPath.Profiles, string.Join(",", ProfilesOf(instance)));
        if (!string.IsNullOrEmpty(instance.Description))
            fields.Set(PropertyPath.Description, instance.Description);
        if (instance.DependsOn.Count > 0)
            fields.Set(PropertyPath.DependsOn, DependencyText.Write(instance.DependsOn));
        foreach (var (key, value) in OwnConfigOf(instance, context))
            fields.Config[key] = value;
        foreach (var (key, value) in context.Guests.CredentialsOf(instance, context))
            fields.Config[key] = value;
        AddSsh(fields.Config, instance, context);
        ImageCommand.Add(fields.Config, instance, context, live);
        ImageHealth.Add(fields.Config, instance, context, live);
        ProcessUsers.Add(fields.Config, instance, context, live);
        AddNetworks(fields, instance, context);
        AddMacvlan(fields, instance, context, live);
        AddVolumes(fields, instance, context);
        AddPersisted(fields, instance);
        // What has the host's interfaces listens on its ports by itself.
        if (!instance.HostNetwork)
            AddPorts(fields, instance);
        AddCompose(fields, instance, context);
        // Raw devices replace what the typed words made of the same name.
        foreach (var (name, device) in instance.Devices)
            fields.Devices[name] = new SortedDictionary<string, string>(device.ToDictionary(), StringComparer.Ordinal);
        var rootPool = AddRootDisk(fields, instance, context, live);
        ExtensionNeeds.Check(instance, fields, context);
        OciApplications.Check(instance, fields, context);
        return (fields.ToBag(), rootPool);
    }

    /// <summary>The configuration that an instance will have from its profiles, once the stack's own profiles are as the file says.</summary>
    public static IReadOnlyDictionary<string, string> ProfileConfig(InstanceDefinition instance, PlanningContext context)
    {
        var config = new Dictionary<string, string>();
        foreach (var name in ProfilesOf(instance))
        {
            var live = context.Server.Find(ProfileKind.IdOf(name));
            var definition = context.Stack.Profiles.GetValueOrDefault(name) is { External: false } own ? own : null;
            foreach (var (key, value) in (live?.Raw as Profile)?.Config ?? new Dictionary<string, string>())
            {
                // What the stack once wrote into its profile and the file dropped will be gone.
                if (definition is null || live!.Mark?.Applied.Contains(PropertyPath.Config(key)) != true)
                    config[key] = value;
            }

            foreach (var (key, value) in definition?.WholeConfig ?? new Dictionary<string, string>())
                config[key] = value;
        }

        return config;
    }

    /// <summary>The same with what its packages and users add to cloud-init's data.</summary>
    public static IReadOnlyDictionary<string, string> OwnConfigOf(InstanceDefinition instance, PlanningContext context) =>
        GuestCloudInit.With(instance, ConfigOf(instance), ProfileConfig(instance, context));

    /// <summary>The instance's own configuration as its words and its <c>config</c> say; what is added for SSH left out.</summary>
    public static IReadOnlyDictionary<string, string> ConfigOf(InstanceDefinition instance)
    {
        var config = new Dictionary<string, string>(StringComparer.Ordinal);
        void Set(string key, string? value)
        {
            if (value is not null)
                config[key] = value;
        }

        foreach (var (key, value) in instance.Options)
            config[key] = value;
        Set("cloud-init.user-data", instance.CloudInit?.UserData);
        Set("cloud-init.vendor-data", instance.CloudInit?.VendorData);
        Set("cloud-init.network-config", instance.CloudInit?.NetworkConfig);
        foreach (var (key, value) in instance.Snapshots?.Config() ?? [])
            config[key] = value;
        foreach (var (key, value) in instance.Environment)
            config[$"environment.{key}"] = value;
        foreach (var (key, value) in instance.Labels)
            config[$"user.label.{key}"] = value;
        foreach (var (key, value) in instance.Config)
            config[key] = value;
        foreach (var (key, value) in RecordedWords.Of(instance))
            config[key] = value;
        return config;
    }

    /// <summary>What the file names in an instance; its networks, volumes, profiles and images are looked for where they are used.</summary>
    public static IEnumerable<NamedResource> WordsOf(InstanceDefinition instance)
    {
        var path = $"instances.{instance.Name}";
        if (instance.Disk?.Pool is { } pool)
            yield return new NamedResource(StoragePoolKind.IdOf(pool), $"{path}.disk.pool");
        foreach (var (index, nic) in instance.Networks.Index())
        {
            foreach (var acl in NetworkAclKind.In(nic.Acls))
                yield return new NamedResource(acl, $"{path}.networks.{nic.Network}.acls", $"{path}.networks[{index}].acls", $"{path}.networks");
        }

        foreach (var named in DeviceUses.WordsOf(instance.Devices, path))
            yield return named;
    }

    private static void AddSsh(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context)
    {
        if (instance.Ssh is not { } ssh)
            return;
        var (key, value) = SshCloudInit.Place(ssh, instance.Persist, OwnConfigOf(instance, context), ProfileConfig(instance, context));
        config[key] = value;
    }

    private static void AddNetworks(ResourceFields fields, InstanceDefinition instance, PlanningContext context)
    {
        for (var index = 0; index < instance.Networks.Count; index++)
        {
            var attachment = instance.Networks[index];
            var name = attachment.Name ?? string.Create(CultureInfo.InvariantCulture, $"eth{index}");
            var device = fields.Devices[name] = new(StringComparer.Ordinal) { ["type"] = "nic", ["name"] = name };
            if (!AttachTo(device, attachment.Network, context))
            {
                context.Error(
                    "MissingNetwork", $"instances.{instance.Name}.networks.{attachment.Network}",
                    $"there is no network \"{attachment.Network}\" in the file or on the server",
                    "add it under networks: or name one of: " + KnownNetworks(context));
            }

            if (attachment.Ipv4 is not null)
                device["ipv4.address"] = attachment.Ipv4;
            if (attachment.Ipv6 is not null)
                device["ipv6.address"] = attachment.Ipv6;
            if (attachment.Mac is not null)
                device["hwaddr"] = attachment.Mac;
            if (attachment.Acls is not null)
                AddAcls(device, attachment, instance, context);
        }
    }

    private static void AddAcls(SortedDictionary<string, string> device, NetworkAttachment attachment, InstanceDefinition instance, PlanningContext context)
    {
        device["security.acls"] = attachment.Acls!;
        var definition = context.Stack.Networks.GetValueOrDefault(attachment.Network);
        var type = definition is { External: false } ? definition.Type : (context.Server.Find(NetworkKind.IdOf(attachment.Network))?.Raw as Network)?.Type;
        // Of old, only ovn networks have ACLs for single interfaces.
        if (type == "bridge")
            context.Require("network_bridge_acl_devices", $"instances.{instance.Name}.networks.{attachment.Network}", "An interface's own `acls` on a bridge");
    }

    private static void AddMacvlan(ResourceFields fields, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (instance.Macvlan is not { } macvlan)
            return;
        var name = string.Create(CultureInfo.InvariantCulture, $"eth{instance.Networks.Count}");
        var before = live is not null && ((Instance)live.Raw).Devices.GetValueOrDefault(name) is { } device && device.GetValueOrDefault("nictype") == MacvlanDefinition.Word ? device : null;
        var path = $"instances.{instance.Name}.network";
        // What it stands on already stays, even where the host's routes have changed.
        if ((macvlan.Parent ?? before?.GetValueOrDefault("parent") ?? context.Uplink?.Name) is not { } parent)
        {
            context.Error(
                "NoUplink", path, "there is no telling which interface of the host leads to its network",
                "name it: network: macvlan:NAME; the host has: " + List(context.Uplink?.Candidates ?? []));
            return;
        }

        // Once: it is the same for all.
        if (before is null && context.Problems.All(problem => problem.Id != "MacvlanHostLimit"))
            context.Report(Diagnostic.Warning("MacvlanHostLimit", context.Stack.Source.Find(path), path, MacvlanDefinition.HostLimit));
        fields.Devices[name] = new(StringComparer.Ordinal) { ["type"] = "nic", ["name"] = name, ["nictype"] = MacvlanDefinition.Word, ["parent"] = parent };
    }

    private static bool AttachTo(SortedDictionary<string, string> device, string network, PlanningContext context)
    {
        if (context.Stack.Networks.GetValueOrDefault(network) is { External: false })
        {
            device["network"] = network;
            return true;
        }

        // An external one that is missing is reported itself.
        if (context.Server.Find(NetworkKind.IdOf(network)) is not { } live)
            return context.Stack.Networks.ContainsKey(network);
        if (((Network)live.Raw).Managed)
        {
            device["network"] = network;
            return true;
        }

        // A bridge or an interface of the host, which Incus does not manage.
        device["nictype"] = ((Network)live.Raw).Type == "bridge" ? "bridged" : "macvlan";
        device["parent"] = network;
        return true;
    }

    private static void AddVolumes(ResourceFields fields, InstanceDefinition instance, PlanningContext context)
    {
        foreach (var mount in instance.Volumes)
        {
            if (mount.Tmpfs is { } tmpfs)
            {
                fields.Devices[DeviceName("tmpfs", mount.Target)] = new(tmpfs.ToDevice().ToDictionary(), StringComparer.Ordinal);
                continue;
            }

            var source = mount.Subpath is null ? mount.Source : $"{mount.Source}/{mount.Subpath}";
            if (mount.Subpath is not null)
                context.Require("disk_volume_subpath", $"instances.{instance.Name}.volumes", "a folder of a volume");
            var device = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["type"] = "disk", ["source"] = source, ["path"] = mount.Target };
            if (!mount.IsHostPath)
            {
                var pools = PoolsOf(mount.Source, context);
                if (pools.Count == 1)
                {
                    device["pool"] = pools[0];
                }
                else
                {
                    context.Error(
                        pools.Count == 0 ? "MissingVolume" : "AmbiguousVolume", $"instances.{instance.Name}.volumes",
                        pools.Count == 0
                            ? $"there is no volume \"{mount.Source}\" in the file or on the server"
                            : $"there are volumes \"{mount.Source}\" in several pools: {string.Join(", ", pools)}",
                        pools.Count == 0
                            ? "add it under volumes: or name one of: " + Known(context, VolumeKind.KindName)
                            : $"say which one: volumes: {{{mount.Source}: {{pool: {pools[0]}, external: true}}}}");
                }
            }

            if (mount.ReadOnly)
                device["readonly"] = "true";
            if (mount is { Shift: true, IsHostPath: true } && RestrictsPaths(context))
            {
                var path = $"instances.{instance.Name}.volumes";
                context.Report(Diagnostic.Warning("NotShifted", context.Stack.Source.Find(path), path, $"{mount.Source} is mounted without `shift`, which the server does not allow in a project that restricts paths (restricted.devices.disk.paths): its files are nobody's in the instance",
                    "let the files be everybody's to read and write, or use a volume"));
            }
            else if (mount.Shift is { } shift)
            {
                device["shift"] = Text(shift);
            }

            if (mount.Propagation is { } propagation)
                device["propagation"] = propagation;
            fields.Devices[DeviceName("mount", mount.Target)] = device;
        }
    }

    /// <summary>True where the project says which paths of the host may be mounted. Source: Incus internal/server/device/disk.go.</summary>
    private static bool RestrictsPaths(PlanningContext context)
    {
        var said = context.Stack.Project is { Create: true } made ? made.Config : null;
        return Of("restricted") == "true" && !string.IsNullOrEmpty(Of("restricted.devices.disk.paths"));

        string? Of(string key) => said?.GetValueOrDefault(key) ?? context.LiveProject?.Properties[PropertyPath.Config(key)];
    }

    private static void AddPersisted(ResourceFields fields, InstanceDefinition instance)
    {
        foreach (var folder in instance.Persist)
        {
            var device = fields.Devices[DeviceName("persist", folder.Target)] = new(StringComparer.Ordinal) { ["type"] = "disk", ["source"] = folder.Source, ["path"] = folder.Target };
            // A virtual machine's folders are shared as they are.
            if (instance.Type == InstanceType.Container)
                device["shift"] = "true";
        }
    }

    /// <summary>The pools that have a volume of a name that an instance mounts.</summary>
    internal static IReadOnlyList<string> PoolsOf(string volume, PlanningContext context) =>
        context.Stack.Volumes.TryGetValue(volume, out var definition)
            // Where there is no telling, the volume itself is reported.
            ? [VolumeKind.PoolOf(definition, context) ?? ""]
            : [.. context.Server.OfKind(VolumeKind.KindName).Where(live => live.Id.Name == volume).Select(live => live.Id.Scope!)];

    private static void AddPorts(ResourceFields fields, InstanceDefinition instance)
    {
        foreach (var port in instance.Ports)
        {
            fields.Devices[PortDeviceName(port.Protocol, port.HostAddress, Range(port.HostPort, port.Count))] = new(StringComparer.Ordinal)
            {
                ["type"] = "proxy",
                ["listen"] = Endpoint(port.Protocol, port.HostAddress, port.HostPort, port.Count),
                ["connect"] = Endpoint(port.Protocol, port.InstanceAddress, port.InstancePort, port.Count),
            };
        }
    }

    /// <summary>What the device is called that publishes a port, or a range of ports, of a host address.</summary>
    public static string PortDeviceName(string protocol, string address, string ports) =>
        DeviceName("port", (address is "0.0.0.0" or "::" ? "" : address + "-") + ports + "-" + protocol);

    /// <summary>Sees to it that there is a root disk: the profiles' own, unless the definition or a want of one says otherwise.</summary>
    private static string? AddRootDisk(ResourceFields fields, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (fields.Devices.Values.FirstOrDefault(IsRootDisk) is { } own)
            return own["pool"];
        var inherited = ProfilesOf(instance)
            .SelectMany(profile => ProfileDevices(profile, context))
            .LastOrDefault(device => IsRootDisk(device.Value));
        if (instance is { Disk: null, ReadOnly: false } && inherited.Value is not null)
            return inherited.Value["pool"];
        var liveDevices = live is null ? null : ((Instance)live.Raw).Devices;
        var name = inherited.Key ?? "root";
        var pool = instance.Disk?.Pool
            ?? inherited.Value?.GetValueOrDefault("pool")
            ?? liveDevices?.Values.FirstOrDefault(IsRootDisk)?.GetValueOrDefault("pool")
            ?? StoragePoolKind.DefaultPool(context);
        if (pool is null)
        {
            context.Error(
                "NoPool", $"instances.{instance.Name}", "no profile of the instance has a root disk, and there is no telling which storage pool to use",
                "name one: disk: {pool: …}; the server has: " + Known(context, StoragePoolKind.KindName));
            return null;
        }

        var root = fields.Devices[name] = new(StringComparer.Ordinal) { ["type"] = "disk", ["path"] = "/", ["pool"] = pool };
        foreach (var (key, value) in inherited.Value ?? new Dictionary<string, string>())
            root.TryAdd(key, value);
        if (instance.Disk?.Size is { } size)
            root["size"] = size;
        foreach (var (key, value) in instance.Disk?.Options ?? Maps.Empty)
            root[key] = value;
        if (instance.ReadOnly)
            root["readonly"] = "true";
        return pool;
    }

    /// <summary>The devices that a profile will have.</summary>
    internal static IEnumerable<KeyValuePair<string, IReadOnlyDictionary<string, string>>> ProfileDevices(string profile, PlanningContext context)
    {
        if (context.Stack.Profiles.TryGetValue(profile, out var definition) && !definition.External)
            return ProfileForm.DevicesOf(definition, context);
        return context.Server.Find(ProfileKind.IdOf(profile)) is { Raw: Profile live } ? live.Devices : [];
    }

    public static bool IsRootDisk(IReadOnlyDictionary<string, string> device) =>
        device.GetValueOrDefault("type") == "disk" && device.GetValueOrDefault("path") == "/" && !string.IsNullOrEmpty(device.GetValueOrDefault("pool"));

    private static string Known(PlanningContext context, string kind) =>
        List(context.Server.OfKind(kind).Select(live => live.Id.Name).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The networks that a NIC can be attached to: Incus's own, then bridges and other interfaces of the host.</summary>
    private static string KnownNetworks(PlanningContext context) =>
        List(context.Server.OfKind(NetworkKind.KindName)
            .Select(live => (Network)live.Raw)
            .Where(network => network.Managed || network.Type is not ("loopback" or "unknown"))
            .OrderByDescending(network => network.Managed)
            .ThenByDescending(network => network.Type == "bridge")
            .ThenBy(network => network.Name, StringComparer.Ordinal)
            .Select(network => network.Name));

    private static string List(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "(none)";

    private static string Endpoint(string protocol, string address, int first, int count) =>
        $"{protocol}:{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{Range(first, count)}";

    private static string Range(int first, int count) =>
        count == 1 ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{first + count - 1}");

    private static string Text(bool value) => value ? "true" : "false";

    /// <summary>A device name that says what it is for and stays the same when others come and go.</summary>
    internal static string DeviceName(string prefix, string label)
    {
        var slug = new StringBuilder(prefix).Append('-');
        foreach (var character in label)
        {
            var next = char.IsAsciiLetterOrDigit(character) || character is '.' or '_' ? character : '-';
            if (next != '-' || slug[^1] != '-')
                slug.Append(next);
        }

        var name = slug.ToString().TrimEnd('-');
        if (name.Length <= LongestDeviceName)
            return name;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(label)))[..8];
        return $"{name[..(LongestDeviceName - 9)]}-{digest}";
    }
}
