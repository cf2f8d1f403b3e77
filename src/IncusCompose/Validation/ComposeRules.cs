using IncusCompose.Definition;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Validation;

/// <summary>Words of compose where they make no sense.</summary>
internal static class ComposeRules
{
    /// <summary>Most of what compose says is about containers, and Incus refuses it for a virtual machine.</summary>
    public static void CheckVirtualMachines(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance.Type == InstanceType.VirtualMachine))
        {
            foreach (var path in ComposeWords.ContainerWords.Select(word => $"instances.{instance.Name}.{word}").Where(findings.Has))
                findings.Error("WordOfContainers", path, "a virtual machine has no such thing", "leave it out, or write `type: container`");
        }
    }

    /// <summary>Where a word of compose and raw configuration both say something, raw configuration wins, which may not be seen.</summary>
    public static void CheckOverrides(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            foreach (var (word, key) in ComposeWords.ConfigWords)
            {
                if (findings.Has($"{path}.{word}") && findings.Has($"{path}.config.{key}"))
                    findings.Warning("ConfigOverrides", $"{path}.config.{key}", $"this wins over `{word}` ({findings.Place($"{path}.{word}")})", "remove one of the two");
            }
        }
    }

    /// <summary>A file of the resolver is a whole one.</summary>
    public static void CheckDns(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance is { Dns.Count: 0, DnsSearch.Count: > 0 }))
        {
            findings.Error("NoDns", $"instances.{instance.Name}.dns_search", "nothing says which name servers are asked", "write `dns` as well, or `config: {dns.search: …}` of the network");
        }
    }

    /// <summary>What is the host's is neither sized nor called for an instance.</summary>
    public static void CheckNamespaces(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            if (instance is { HostUts: true, Hostname: not null })
                findings.Error("NameOfHost", $"{path}.uts", "it says that the host's name is used, and `hostname` says another one", "remove one of the two");
            if (instance.HostIpc)
                findings.Warning("HostIpc", $"{path}.ipc", "it reads and writes what programs of the host keep in shared memory, as far as its user may", "leave it out where nothing is shared with the host");
        }
    }

    /// <summary>What has no network interface publishes no ports and has no addresses.</summary>
    public static void CheckNetworkMode(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance.NoNetwork))
        {
            if (instance.Networks.Count > 0 || instance.Macvlan is not null || instance.MacAddress is not null)
                findings.Error("NetworkOfNone", $"instances.{instance.Name}.network_mode", "it says that there is no network, and something else says which", "remove one of the two");
        }

        foreach (var instance in stack.Instances.Values.Where(instance => instance.HostNetwork))
        {
            var path = $"instances.{instance.Name}.network_mode";
            if (instance.Networks.Count > 0 || instance.Macvlan is not null || instance.MacAddress is not null)
                findings.Error("NetworkOfHost", path, "it says that the host's interfaces are used, and something else says which networks", "remove one of the two");
            if (instance.Type != InstanceType.Container)
                findings.Error("NetworkOfHost", path, "a virtual machine cannot have the host's interfaces", "write `network: macvlan` for an address in the host's network");
            findings.Warning("HostNetwork", path, "it has all network interfaces of the host, sees what passes there and what listens on 127.0.0.1, and other instances do not find it by its name",
                "publish what it serves under `ports`, or write `network: macvlan` for an address in the host's network, where that will do");
            var ports = instance.Ports.Where(port => port.HostPort != port.InstancePort).Select(port => $"{port.HostPort}:{port.InstancePort}").ToList();
            if (ports.Count > 0)
                findings.Warning("IgnoredWord", $"instances.{instance.Name}.ports", $"`{string.Join("`, `", ports)}` is passed over: with the host's interfaces a program listens on the host's own ports, as it says itself", "let it listen on the port that is meant");
        }
    }
}
