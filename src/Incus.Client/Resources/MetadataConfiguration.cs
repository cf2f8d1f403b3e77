namespace Incus.Client;

/// <summary>
/// What the server says about its own configuration keys (<c>GET /1.0/metadata/configuration</c>,
/// extension <c>metadata_configuration</c>): entity (such as <c>instance</c>) to group (such as
/// <c>resource-limits</c>) to key. Incus 6.0 describes fewer entities than 7.x: a missing key means
/// "not described", not "does not exist".
/// </summary>
public sealed class MetadataConfiguration
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, IReadOnlyDictionary<string, MetadataConfigKey>>> entities;

    internal MetadataConfiguration(MetadataConfigurationDocument document)
    {
        entities = new(StringComparer.Ordinal);
        foreach (var (entity, groups) in document.Configs)
        {
            var byGroup = new Dictionary<string, IReadOnlyDictionary<string, MetadataConfigKey>>(StringComparer.Ordinal);
            foreach (var (group, content) in groups)
            {
                var keys = new Dictionary<string, MetadataConfigKey>(StringComparer.Ordinal);
                foreach (var (name, key) in content.Keys.SelectMany(static entry => entry))
                    keys[name] = key;
                byGroup[group] = keys;
            }
            entities[entity] = byGroup;
        }
    }

    /// <summary>Entity to group to key name to description.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, IReadOnlyDictionary<string, MetadataConfigKey>>> Entities => entities;

    /// <summary>Finds a key of an entity in whichever group it is.</summary>
    /// <param name="entity">Entity, such as <c>instance</c>, <c>project</c>, <c>network_bridge</c>.</param>
    /// <param name="key">Key, such as <c>limits.cpu</c>.</param>
    /// <returns>The description, or null when the server has none.</returns>
    public MetadataConfigKey? Find(string entity, string key)
    {
        if (!entities.TryGetValue(entity, out var groups))
            return null;
        foreach (var keys in groups.Values)
        {
            if (keys.TryGetValue(key, out var found))
                return found;
        }
        return null;
    }

    /// <summary>Finds an option of a device type, such as <c>size</c> of <c>disk</c>.</summary>
    /// <param name="deviceType">Device type as the metadata names it, such as <c>disk</c> or <c>nic_bridged</c>.</param>
    /// <param name="option">Option name.</param>
    /// <returns>The description, or null when the server has none.</returns>
    public MetadataConfigKey? FindDeviceOption(string deviceType, string option) =>
        entities.TryGetValue("devices", out var groups) && groups.TryGetValue(deviceType, out var keys)
            ? keys.GetValueOrDefault(option)
            : null;
}

/// <summary>One configuration key as the server documents it.</summary>
public sealed record MetadataConfigKey : IncusResource
{
    /// <summary><c>string</c>, <c>bool</c>, <c>integer</c>, <c>blob</c>, ...</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Default in words (field <c>defaultdesc</c>); empty when there is none.</summary>
    public string Defaultdesc { get => field ?? ""; init; }

    /// <summary><c>yes</c>, <c>no</c>, or <c>yes</c> with a restriction such as <c>yes (containers only)</c>; empty when not said.</summary>
    public string Liveupdate { get => field ?? ""; init; }

    /// <summary>When the key applies, such as <c>container</c> or <c>virtual machine</c>; empty when always.</summary>
    public string Condition { get => field ?? ""; init; }

    /// <summary><c>global</c> or <c>local</c> (per cluster member); empty when it does not matter.</summary>
    public string Scope { get => field ?? ""; init; }

    /// <summary>One line about the key.</summary>
    public string Shortdesc { get => field ?? ""; init; }

    /// <summary>More about the key, Markdown.</summary>
    public string Longdesc { get => field ?? ""; init; }

    /// <summary>Whether a change takes effect on a running instance of a type; null when the server does not say.</summary>
    /// <param name="instanceType">One of <see cref="InstanceTypes"/>.</param>
    /// <returns>True, false, or null for "not said".</returns>
    public bool? IsLive(string instanceType) => Liveupdate switch
    {
        "" => null,
        "no" => false,
        "yes" => true,
        _ when Liveupdate.Contains("containers only", StringComparison.OrdinalIgnoreCase) => instanceType == InstanceTypes.Container,
        _ when Liveupdate.Contains("VMs only", StringComparison.OrdinalIgnoreCase)
            || Liveupdate.Contains("virtual machines only", StringComparison.OrdinalIgnoreCase) => instanceType == InstanceTypes.VirtualMachine,
        _ => Liveupdate.StartsWith("yes", StringComparison.OrdinalIgnoreCase),
    };
}

internal sealed record MetadataConfigurationDocument
{
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, MetadataConfigGroup>> Configs
    {
        get => field ?? new Dictionary<string, IReadOnlyDictionary<string, MetadataConfigGroup>>();
        init;
    }
}

internal sealed record MetadataConfigGroup
{
    public IReadOnlyList<IReadOnlyDictionary<string, MetadataConfigKey>> Keys { get => field ?? []; init; }
}
