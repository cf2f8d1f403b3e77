using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// compose's word for the host, as an address among an instance's <c>extra_hosts</c>: the host's own address on a network of the
/// instance, which the file says or the server knows.
/// </summary>
internal static class HostGateway
{
    /// <summary>Stands where an address does.</summary>
    public const string Word = "host-gateway";

    /// <summary>The stack with addresses in the word's place.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="server">What is live.</param>
    /// <param name="problems">Receives an error where the host has no address yet.</param>
    public static StackDefinition Resolve(StackDefinition stack, ServerObservation server, ICollection<Diagnostic> problems)
    {
        if (!stack.Instances.Values.Any(Says))
            return stack;
        var instances = new Dictionary<string, InstanceDefinition>(StringComparer.Ordinal);
        foreach (var (key, instance) in stack.Instances)
            instances[key] = Says(instance) ? Resolve(instance, stack, server, problems) : instance;
        return stack with { Instances = instances.AsReadOnly() };
    }

    private static bool Says(InstanceDefinition instance) => instance.ExtraHosts.Any(host => host.Address == Word);

    private static InstanceDefinition Resolve(InstanceDefinition instance, StackDefinition stack, ServerObservation server, ICollection<Diagnostic> problems)
    {
        if (NetworksOf(instance, server).Select(network => AddressOn(network, stack, server)).FirstOrDefault(found => found is not null) is { } address)
            return instance with { ExtraHosts = [.. instance.ExtraHosts.Select(host => host.Address == Word ? host with { Address = address } : host)] };
        var path = $"instances.{instance.Group ?? instance.Name}.extra_hosts";
        problems.Add(Diagnostic.Error("NoHostAddress", stack.Source.Find(path), path,
            $"the host has no address yet on a network of the instance {instance.Name}, which `{Word}` stands for",
            "say the network's `ipv4`, such as 10.20.0.1/24 (in a compose file its `subnet`), or write the host's address"));
        return instance with { ExtraHosts = [.. instance.ExtraHosts.Where(host => host.Address != Word)] };
    }

    private static IEnumerable<string> NetworksOf(InstanceDefinition instance, ServerObservation server) => instance.Networks.Count > 0
        ? instance.Networks.Select(attachment => attachment.Network)
        : InstanceForm.ProfilesOf(instance).SelectMany(name => (server.Find(ProfileKind.IdOf(name))?.Raw as Profile)?.Devices.Values ?? [])
            .Where(device => device.GetValueOrDefault("type") == "nic").Select(device => device.GetValueOrDefault("network")).OfType<string>();

    /// <summary>The file's own word, else what the server has chosen.</summary>
    private static string? AddressOn(string network, StackDefinition stack, ServerObservation server) =>
        Address(stack.Networks.GetValueOrDefault(network)?.Config) ?? Address((server.Find(NetworkKind.IdOf(network))?.Raw as Network)?.Config);

    private static string? Address(IReadOnlyDictionary<string, string>? config) =>
        config?.GetValueOrDefault("ipv4.address") is { } said && said.IndexOf('/', StringComparison.Ordinal) is > 0 and var cut ? said[..cut] : null;
}
