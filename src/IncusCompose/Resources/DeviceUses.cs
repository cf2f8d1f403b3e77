using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;

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

    /// <summary>The same, with where the file says it. An interface's <c>parent</c> is the host's own, of which the server need not know.</summary>
    /// <param name="devices">The devices as the file has them.</param>
    /// <param name="path">The path of what has them.</param>
    public static IEnumerable<NamedResource> WordsOf(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices, string path)
    {
        foreach (var (name, device) in devices)
        {
            foreach (var used in Of(new Dictionary<string, IReadOnlyDictionary<string, string>> { [name] = device }))
            {
                var word = used.Kind switch
                {
                    NetworkKind.KindName => "network",
                    StoragePoolKind.KindName => "pool",
                    VolumeKind.KindName => "source",
                    _ => "security.acls",
                };
                // A newer server attaches disks of other kinds of volumes, too.
                if (used.Name is not ("" or "none" or "container" or "virtual-machine" or "custom"))
                    yield return new NamedResource(used, $"{path}.devices.{name}.{word}", $"{path}.devices.{name}");
            }
        }
    }

    /// <summary>The same, and the networks that devices stand on by the name of their interface; only some of these are of a stack, most are the host's own.</summary>
    public static IReadOnlyList<ResourceId> WithParents(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) =>
    [
        .. Of(devices),
        .. devices.Values.Where(device => device.GetValueOrDefault("type") == "nic").Select(device => device.GetValueOrDefault("parent")).OfType<string>().Select(NetworkKind.IdOf),
    ];
}
