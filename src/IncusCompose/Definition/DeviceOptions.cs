namespace IncusCompose.Definition;

/// <summary>An option of one kind of device.</summary>
/// <param name="Key">Incus's key; <c>initial.*</c> for every one that begins so.</param>
/// <param name="Form">What its value looks like: a word of <see cref="DeviceOptions"/>.</param>
/// <param name="Only">The only type of instance that has it; null: every type.</param>
/// <param name="Extension">The API extension that it needs; null: every supported server knows it.</param>
internal sealed record DeviceOption(string Key, string Form, InstanceType? Only, string? Extension);

/// <summary>
/// The options of every kind of device. A kind is a type (<c>disk</c>), with what its <c>nictype</c> or <c>gputype</c> says
/// (<c>nic_bridged</c>, <c>gpu_mdev</c>). The table <c>devices.tsv</c> is made of Incus's own metadata (group
/// <c>devices</c>); the forms, types of instance and extensions are those of Incus internal/server/device/*.go and
/// doc/api-extensions.md.
/// </summary>
internal static class DeviceOptions
{
    private static readonly Lazy<Dictionary<string, Dictionary<string, DeviceOption>>> s_kinds = new(Read);

    /// <summary>The device types of Incus. Source: Incus doc/reference/devices.md.</summary>
    public static IReadOnlyList<string> Types { get; } =
        ["none", "nic", "disk", "unix-char", "unix-block", "usb", "gpu", "infiniband", "proxy", "unix-hotplug", "tpm", "pci"];

    /// <summary>The kinds that a device can be of: one, or several where the network that it names is not known here; none for a kind that is unknown.</summary>
    /// <param name="device">The device.</param>
    /// <param name="networkType">The type of a network; null where it is not known.</param>
    public static IReadOnlyList<string> KindsOf(IReadOnlyDictionary<string, string> device, Func<string, string?> networkType)
    {
        var kinds = device.GetValueOrDefault("type") switch
        {
            "nic" when device.TryGetValue("nictype", out var type) => [$"nic_{type}"],
            "nic" when device.TryGetValue("network", out var network) && networkType(network) is { } type => [type == "bridge" ? "nic_bridged" : $"nic_{type}"],
            "nic" => (IReadOnlyList<string>)[.. s_kinds.Value.Keys.Where(kind => kind.StartsWith("nic_", StringComparison.Ordinal))],
            "gpu" => [$"gpu_{device.GetValueOrDefault("gputype", "physical").Replace('-', '_')}"],
            { } other => [other],
            null => [],
        };
        return [.. kinds.Where(s_kinds.Value.ContainsKey)];
    }

    /// <summary>The options of these kinds, by their keys.</summary>
    public static IReadOnlyDictionary<string, DeviceOption> Of(IReadOnlyList<string> kinds)
    {
        if (kinds is [var one])
            return s_kinds.Value[one];
        var all = new Dictionary<string, DeviceOption>(StringComparer.Ordinal);
        foreach (var option in kinds.SelectMany(kind => s_kinds.Value[kind].Values))
        {
            // What several kinds say differently is not checked.
            if (!all.TryAdd(option.Key, option) && all[option.Key] != option)
                all[option.Key] = new DeviceOption(option.Key, "text", null, null);
        }

        return all;
    }

    /// <summary>Every option of every kind.</summary>
    public static IEnumerable<(string Kind, DeviceOption Option)> All => s_kinds.Value.SelectMany(kind => kind.Value.Values.Select(option => (kind.Key, option)));

    /// <summary>The option of a key; null where there is none.</summary>
    public static DeviceOption? Find(this IReadOnlyDictionary<string, DeviceOption> options, string key) =>
        options.GetValueOrDefault(key) ?? (key.StartsWith("initial.", StringComparison.Ordinal) ? options.GetValueOrDefault("initial.*") : null);

    /// <summary>A PCI address as the kernel and Incus write it: with its domain, in small letters.</summary>
    public static string FullPciAddress(string text) => (text.Length == 7 ? "0000:" + text : text).ToLowerInvariant();

    private static Dictionary<string, Dictionary<string, DeviceOption>> Read()
    {
        var kinds = new Dictionary<string, Dictionary<string, DeviceOption>>(StringComparer.Ordinal) { ["none"] = [] };
        using var reader = new StreamReader(typeof(DeviceOptions).Assembly.GetManifestResourceStream("devices.tsv")!);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split('\t');
            if (!kinds.TryGetValue(fields[0], out var options))
                kinds[fields[0]] = options = new(StringComparer.Ordinal);
            options[fields[1]] = new DeviceOption(
                fields[1], fields[2],
                fields[3] switch { "container" => InstanceType.Container, "virtual-machine" => InstanceType.VirtualMachine, _ => null },
                fields[4] == "-" ? null : fields[4]);
        }

        return kinds;
    }
}
