namespace IncusCompose.Resources;

/// <summary>
/// The fields that a resource's property bag is made of and changes are written back to. Only what a change names is
/// touched, so that everything else a resource holds survives.
/// </summary>
internal sealed class ResourceFields
{
    /// <summary>Bare properties such as <c>description</c> or <c>profiles</c>.</summary>
    public SortedDictionary<string, string> Words { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, string> Config { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, SortedDictionary<string, string>> Devices { get; } = new(StringComparer.Ordinal);

    public static ResourceFields From(
        IReadOnlyDictionary<string, string> config,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? devices = null)
    {
        var fields = new ResourceFields();
        foreach (var (key, value) in config)
            fields.Config[key] = value;
        foreach (var (name, device) in devices ?? new Dictionary<string, IReadOnlyDictionary<string, string>>())
            fields.Devices[name] = new SortedDictionary<string, string>(device.ToDictionary(), StringComparer.Ordinal);
        return fields;
    }

    public static ResourceFields From(PropertyBag properties)
    {
        var fields = new ResourceFields();
        foreach (var (path, value) in properties)
            fields.Set(path, value);
        return fields;
    }

    /// <summary>The configuration and devices as properties; the server's own notes and the stack's mark left out.</summary>
    public PropertyBag ToBag()
    {
        var bag = new PropertyBag(Words);
        foreach (var (key, value) in Config)
        {
            // To Incus, empty is unset.
            if (!IsNote(key) && value.Length > 0)
                bag.Add(PropertyPath.Config(key), value);
        }

        foreach (var (name, device) in Devices)
        {
            foreach (var (key, value) in device.Where(option => option.Value.Length > 0))
                bag.Add(PropertyPath.Device(name, key), value);
        }

        return bag;
    }

    public void Set(string path, string? value)
    {
        if (PropertyPath.IsConfig(path, out var key))
        {
            Put(Config, key, value);
        }
        else if (PropertyPath.IsDevice(path, out var name, out var option))
        {
            if (!Devices.TryGetValue(name, out var device))
                Devices[name] = device = new SortedDictionary<string, string>(StringComparer.Ordinal);
            Put(device, option, value);
            // A device without a type is none, whatever somebody added to it.
            if (device.Count == 0 || (option == PropertyPath.Type && value is null))
                Devices.Remove(name);
        }
        else
        {
            Put(Words, path, value);
        }
    }

    public bool SameAs(ResourceFields other) =>
        Words.SequenceEqual(other.Words) && Config.SequenceEqual(other.Config)
        && Devices.Keys.SequenceEqual(other.Devices.Keys) && Devices.All(device => device.Value.SequenceEqual(other.Devices[device.Key]));

    public string Word(string path) => Words.GetValueOrDefault(path, "");

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> DeviceMap() =>
        Devices.ToDictionary(d => d.Key, d => (IReadOnlyDictionary<string, string>)d.Value);

    // volatile.* and image.* are the server's notes about a resource, not its configuration.
    private static bool IsNote(string key) =>
        key.StartsWith("volatile.", StringComparison.Ordinal)
        || key.StartsWith("image.", StringComparison.Ordinal)
        || (key.StartsWith(OwnershipMark.Prefix, StringComparison.Ordinal) && !RecordedWords.Contains(key));

    private static void Put(SortedDictionary<string, string> map, string key, string? value)
    {
        if (value is null)
            map.Remove(key);
        else
            map[key] = value;
    }
}
