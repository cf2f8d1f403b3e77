using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>What copies of instances and volumes are like that a checkpoint keeps beside them.</summary>
internal static class KeptCopies
{
    // Settings of a kept copy that would make the server do something with it, or keep it from being removed.
    private static readonly string[] SettingsOfLife = ["boot.", "snapshots.", "security.protection.", OwnershipMark.Prefix];

    /// <summary>A stopped copy of an instance's snapshot that uses nothing but the pool: networks, profiles and volumes can go without it.</summary>
    /// <param name="record">The checkpoint.</param>
    /// <param name="copy">The copy's name.</param>
    /// <param name="instance">What the instance was then.</param>
    public static InstanceCreate Of(CheckpointRecord record, string copy, Instance instance)
    {
        var config = instance.Config.Keys
            .Where(IsOfLife)
            .ToDictionary(key => key, _ => "");
        config[CheckpointRecord.CopyKey] = record.Id;
        config[CheckpointRecord.DefinitionKey] = KeptDefinition.Of(instance).ToString();
        // What the request does not name is taken over from the source.
        var devices = instance.Devices.Keys.ToDictionary(name => name, _ => (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { ["type"] = "none" });
        foreach (var (name, device) in instance.ExpandedDevices.Where(device => KeptInstance.IsRootDisk(device.Value)))
            devices[name] = device;
        return new InstanceCreate
        {
            Name = copy,
            Type = instance.Type,
            Description = $"Instance {instance.Name} in checkpoint {record.Name} of stack {record.Stack}",
            Source = InstanceSource.FromCopy($"{instance.Name}/{record.Name}"),
            Config = config,
            Devices = devices,
            Profiles = [],
        };
    }

    /// <summary>A copy of a volume.</summary>
    /// <param name="record">The checkpoint.</param>
    /// <param name="copy">The copy's name.</param>
    /// <param name="volume">The volume.</param>
    public static StorageVolume Of(CheckpointRecord record, string copy, KeptVolume volume) => new()
    {
        Name = copy,
        ContentType = volume.ContentType,
        Description = $"Volume {volume.Name} in checkpoint {record.Name} of stack {record.Stack}",
        Config = new Dictionary<string, string>(volume.Config.Where(entry => !IsOfLife(entry.Key))) { [CheckpointRecord.CopyKey] = record.Id },
    };

    private static bool IsOfLife(string key) => SettingsOfLife.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));
}
