using System.Net;
using Incus.Client;
using IncusCompose.Readiness;

namespace IncusCompose.Ssh;

/// <summary>The way to an instance's SSH server from this machine.</summary>
/// <param name="Address">Where to connect to.</param>
/// <param name="Port">The port there.</param>
/// <param name="Jump">The host to go through; null: none.</param>
internal sealed record SshRoute(string Address, int Port, string? Jump)
{
    public const string NoJump = "none";

    // The host itself has no way to these, only the network that they stand in. Source: Incus doc/reference/devices_nic.md.
    private static readonly string[] s_apartFromHost = ["macvlan", "ipvlan"];

    // Stand in the network that the host stands in.
    private static readonly string[] s_besideHost = ["macvlan", "ipvlan", "physical", "sriov", "routed"];

    /// <summary>Why a machine that <see cref="IsApart"/> cannot be reached from here.</summary>
    public const string WhyApart = "it stands in the host's own network only (macvlan), where this host itself cannot reach it, and others can; attach it to a bridge as well";

    /// <summary>True for an instance of this very machine that has NICs which the host itself has no way to, and no others.</summary>
    /// <param name="server">The server's address: <c>unix://…</c> or <c>https://host:port</c>.</param>
    /// <param name="instance">The instance.</param>
    public static bool IsApart(string server, Instance instance)
    {
        var nics = instance.ExpandedDevices.Values.Where(device => device.GetValueOrDefault("type") == "nic").ToList();
        return nics.Count > 0 && HostOf(server) is null && nics.TrueForAll(nic => s_apartFromHost.Contains(nic.GetValueOrDefault("nictype")));
    }

    /// <summary>Finds the way; null where there is no address.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="state">Its live state.</param>
    /// <param name="networks">The server's networks by name.</param>
    /// <param name="server">The server's address: <c>unix://…</c> or <c>https://host:port</c>.</param>
    /// <param name="port">The port of the SSH server in the instance.</param>
    /// <param name="jump">See <see cref="AccessOptions.Jump"/>.</param>
    public static SshRoute? Find(
        Instance instance, InstanceState state, IReadOnlyDictionary<string, Network> networks, string server, int port, string? jump)
    {
        var nics = Nics(instance, state, networks).ToList();
        var host = HostOf(server);
        if (host is null)
        {
            // Who names a host to go through on the server itself wants a way for elsewhere.
            if (jump is not null and not NoJump)
                return nics.OrderByDescending(nic => nic.IsBesideHost).Select(nic => new SshRoute(nic.Address, port, nic.IsBesideHost ? null : jump)).FirstOrDefault();
            // A NIC that the host has no way to comes last: only from elsewhere will it do.
            return nics.OrderBy(nic => s_apartFromHost.Contains(nic.Kind)).Select(nic => new SshRoute(nic.Address, port, null)).FirstOrDefault();
        }

        if (nics.FirstOrDefault(nic => nic.IsBesideHost) is { } beside)
            return new SshRoute(beside.Address, port, null);
        if (Published(instance, port, host) is { } published)
            return published;
        return nics.Count == 0 ? null : new SshRoute(nics[0].Address, port, jump == NoJump ? null : jump ?? host);
    }

    /// <summary>The host of a server elsewhere; null for this machine.</summary>
    private static string? HostOf(string server)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)
            return null;
        return address.IsLoopback || (IPAddress.TryParse(address.DnsSafeHost, out var ip) && IPAddress.IsLoopback(ip)) ? null : address.Host;
    }

    /// <summary>
    /// The instance's addresses on its own NICs, in the order of their names, IPv4 first. What else it has (bridges of its
    /// own containers) leads nowhere from outside.
    /// </summary>
    private static IEnumerable<Nic> Nics(
        Instance instance, InstanceState state, IReadOnlyDictionary<string, Network> networks)
    {
        foreach (var (name, device) in instance.ExpandedDevices.OrderBy(device => device.Key, StringComparer.Ordinal))
        {
            if (device.GetValueOrDefault("type") != "nic")
                continue;
            var network = networks.GetValueOrDefault(device.GetValueOrDefault("network") ?? device.GetValueOrDefault("parent") ?? "");
            var kind = device.GetValueOrDefault("nictype") ?? network?.Type ?? "";
            var isBesideHost = s_besideHost.Contains(kind) || (kind == "bridged" && network is { Managed: false });
            var hardware = NicAddresses.HardwareOf(instance, name);
            var addresses = state.Network.Values
                .Where(nic => nic.Hwaddr.Length > 0 && string.Equals(nic.Hwaddr, hardware, StringComparison.OrdinalIgnoreCase))
                .SelectMany(nic => nic.Addresses)
                .Where(address => address.Scope == "global")
                .OrderBy(address => address.Family, StringComparer.Ordinal)
                .Select(NicAddresses.TextOf)
                .OfType<string>();
            foreach (var address in addresses)
                yield return new Nic(address, kind, isBesideHost);
        }
    }

    /// <summary>A port of the host that leads to the SSH server.</summary>
    private static SshRoute? Published(Instance instance, int port, string host)
    {
        foreach (var (_, device) in instance.ExpandedDevices.OrderBy(device => device.Key, StringComparer.Ordinal))
        {
            if (device.GetValueOrDefault("type") != "proxy"
                || device.GetValueOrDefault("bind", "host") != "host"
                || !device.GetValueOrDefault("connect", "").StartsWith("tcp:", StringComparison.Ordinal)
                || !device["connect"].EndsWith($":{port}", StringComparison.Ordinal)
                || device.GetValueOrDefault("listen", "").Split(':', 2) is not ["tcp", var listen]
                || !IPEndPoint.TryParse(listen, out var end)
                || IPAddress.IsLoopback(end.Address))
                continue;
            var any = end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any);
            return new SshRoute(any ? host : end.Address.ToString(), end.Port, null);
        }

        return null;
    }

    /// <param name="Address">An address of it.</param>
    /// <param name="Kind">Incus's word for what it is attached to.</param>
    /// <param name="IsBesideHost">True where the network that the host stands in leads to it.</param>
    private sealed record Nic(string Address, string Kind, bool IsBesideHost);
}
