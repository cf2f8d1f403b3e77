using System.Globalization;
using Incus.Client;

namespace IncusCompose.Instances;

/// <summary>A port of an instance that can be reached at an address of the host.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Port">The port in the instance.</param>
/// <param name="HostAddress">Where the host listens for it, such as <c>0.0.0.0:8080</c> or <c>[::]:8080</c>.</param>
public sealed record PublishedPort(string Protocol, int Port, string HostAddress)
{
    /// <summary>The published ports of an instance, one for each port of a range, by protocol and port. Source: proxy devices, Incus doc/reference/devices_proxy.md.</summary>
    /// <param name="instance">The instance.</param>
    public static IReadOnlyList<PublishedPort> Of(Instance instance) =>
    [
        .. instance.ExpandedDevices.Values
            .Where(device => device.GetValueOrDefault("type") == "proxy" && device.GetValueOrDefault("bind", "host") == "host")
            .SelectMany(device => Pairs(device.GetValueOrDefault("listen", ""), device.GetValueOrDefault("connect", "")))
            .OrderBy(port => port.Protocol, StringComparer.Ordinal)
            .ThenBy(port => port.Port)
            .ThenBy(port => port.HostAddress, StringComparer.Ordinal),
    ];

    private static IEnumerable<PublishedPort> Pairs(string listen, string connect)
    {
        var protocol = listen.Split(':')[0];
        if (protocol is not ("tcp" or "udp") || !connect.StartsWith(protocol + ":", StringComparison.Ordinal))
            yield break;
        var host = listen[(protocol.Length + 1)..listen.LastIndexOf(':')];
        var outer = Ports(listen);
        var inner = Ports(connect);
        // Several ports may lead to one, or each to its own.
        for (var i = 0; i < outer.Count && inner.Count > 0; i++)
            yield return new PublishedPort(protocol, inner.Count == 1 ? inner[0] : inner[Math.Min(i, inner.Count - 1)], $"{host}:{outer[i]}");
    }

    // tcp:0.0.0.0:80, tcp:[::]:80-90,443
    private static List<int> Ports(string address)
    {
        var ports = new List<int>();
        foreach (var part in address[(address.LastIndexOf(':') + 1)..].Split(','))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last > 65535)
                continue;
            for (var port = first; port <= last; port++)
                ports.Add(port);
        }

        return ports;
    }
}
