using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Loading.Keys;

/// <content>File systems in memory, devices of the host and GPUs.</content>
internal static partial class ComposeWords
{
    private const string TmpfsForm = "an absolute path such as `/run` or `/run:size=64m,mode=1777`";
    private const string DeviceForm = "a device such as `/dev/fuse` or `/dev/ttyUSB0:/dev/modem`";

    private const string AllUsb = "/dev/bus/usb";

    // Options that a file system in memory has anyway, or that nobody misses.
    private static readonly string[] s_plainTmpfsOptions = ["rw", "exec", "suid", "dev", "nosuid", "nodev", "relatime", "noatime"];

    // Names of block devices. Source: Linux Documentation/admin-guide/devices.txt.
    private static readonly string[] s_blockDevices = ["sd", "hd", "vd", "xvd", "nvme", "mmcblk", "loop", "dm-", "md", "mapper/", "disk/", "nbd", "rbd", "ram", "zram", "zd", "zvol/", "sr", "drbd", "bcache"];

    private static readonly string[] s_deviceWords = ["source", "target", "permissions"];

    /// <summary>The devices of an instance: raw ones by name, or a list as docker writes them.</summary>
    public static FormsShape<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> Devices { get; } = new()
    {
        Mapping = CommonShapes.Devices,
        Sequence = new ListShape<HostDevice>(new FormsShape<HostDevice>
        {
            Scalar = new ScalarShape<HostDevice>(DeviceForm, ParseDevice) { ProblemId = "BadDevice", Pattern = "^/dev/" },
            Mapping = new ObjectShape<HostDevice>(_ => new HostDevice("", ""))
                .Add("source", DevicePath("source"), "The device on the host", (device, value) => device with { Source = value }, required: true)
                .Add("target", DevicePath("target"), "The device in the instance; the same where the key is missing", (device, value) => device with { Target = value })
                .Add("permissions", new ScalarShape<string>("`rwm`", text => PermissionProblem(text) is { } problem ? new("", problem) : new(text)) { ProblemId = "BadDevice", Pattern = "^[rwm]{1,3}$" }, "`rwm`: Incus gives no part of them", (device, _) => device),
        }, "[\"/dev/fuse\"]").As(ToDevices),
    };

    /// <summary>A device of the host.</summary>
    internal sealed record HostDevice(string Source, string Target);

    private static ObjectShape<InstanceDefinition> AddDevices(ObjectShape<InstanceDefinition> instance) => instance
        .Add("tmpfs", new FormsShape<IReadOnlyList<TmpfsMount>>
        {
            Scalar = Tmpfs.As<TmpfsMount, IReadOnlyList<TmpfsMount>>(mount => [mount]),
            Sequence = new ListShape<TmpfsMount>(Tmpfs, "[/run]").As<IReadOnlyList<TmpfsMount>, IReadOnlyList<TmpfsMount>>(mounts => [.. mounts.Where(mount => (TmpfsMount?)mount is not null)]),
        }, "File systems in memory, as disk devices with the source `tmpfs:`", (made, value) => value.Aggregate(made, (with, mount) => with.Fill(InstanceForm.DeviceName("tmpfs", mount.Target), mount.ToDevice())))
        .Add("shm_size", Size, "The size of `/dev/shm`", (made, value) => made.Fill(InstanceForm.DeviceName("tmpfs", "/dev/shm"), new TmpfsMount("/dev/shm", value).ToDevice()))
        .Add("gpus", Gpus(), "GPUs of the host: `all`, or a list as under `deploy.resources.reservations.devices`", (made, value) => Say(made, words => words with { Gpus = value }))
        .Add("runtime", Scalars.Choice(("nvidia", "nvidia"), ("runc", "runc"), ("crun", "crun"), ("io.containerd.runc.v2", "runc")), "`nvidia`: NVIDIA's libraries of the host are there in it", (made, value) => value == "nvidia" ? made.Fill("nvidia.runtime", "true") : made);

    /// <summary>One item of <c>tmpfs</c>.</summary>
    private static Shape<TmpfsMount> Tmpfs { get; } = new ScalarShape<TmpfsMount>(TmpfsForm, ParseTmpfs) { ProblemId = "BadTmpfs", Pattern = "^/.*[^/]" };

