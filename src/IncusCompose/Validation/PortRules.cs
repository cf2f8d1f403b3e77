using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using IncusCompose.Definition;

namespace IncusCompose.Validation;

/// <summary>A port of the host can be published once.</summary>
internal static partial class PortRules
{
    private sealed record Published(InstanceDefinition Instance, PortMapping Port, string Path, int Order)
    {
        public IPAddress Address { get; } = IPAddress.Parse(Port.HostAddress);

        public int First => Port.HostPort;

        public int Last => Port.HostPort + Port.Count - 1;
    }

    public static void Check(StackDefinition stack, Findings findings)
    {
        var order = 0;
        var published = stack.Instances.Values.SelectMany(instance => instance.Ports.Bound()
            .Select(entry => (Port: entry.Item, Path: $"instances.{instance.Name}.ports[{entry.Index}]"))
            .Concat(instance.Devices.Select(device => (Port: ListenerOf(device.Value)!, Path: $"instances.{instance.Name}.devices.{device.Key}")).Where(entry => entry.Port is not null))
            .Select(entry => new Published(instance, entry.Port, entry.Path, order++)));
        foreach (var ofProtocol in published.OrderBy(entry => entry.First).GroupBy(entry => entry.Port.Protocol))
        {
            foreach (var ofAddress in ofProtocol.GroupBy(entry => entry.Address))
                CheckOneAddress(ofAddress, findings);

            var any = ofProtocol.Where(entry => entry.Address.Equals(IPAddress.Any)).ToList();
            var anyOfBoth = ofProtocol.Where(entry => entry.Address.Equals(IPAddress.IPv6Any)).ToList();
            CheckAgainst(any, ofProtocol.Where(entry => !entry.Address.Equals(IPAddress.Any) && entry.Address.AddressFamily == AddressFamily.InterNetwork), findings);
            // A socket that listens on [::] takes IPv4 connections too.
            CheckAgainst(anyOfBoth, ofProtocol.Where(entry => !entry.Address.Equals(IPAddress.IPv6Any)), findings);
        }
    }

    /// <summary>Where a raw proxy device listens on the host; null for what is none, listens inside the instance, or on several ports that are no range.</summary>
    public static PortMapping? ListenerOf(IReadOnlyDictionary<string, string> device)
    {
        if (device.GetValueOrDefault("type") != "proxy" || device.GetValueOrDefault("bind") is "instance" or "guest" or "container" || Endpoint().Match(device.GetValueOrDefault("listen") ?? "") is not { Success: true } match)
            return null;
        var first = int.Parse(match.Groups["first"].ValueSpan, CultureInfo.InvariantCulture);
        var last = match.Groups["last"] is { Success: true } end ? int.Parse(end.ValueSpan, CultureInfo.InvariantCulture) : first;
        return IPAddress.TryParse(match.Groups["address"].Value.Trim('[', ']'), out var address) && first >= 1 && last >= first && last <= 65535
            ? new PortMapping { Protocol = match.Groups["protocol"].Value, HostAddress = address.ToString(), HostPort = first, InstancePort = first, Count = last - first + 1 }
            : null;
    }

    // Source: Incus doc/reference/devices_proxy.md.
    [GeneratedRegex(@"^(?<protocol>tcp|udp):(?<address>.*):(?<first>[0-9]{1,5})(-(?<last>[0-9]{1,5}))?$")]
    private static partial Regex Endpoint();

    /// <summary>Incus forwards the ports of a virtual machine by NAT only. Source: Incus internal/server/device/proxy.go.</summary>
    public static void CheckVirtualMachines(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            if (instance.Type == InstanceType.VirtualMachine && instance.Ports.Count > 0)
            {
                findings.Error("PortsOfVirtualMachine", $"instances.{instance.Name}.ports", "Incus publishes the ports of a virtual machine by NAT only",
                    "give it a fixed address, and write a proxy device with `nat: true` under `devices`");
            }
        }
    }

    /// <summary>Compares each range with the one before it that reaches furthest.</summary>
    private static void CheckOneAddress(IEnumerable<Published> inOrder, Findings findings)
    {
        Published? furthest = null;
        foreach (var entry in inOrder)
        {
            if (furthest is not null && entry.First <= furthest.Last)
                Report(furthest, entry, findings);
            if (furthest is null || entry.Last > furthest.Last)
                furthest = entry;
        }
    }

    /// <summary>Compares two lists in the order of their ports, the first of which is without clashes (or has them reported).</summary>
    private static void CheckAgainst(List<Published> all, IEnumerable<Published> others, Findings findings)
    {
        var next = 0;
        foreach (var entry in others)
        {
            while (next < all.Count && all[next].Last < entry.First)
                next++;
            if (next == all.Count)
                return;
            if (all[next].First <= entry.Last)
                Report(all[next], entry, findings);
        }
    }

    private static void Report(Published a, Published b, Findings findings)
    {
        var (first, second) = a.Order < b.Order ? (a, b) : (b, a);
        var from = Math.Max(first.First, second.First);
        var to = Math.Min(first.Last, second.Last);
        var ports = from == to ? $"port {from}" : $"ports {from} to {to}";
        var others = from == to ? "it" : "them";
        var who = first.Instance == second.Instance ? "this instance" : $"instance `{first.Instance.Name}`";
        findings.Error("PortClash", second.Path, $"{who} already publishes the host's {ports}/{second.Port.Protocol} ({findings.Place(first.Path)})",
            $"publish {others} at another port, or at another address of the host");
    }
}
