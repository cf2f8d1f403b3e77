namespace IncusCompose.Resources;

/// <summary>Which other resources a set of devices names.</summary>
internal static class DeviceUses
{
    public static IReadOnlyList<ResourceId> Of(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices)
    {
        var uses = new List<ResourceId>();
        foreach (var device in devices.Values)
        {
            if (device.GetValueOrDefault("type") == "nic")
                uses.AddRange(NetworkAclKind.In(device.GetValueOrDefault("security.acls")));
            switch (device.GetValueOrDefault("type"))
            {
                case "nic" when device.GetValueOrDefault("network") is { } network:
                    uses.Add(NetworkKind.IdOf(network));
                    break;
                case "disk" when device.GetValueOrDefault("pool") is { } pool:
                    uses.Add(StoragePoolKind.IdOf(pool));
                    // A custom volume may be named with a sub-path behind it.
                    if (device.GetValueOrDefault("source") is { Length: > 0 } source)
                        uses.Add(VolumeKind.IdOf(pool, source.Split('/')[0]));
                    break;
            }
        }

        return uses;
    }

    /// <summary>The same, and the networks that devices stand on by the name of their interface; only some of these are of a stack, most are the host's own.</summary>
    public static IReadOnlyList<ResourceId> WithParents(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) =>
    [
        .. Of(devices),
        .. devices.Values.Where(device => device.GetValueOrDefault("type") == "nic").Select(device => device.GetValueOrDefault("parent")).OfType<string>().Select(NetworkKind.IdOf),
    ];
}