    private static Parsed<TmpfsMount> ParseTmpfs(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var mount = new TmpfsMount(colon < 0 ? text : text[..colon]);
        if (!mount.Target.StartsWith('/') || mount.Target.Trim('/').Length == 0)
            return new(mount, "does not begin with an absolute path", $"write {TmpfsForm}");
        foreach (var option in colon < 0 ? [] : text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = option.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? (option[..equals], option[(equals + 1)..]) : (option, "");
            switch (key)
            {
                case "size" when ReadSize(value) is { } size:
                    mount = mount with { Size = size };
                    break;
                case "mode" when value.Length is 3 or 4 && value.All(digit => digit is >= '0' and <= '7'):
                    mount = mount with { Mode = value };
                    break;
                case "uid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _):
                    mount = mount with { Uid = value };
                    break;
                case "gid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _):
                    mount = mount with { Gid = value };
                    break;
                case "size" or "mode" or "uid" or "gid":
                    return new(mount, $"says `{option}`, which is no value of `{key}`", $"write {TmpfsForm}");
                default:
                    if (!s_plainTmpfsOptions.Contains(option))
                        return new(mount, $"has the option `{option}`, which Incus cannot give it", "leave it out; `size`, `mode`, `uid` and `gid` are there");
                    break;
            }
        }

        return new(mount);
    }

    private static ScalarShape<string> DevicePath(string what) => new($"a path such as `/dev/fuse`", text =>
        text.StartsWith("/dev/", StringComparison.Ordinal) ? new(text) : new("", what == "source" ? "is no device of the host" : "is no path of a device"))
    { ProblemId = "BadDevice", Pattern = "^/dev/" };

    private static string? PermissionProblem(string text) =>
        text.Length is 0 or > 3 || text.Any(letter => letter is not ('r' or 'w' or 'm')) ? "is made of other letters than `r`, `w` and `m`"
        : !text.Contains('w') ? "allows less than Incus can: it gives a device to read and to write"
        : null;

    private static Parsed<HostDevice> ParseDevice(string text)
    {
        var parts = text.Split(':');
        if (text.Contains('=', StringComparison.Ordinal) && !text.StartsWith('/'))
            return new(null!, "is a device of a vendor's own kind", "write it by name: `gpu0: {type: gpu, id: \"" + text + "\"}`");
        if (parts.Length > 3)
            return new(null!, "has too many colons", $"write {DeviceForm}");
        if (!parts[0].StartsWith("/dev/", StringComparison.Ordinal))
            return new(null!, "does not begin with a device of the host", $"write {DeviceForm}");
        // Docker takes `/dev/a:rwm` too.
        var target = parts.Length > 1 && parts[1].StartsWith('/') ? parts[1] : parts[0];
        var permissions = parts.Length == 3 ? parts[2] : parts.Length == 2 && target == parts[0] && parts[1] != parts[0] ? parts[1] : "rwm";
        if (PermissionProblem(permissions) is not null)
            return new(null!, $"ends in `{permissions}`, which Incus cannot give: it gives a device to read and to write", "leave it out; who may use the device is said by `mode` of a device by name");
        if (parts[0].TrimEnd('/') is "/dev/snd" or "/dev/input" or "/dev/bus" or "/dev")
            return new(null!, "is a folder of devices", "name each device");
        return new(new HostDevice(parts[0], target));
    }

    private static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> ToDevices(IReadOnlyList<HostDevice> list)
    {
        var devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        // Gaps, and mappings without what they need, have been reported.
        foreach (var device in list.Where(device => device is { Source.Length: > 0 }))
        {
            var target = device.Target.Length == 0 ? device.Source : device.Target;
            // All of the host's cards and what belongs to them.
            devices[InstanceForm.DeviceName("device", target.StartsWith("/dev/", StringComparison.Ordinal) ? target["/dev/".Length..] : target)] = device.Source.TrimEnd('/') is "/dev/dri" or AllUsb
                // Without a vendor or product it is whatever is plugged in. Source: Incus doc/reference/devices_usb.md.
                ? new Dictionary<string, string> { ["type"] = device.Source.TrimEnd('/') == AllUsb ? "usb" : "gpu" }
                : new Dictionary<string, string>
                {
                    ["type"] = s_blockDevices.Any(name => device.Source["/dev/".Length..].StartsWith(name, StringComparison.Ordinal)) ? "unix-block" : "unix-char",
                    ["source"] = device.Source,
                    ["path"] = target,
                };
        }

        return devices.AsReadOnly();
    }

    /// <summary>A list as docker writes it by name; what cannot be read stays as it is, under its own text, and is answered there.</summary>
    internal static MappingNode ByName(SequenceNode list)
    {
        var entries = new OrderedDictionary<string, MappingEntry>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            var text = item switch
            {
                ScalarNode scalar => scalar.Value,
                MappingNode mapping => string.Join(':', s_deviceWords.Select(mapping.Find).OfType<ScalarNode>().Select(part => part.Value)),
                _ => "",
            };
            var device = text.Length > 0 ? ParseDevice(text) : new(null!, "");
            if (device.Problem is not null)
            {
                var key = text.Length > 0 ? text : "device";
                entries[key] = new(new ScalarNode(item.Location, key), item);
                continue;
            }

            foreach (var (name, properties) in ToDevices([device.Value]))
            {
                var made = properties.Select(property => new MappingEntry(new ScalarNode(item.Location, property.Key), new ScalarNode(item.Location, property.Value)));
                entries[name] = new(new ScalarNode(item.Location, name), new MappingNode(item.Location, [.. made]) { Tag = item.Tag, Origin = item.Origin });
            }
        }

