using System.Net;
using System.Net.Sockets;
using IncusCompose.Definition;

namespace IncusCompose.Validation;

/// <summary>A port of the host can be published once.</summary>
internal static class PortRules
{
    private sealed record Published(InstanceDefinition Instance, PortMapping Port, string Path, int Order)
    {
        public int Last => Port.HostPort + Port.Count - 1;
    }

    public static void Check(StackDefinition stack, Findings findings)
    {
        var order = 0;
        var published = stack.Instances.Values
            .SelectMany(instance => instance.Ports.Bound()
                .Select(entry => new Published(instance, entry.Item, $"instances.{instance.Name}.ports[{entry.Index}]", order++)))
            .OrderBy(entry => entry.Port.HostPort)
            .ToList();

        for (var i = 0; i < published.Count; i++)
        {
            for (var j = i + 1; j < published.Count && published[j].Port.HostPort <= published[i].Last && !findings.IsFull; j++)
            {
                if (Clash(published[i].Port, published[j].Port))
                    Report(published[i], published[j], findings);
            }
        }
    }

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

    private static void Report(Published a, Published b, Findings findings)
    {
        var (first, second) = a.Order < b.Order ? (a, b) : (b, a);
        var from = Math.Max(first.Port.HostPort, second.Port.HostPort);
        var to = Math.Min(first.Last, second.Last);
        var ports = from == to ? $"port {from}" : $"ports {from} to {to}";
        var others = from == to ? "it" : "them";
        var who = first.Instance == second.Instance ? "this instance" : $"instance `{first.Instance.Name}`";
        findings.Error("PortClash", second.Path, $"{who} already publishes the host's {ports}/{second.Port.Protocol} ({findings.Place(first.Path)})",
            $"publish {others} at another port, or at another address of the host");
    }

    private static bool Clash(PortMapping a, PortMapping b) =>
        a.Protocol == b.Protocol && AddressesClash(IPAddress.Parse(a.HostAddress), IPAddress.Parse(b.HostAddress));

    private static bool AddressesClash(IPAddress a, IPAddress b)
    {
        if (a.Equals(b))
            return true;
        // A socket that listens on [::] takes IPv4 connections too.
        if (a.Equals(IPAddress.IPv6Any) || b.Equals(IPAddress.IPv6Any))
            return true;
        return (a.Equals(IPAddress.Any) && b.AddressFamily == AddressFamily.InterNetwork)
            || (b.Equals(IPAddress.Any) && a.AddressFamily == AddressFamily.InterNetwork);
    }
}
