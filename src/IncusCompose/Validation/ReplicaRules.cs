using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Validation;

/// <summary>Replicas are alike: what only one instance can have, none of several can.</summary>
internal static class ReplicaRules
{
    public static void Check(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance.Replicas is not null))
        {
            var path = $"instances.{instance.Name}";
            var last = Replicas.NameOf(instance.Name, Math.Max(1, instance.Replicas!.Value));
            if (NameRules.Instance(instance.Name) is null && NameRules.Instance(last) is { } problem)
                findings.Error("BadInstanceName", $"{path}.replicas", $"`{last}` cannot be an instance's name: it {problem.Message}", problem.Advice);
            if (stack.Instances.Keys.FirstOrDefault(other => Replicas.NumberOf(instance.Name, other) is { } number && number <= instance.Replicas) is { } taken)
                findings.Error("ReplicaNameTaken", $"instances.{taken}", $"`{taken}` is the name of a replica of `{instance.Name}` too", "rename one of the two");
            if (instance.Replicas < 2)
                continue;
            if (instance.Ports.Count > 0)
            {
                findings.Error("PortsOfReplicas", $"{path}.ports", $"{instance.Replicas} replicas cannot listen on one port of the host",
                    "publish the port of an instance that passes requests on to them, such as a proxy");
            }

            foreach (var (index, _) in instance.Networks.Bound().Where(entry => entry.Item.Ipv4 is not null || entry.Item.Ipv6 is not null || entry.Item.Mac is not null))
            {
                findings.Error("AddressOfReplicas", findings.AttachmentPath(instance, index), $"{instance.Replicas} replicas cannot have one address",
                    "leave `ipv4`, `ipv6` and `mac` out: each gets its own, and a name in the network's DNS");
            }

            if (instance.MacAddress is not null)
                findings.Error("AddressOfReplicas", $"{path}.mac_address", $"{instance.Replicas} replicas cannot have one address", "remove it: each gets its own");
            CheckDevices(instance, path, findings);
        }
    }

    private static void CheckDevices(InstanceDefinition instance, string path, Findings findings)
    {
        foreach (var (name, device) in instance.Devices)
        {
            foreach (var key in device.GetValueOrDefault("type") == "nic" ? NicOptions.Addresses.Where(device.ContainsKey) : [])
                findings.Error("AddressOfReplicas", $"{path}.devices.{name}.{key}", $"{instance.Replicas} replicas cannot have one address", "remove it: each gets its own, and a name in the network's DNS");
            if (PortRules.ListenerOf(device) is not null)
            {
                findings.Error("PortsOfReplicas", $"{path}.devices.{name}", $"{instance.Replicas} replicas cannot listen on one port of the host",
                    "publish the port of an instance that passes requests on to them, such as a proxy");
            }
        }
    }
}