        return new MappingNode(list.Location, [.. entries.Values]) { Tag = list.Tag, Origin = list.Origin };
    }

    private static FormsShape<IReadOnlyList<ComposeGpu>> Gpus() => new()
    {
        Scalar = Scalars.Choice<IReadOnlyList<ComposeGpu>>(("all", [new ComposeGpu(null, [], Nvidia: true)])),
        Sequence = s_reserved.Value,
    };

    // One for both of its places.
    private static readonly Lazy<Shape<IReadOnlyList<ComposeGpu>>> s_reserved = new(MakeReserved);

    private sealed record Reservation
    {
        public IReadOnlyList<string> Capabilities { get; init; } = ["gpu"];

        public string? Driver { get; init; }

        public int? Count { get; init; }

        public IReadOnlyList<string> Ids { get; init; } = [];
    }

    /// <summary>The devices that <c>deploy</c> reserves. Source: compose-spec deploy.md, devices.</summary>
    private static Shape<IReadOnlyList<ComposeGpu>> MakeReserved()
    {
        var id = new ScalarShape<string>("a number such as `0`", text => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new(text)
            : new("", "is no number of a GPU", "write the device by name: `gpu0: {type: gpu, id: …}`, with what `incus info --resources` shows"))
        { ProblemId = "BadGpu", Pattern = "^[0-9]+$" };
        var count = new ScalarShape<int?>("a number such as `1`, or `all`", text => text is "all" or "-1" ? new(null)
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 64 ? new(number) : new(null, "is no number of GPUs"))
        { ProblemId = "BadGpu", Pattern = "^(all|-1|[0-9]+)$" };
        var item = new ObjectShape<Reservation>(_ => new Reservation())
            .Add("capabilities", new ListShape<string>(Scalars.Word("a word such as `gpu`"), "[gpu]"), "What it is for: `gpu` is among it", (made, value) => made with { Capabilities = value })
            .Add("driver", Scalars.Word("a driver such as `nvidia`"), "`nvidia`: NVIDIA's libraries of the host are there, too", (made, value) => made with { Driver = value })
            .Add("count", count, "How many, or `all`; `all` where the key is missing", (made, value) => made with { Count = value })
            .Add("device_ids", new ListShape<string>(id, "[\"0\"]"), "Which, by their numbers", (made, value) => made with { Ids = value })
            .Foreign(new ForeignWord("options", ForeignSeverity.Warning, "they are a driver's of docker"))
            .Then((Reservation made, DocumentNode node, Site site, BindingContext context, out ComposeGpu gpu) =>
            {
                gpu = new ComposeGpu(made.Ids.Count > 0 ? null : made.Count, [.. made.Ids.Where(text => text is not null)], made.Driver == "nvidia" || made.Capabilities.Contains("nvidia"));
                if (made.Capabilities.Contains("gpu"))
                    return true;
                context.Error("BadGpu", node, site, "only GPUs can be asked for in this way", "write other devices under `devices`");
                return false;
            });
        return new ListShape<ComposeGpu>(item, "[{capabilities: [gpu]}]").As<IReadOnlyList<ComposeGpu>, IReadOnlyList<ComposeGpu>>(gpus => [.. gpus.Where(gpu => (ComposeGpu?)gpu is not null)]);
    }

    private static InstanceDefinition FinishDevices(InstanceDefinition instance, ComposeDraft words)
    {
        foreach (var gpu in words.Gpus.Concat(words.Deploy?.Gpus ?? []))
        {
            var ids = gpu.Ids.Count > 0 ? gpu.Ids : [.. Enumerable.Range(0, gpu.Count ?? 0).Select(id => Text(id))];
            if (ids.Count == 0)
                instance = instance.Fill("gpu", new Dictionary<string, string> { ["type"] = "gpu" });
            foreach (var id in ids)
                instance = instance.Fill($"gpu-{id}", new Dictionary<string, string> { ["type"] = "gpu", ["id"] = id });
            if (gpu.Nvidia && instance.Type == InstanceType.Container)
                instance = instance.Fill("nvidia.runtime", "true");
        }

        return instance;
    }
}
