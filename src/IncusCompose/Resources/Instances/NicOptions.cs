namespace IncusCompose.Resources.Instances;

/// <summary>Options of network interfaces. Source: Incus doc/reference/devices_nic.md.</summary>
internal static class NicOptions
{
    /// <summary>The addresses, which only one interface can have.</summary>
    public static IReadOnlyList<string> Addresses { get; } = ["hwaddr", "ipv4.address", "ipv6.address"];
}
