using System.Globalization;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Provision;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Exporting;

/// <summary>
/// An instance as a definition. Short words are tried first, and kept where the instance that they make has just what the
/// live one has; the rest is raw configuration and raw devices, which can say everything.
/// </summary>
internal static partial class InstanceExport
{
    public static InstanceDefinition Describe(LiveResource live, StackDefinition stack, ExportContext context)
    {
        var instance = (Instance)live.Raw;
        var path = $"instances.{instance.Name}";
        var config = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (property, value) in live.Properties)
        {
            // What a stack did not say, the image did.
            if (PropertyPath.IsConfig(property, out var key) && (live.Mark is not { Applied: var applied } || applied.Contains(property) || !OciApplications.IsFilled(property, instance)))
                config[key] = value;
        }

        var definition = new InstanceDefinition
        {
            Name = instance.Name,
            Image = ImageWord(live, stack, context),
            Type = instance.Type == InstanceTypes.VirtualMachine ? InstanceType.VirtualMachine : InstanceType.Container,
            Description = ExportContext.Text(live),
            Profiles = instance.Profiles is ["default"] ? null : instance.Profiles,
            Ephemeral = instance.Ephemeral,
            Target = live.Mark?.Applied.Plain(PropertyPath.Target),
            Ready = RecordedWords.ReadReady(instance.Config),
            Healthcheck = RecordedWords.ReadOwnHealthcheck(instance.Config),
            HealthTiming = RecordedWords.ReadImageHealthcheck(instance.Config)?.Timing,
            Hooks = RecordedWords.ReadHooks(instance.Config),
            Persist = RecordedWords.ReadPersist(instance.Config),
            DependsOn = [.. DependencyText.Read(live.Properties[PropertyPath.DependsOn]).Where(dependency => context.Owned.Contains(InstanceKind.IdOf(dependency.Instance)))],
        };
        if (ImageCommand.Take(config, instance.Config) is { } command)
            definition = definition with { Command = command };
        if (ProcessUsers.Take(config, instance.Config) is { } user)
            definition = definition with { ProcessUser = user };
        foreach (var key in config.Keys.Where(key => key.StartsWith(OwnershipMark.Prefix, StringComparison.Ordinal)).ToList())
            config.Remove(key);
        definition = NamesExport.Take(definition, live, config, PlanningOf(stack, context));
        definition = CloudInitExport.Take(definition, live, config, PlanningOf(stack, context), context);
        definition = WithWords(definition, config, context);
        definition = WithDevices(definition with { Config = config.AsReadOnly() }, live, stack, context);
        if (instance.StatusCode == StatusCode.Stopped)
            context.Note("Stopped", path, $"the instance {instance.Name} is stopped: up starts it");
        if (instance.Config.ContainsKey(ProvisionRecord.Key))
            context.Note("Provision", path, $"the steps that {instance.Name} was provisioned with are not on the server, and not written");
        return definition;
    }

    private static InstanceDefinition WithWords(InstanceDefinition definition, SortedDictionary<string, string> config, ExportContext context)
    {
        var words = WordsExport.Take(config, definition.Type, context);
        return definition with { Options = words.Options, CloudInit = words.CloudInit, Snapshots = words.Snapshots, Environment = words.Environment, Labels = words.Labels };
    }

    private static InstanceDefinition WithDevices(InstanceDefinition definition, LiveResource live, StackDefinition stack, ExportContext context)
    {
        var devices = ResourceFields.From(live.Properties).Devices;
        definition = definition with { Volumes = Fitting(devices, Mount, mount => definition with { Persist = [], Volumes = [mount] }, stack, context) };
        definition = definition with { Ports = Fitting(devices, Port, port => definition with { Ports = [port] }, stack, context) };
        definition = WithNetworks(definition, devices, stack, context);
        foreach (var (name, root) in devices.Where(device => InstanceForm.IsRootDisk(device.Value)))
        {
            var (size, pool) = (root.GetValueOrDefault("size"), root["pool"]);
            var options = OptionExport.TakeDisk(root, definition.Type, context).RemoveRange(["size", "pool"]);
            RootDiskDefinition?[] disks = [null, new(size) { Options = options }, new(size, pool) { Options = options }];
            if (size is null || CommonShapes.Size.Accepts(size))
                definition = definition with { Disk = disks.FirstOrDefault(disk => disk is not { Size: null, Pool: null, Options.Count: 0 } && IsMade(definition with { Disk = disk }, name, root, stack, context)) };
        }

        var made = DevicesOf(definition, stack, context);
        var raw = new SortedDictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (name, device) in devices.Where(device => !made.TryGetValue(device.Key, out var other) || !other.SequenceEqual(device.Value)))
            raw[name] = device.AsReadOnly();
        return definition with { Devices = raw.AsReadOnly() };
    }

    private static InstanceDefinition WithNetworks(InstanceDefinition definition, SortedDictionary<string, SortedDictionary<string, string>> devices, StackDefinition stack, ExportContext context)
    {
        var nics = devices.Where(device => device.Value.GetValueOrDefault("type") == "nic" && device.Value.GetValueOrDefault("name") == device.Key)
            .OrderBy(device => device.Key.Length).ThenBy(device => device.Key, StringComparer.Ordinal).ToList();
        while (true)
        {
            var networks = nics.Select((nic, index) => new NetworkAttachment
            {
                Network = nic.Value.GetValueOrDefault("network") ?? nic.Value.GetValueOrDefault("parent", ""),
                Name = nic.Key == string.Create(CultureInfo.InvariantCulture, $"eth{index}") ? null : nic.Key,
                Ipv4 = nic.Value.GetValueOrDefault("ipv4.address"),
                Ipv6 = nic.Value.GetValueOrDefault("ipv6.address"),
                Mac = nic.Value.GetValueOrDefault("hwaddr"),
                Acls = nic.Value.GetValueOrDefault("security.acls"),
            }).ToList();
            var attached = definition with { Networks = networks };
            var made = DevicesOf(attached, stack, context);
            if (nics.RemoveAll(nic => !made.TryGetValue(nic.Key, out var device) || !device.SequenceEqual(nic.Value)) == 0)
                return attached;
        }
    }

    /// <summary>The short words of those devices that are just what the words would make.</summary>
    private static List<T> Fitting<T>(
        SortedDictionary<string, SortedDictionary<string, string>> devices, Func<SortedDictionary<string, string>, T?> read, Func<T, InstanceDefinition> with, StackDefinition stack, ExportContext context)
        where T : class =>
        [.. devices.Select(device => (device, word: read(device.Value))).Where(pair => pair.word is not null && IsMade(with(pair.word), pair.device.Key, pair.device.Value, stack, context)).Select(pair => pair.word!)];

    private static bool IsMade(InstanceDefinition definition, string name, SortedDictionary<string, string> device, StackDefinition stack, ExportContext context) =>
        DevicesOf(definition, stack, context).TryGetValue(name, out var made) && made.SequenceEqual(device);

    private static SortedDictionary<string, SortedDictionary<string, string>> DevicesOf(InstanceDefinition definition, StackDefinition stack, ExportContext context) =>
        ResourceFields.From(InstanceForm.Build(definition, PlanningOf(stack, context), live: null).Properties).Devices;

    // A new one each time: what does not fit is reported to it, and nobody's business.
    private static PlanningContext PlanningOf(StackDefinition stack, ExportContext context) => new(stack, context.Project, context.Server, context.Remotes);

    private static VolumeMount? Mount(SortedDictionary<string, string> device)
    {
        if (device.GetValueOrDefault("type") != "disk" || !device.TryGetValue("source", out var source) || !device.TryGetValue("path", out var target) || target == "/")
            return null;
        if (source == TmpfsMount.Source)
        {
            var mode = device.GetValueOrDefault("initial.mode");
            var size = device.GetValueOrDefault("size");
            return new VolumeMount { Source = TmpfsMount.Source, Target = target, IsHostPath = true, Tmpfs = new TmpfsMount(target, size is null || CommonShapes.Size.Accepts(size) ? size : null, mode == "1777" ? null : mode) };
        }

        var isHostPath = source.StartsWith('/');
        // A folder in a volume is named behind it.
        var parts = isHostPath ? [source] : source.Split('/', 2);
        return new VolumeMount
        {
            Source = parts[0],
            Target = target,
            IsHostPath = isHostPath,
            Subpath = parts.Length > 1 ? parts[1] : null,
            ReadOnly = device.GetValueOrDefault("readonly") == "true",
            Shift = device.GetValueOrDefault("shift") switch { "true" => true, "false" => false, _ => null },
            Propagation = device.GetValueOrDefault("propagation"),
        };
    }

    private static PortMapping? Port(SortedDictionary<string, string> device)
    {
        if (device.GetValueOrDefault("type") != "proxy"
            || Endpoint().Match(device.GetValueOrDefault("listen", "")) is not { Success: true } listen
            || Endpoint().Match(device.GetValueOrDefault("connect", "")) is not { Success: true } connect)
            return null;
        var (first, last) = Ports(listen);
        return new PortMapping
        {
            Protocol = listen.Groups["protocol"].Value,
            HostAddress = listen.Groups["address"].Value.Trim('[', ']'),
            HostPort = first,
            InstanceAddress = connect.Groups["address"].Value.Trim('[', ']'),
            InstancePort = Ports(connect).First,
            Count = Math.Max(1, last - first + 1),
        };
    }

    private static (int First, int Last) Ports(Match endpoint)
    {
        var first = int.Parse(endpoint.Groups["first"].Value, CultureInfo.InvariantCulture);
        return (first, endpoint.Groups["last"].Success ? int.Parse(endpoint.Groups["last"].Value, CultureInfo.InvariantCulture) : first);
    }

    /// <summary>The word for an instance's image: the file's own where a stack made it, else where the image on the server came from, or what it is called.</summary>
    private static string ImageWord(LiveResource live, StackDefinition stack, ExportContext context)
    {
        var instance = (Instance)live.Raw;
        if (live.Mark?.Applied.Plain(PropertyPath.Image) is { } applied)
        {
            if (context.Server.Images.FirstOrDefault(image => OwnershipMark.Read(image.Properties)?.Key == applied && image.Properties.ContainsKey(PlannedBuild.Key)) is { } built)
                context.Note("Image", $"instances.{instance.Name}.image", $"{applied} was built of {built.Properties[PlannedBuild.Key]}: write its `build` under `images`");
            return stack.Images.Values.FirstOrDefault(image => image.Source == applied)?.Name ?? applied;
        }

        var fingerprint = instance.Config.GetValueOrDefault("volatile.base_image", "");
        if (context.Server.Images.FirstOrDefault(image => image.Fingerprint == fingerprint) is { } image)
        {
            if (image.UpdateSource is { } source && context.Remotes.Remotes.Values.FirstOrDefault(remote => remote.Protocol == source.Protocol
                && remote.Addresses.Any(address => address.TrimEnd('/') == source.Server.TrimEnd('/'))) is { } remote)
                return $"{remote.Name}:{source.Alias}";
            return image.Aliases.Select(alias => alias.Name).Order(StringComparer.Ordinal).FirstOrDefault() ?? fingerprint[..12];
        }

        // What the image said of itself stays on the instance.
        string? Word(string key) => instance.Config.GetValueOrDefault($"image.{key}") is { Length: > 0 } word && ImagePart().IsMatch(word) ? word.ToLowerInvariant() : null;
        var variant = Word("variant") is { } word and not "default" ? $"/{word}" : "";
        var guess = Word("os") is { } os && Word("release") is { } release ? $"{ClientConfiguration.ImagesRemote}:{os}/{release}{variant}"
            : fingerprint.Length >= 12 ? fingerprint[..12] : InstanceDefinition.DefaultImage;
        context.Note("Image", $"instances.{instance.Name}.image", $"the image that {instance.Name} was made from is no longer on the server: {guess} is a guess");
        return guess;
    }

    [GeneratedRegex(@"^(?<protocol>tcp|udp):(?<address>\[[0-9A-Fa-f:.]+\]|[0-9.]+):(?<first>[0-9]{1,5})(?:-(?<last>[0-9]{1,5}))?\z")]
    private static partial Regex Endpoint();

    [GeneratedRegex(@"^[0-9A-Za-z._-]+\z")]
    private static partial Regex ImagePart();
}

