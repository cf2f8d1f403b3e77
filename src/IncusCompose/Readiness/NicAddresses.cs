using System.Net;
using Incus.Client;

namespace IncusCompose.Readiness;

/// <summary>
/// The addresses at which an instance is reached: those on its own NICs. What else it has, such as the bridge of its own
/// containers, leads nowhere from outside, or to somebody else.
/// </summary>
internal static class NicAddresses
{
    /// <summary>The hardware address of a NIC device; null where the server keeps none.</summary>
    public static string? HardwareOf(Instance instance, string device) =>
        instance.ExpandedDevices.GetValueOrDefault(device)?.GetValueOrDefault("hwaddr") ?? instance.Config.GetValueOrDefault($"volatile.{device}.hwaddr");

    /// <summary>The interfaces that are the instance's NICs. Where none can be told (a passed-through card has an address of its own): all of them.</summary>
    public static IEnumerable<KeyValuePair<string, InstanceStateNetwork>> InterfacesOf(Instance instance, InstanceState state)
    {
        var hardware = instance.ExpandedDevices
            .Where(device => device.Value.GetValueOrDefault("type") == "nic")
            .Select(device => HardwareOf(instance, device.Key))
            .OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var own = state.Network.Where(network => hardware.Contains(network.Value.Hwaddr)).ToList();
        return own.Count > 0 ? own : state.Network;
    }

    /// <summary>Global addresses, IPv4 first, in the order of the interfaces' names.</summary>
    public static IReadOnlyList<string> Of(Instance instance, InstanceState state) =>
    [
        .. InterfacesOf(instance, state)
            .OrderBy(network => network.Key, StringComparer.Ordinal)
            .SelectMany(network => network.Value.Addresses)
            .Where(address => address.Scope == "global")
            .OrderBy(address => address.Family, StringComparer.Ordinal)
            .Select(TextOf)
            .OfType<string>(),
    ];

    /// <summary>An address as this machine writes it; null where it is none: the server hands on whatever a guest's agent says.</summary>
    public static string? TextOf(InstanceStateNetworkAddress address) =>
        IPAddress.TryParse(address.Address, out var parsed) ? parsed.ToString() : null;
}
