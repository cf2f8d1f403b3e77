using System.Globalization;
using System.Net.NetworkInformation;
using Incus.Client;

namespace IncusCompose.Resources.Networks;

/// <summary>The interface by which the server's host stands in its network.</summary>
/// <param name="Name">Its name on the host; null where there is no telling.</param>
/// <param name="Candidates">What it could be.</param>
internal sealed record HostUplink(string? Name, IReadOnlyList<string> Candidates)
{
    // What the server calls interfaces of the host that are its own business. Source: Incus doc/rest-api.yaml, Network.
    private static readonly string[] s_kinds = ["physical", "bond", "vlan", "bridge"];

    /// <summary>
    /// Finds it: where the server runs here, by the default route; else where only one interface that Incus does not manage is
    /// up and has an address, since a server does not tell its routes.
    /// </summary>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<HostUplink> FindAsync(IncusClient client, CancellationToken cancellationToken)
    {
        var links = (await client.Networks.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(network => !network.Managed && s_kinds.Contains(network.Type));
        var states = await Task.WhenAll(links.Select(async link =>
            (link.Name, State: await client.Networks.GetStateAsync(link.Name, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        var up = states
            .Where(link => link.State.State == "up" && link.State.Addresses.Any(address => address.Scope == "global"))
            .OrderBy(link => link.Name, StringComparer.Ordinal)
            .ToList();
        var candidates = up.Select(link => link.Name).ToList();
        var byRoute = client.Address.StartsWith("unix:", StringComparison.Ordinal) && DefaultRoute() is { } route
            // The same interface, not one of the same name: the server may run in a network of its own.
            ? up.Where(link => link.Name == route && IsHere(route, link.State.Hwaddr)).Select(link => link.Name).FirstOrDefault()
            : null;
        return new HostUplink(byRoute ?? (candidates.Count == 1 ? candidates[0] : null), candidates);
    }

    /// <summary>The interface of this machine's IPv4 default route; null where it has none. Source: proc(5), /proc/net/route.</summary>
    private static string? DefaultRoute()
    {
        const string Routes = "/proc/net/route";
        if (!File.Exists(Routes))
            return null;
        return File.ReadLines(Routes).Skip(1)
            .Select(line => line.Split('\t'))
            .Where(fields => fields.Length > 7 && fields[1] == "00000000" && fields[7] == "00000000")
            .OrderBy(fields => long.Parse(fields[6], CultureInfo.InvariantCulture))
            .Select(fields => fields[0])
            .FirstOrDefault();
    }

    private static bool IsHere(string name, string hardware) =>
        NetworkInterface.GetAllNetworkInterfaces().Any(link =>
            link.Name == name && link.GetPhysicalAddress().ToString().Equals(hardware.Replace(":", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));
}
