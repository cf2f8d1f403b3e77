using Incus.Client;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Resources.Networks;

/// <summary>Whether what is in packet filters reaches that of a bridge, which each member of a cluster has for itself.</summary>
internal static class BridgeUsers
{
    /// <summary>True for what a bridge uses, by whatever ACLs lie between.</summary>
    /// <param name="live">An ACL or an address set.</param>
    /// <param name="server">What is live.</param>
    /// <param name="withInterfaces">Whether single interfaces on a bridge count, too.</param>
    public static bool Has(LiveResource live, ServerObservation server, bool withInterfaces)
    {
        var seen = new HashSet<ResourceId>();
        return Reaches(live);

        bool Reaches(LiveResource one) => seen.Add(one.Id) && ResourceKinds.Of(one.Id).UsersOf(one).Any(IsOrReaches);

        bool IsOrReaches(string address) => address.Split('?')[0].Split('/') switch
        {
            [_, _, "networks", var name] => IsBridge(Uri.UnescapeDataString(name)),
            [_, _, "network-acls", var name] => server.Find(NetworkAclKind.IdOf(Uri.UnescapeDataString(name))) is { } acl && Reaches(acl),
            [_, _, "instances", var name] => withInterfaces && server.Find(InstanceKind.IdOf(Uri.UnescapeDataString(name)))?.Raw is Instance instance && AreOnBridge(instance.ExpandedDevices),
            [_, _, "profiles", var name] => withInterfaces && server.Find(ProfileKind.IdOf(Uri.UnescapeDataString(name)))?.Raw is Profile profile && AreOnBridge(profile.Devices),
            _ => false,
        };

        bool AreOnBridge(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) =>
            DeviceUses.Of(devices).Any(used => used.Kind == NetworkKind.KindName && IsBridge(used.Name));

        bool IsBridge(string name) => server.Find(NetworkKind.IdOf(name))?.Raw is Network { Type: "bridge" };
    }
}