/// <summary>Snapshots that the server takes by itself, as a definition.</summary>
internal static class SnapshotsExport
{
    /// <summary>Takes the keys out of a configuration; null, and nothing taken, where the word cannot say what they do.</summary>
    public static SnapshotsDefinition? Take(SortedDictionary<string, string> config)
    {
        var keys = config.Where(entry => entry.Key.StartsWith("snapshots.", StringComparison.Ordinal)).ToList();
        if (keys.Count == 0)
            return null;
        var snapshots = new SnapshotsDefinition
        {
            Schedule = config.GetValueOrDefault("snapshots.schedule"),
            Expiry = config.GetValueOrDefault("snapshots.expiry"),
            ManualExpiry = config.GetValueOrDefault(SnapshotsDefinition.ManualExpiryKey),
            Pattern = config.GetValueOrDefault("snapshots.pattern", SnapshotsDefinition.DefaultPattern),
            Stopped = config.GetValueOrDefault("snapshots.schedule.stopped") == "true",
        };
        if (!snapshots.Config().OrderBy(entry => entry.Key, StringComparer.Ordinal).SequenceEqual(keys.Select(entry => (entry.Key, entry.Value))))
            return null;
        keys.ForEach(entry => config.Remove(entry.Key));
        return snapshots;
    }
}
