using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Instances;

/// <summary>What front ends show of an instance, read from what the server says of it.</summary>
public static class InstanceFacts
{
    /// <summary>The stack that owns it, by its mark; null where none does. A copy of a stack's instance is its maker's own.</summary>
    /// <param name="instance">The instance.</param>
    public static string? StackOf(Instance instance) =>
        OwnershipMark.Read(InstanceKind.IdOf(instance.Name), instance.Config) is { } mark && mark.Project == instance.Project ? mark.Stack : null;

    /// <summary>The name of its definition in its stack, which replicas share; null where it is of none.</summary>
    /// <param name="instance">The instance.</param>
    public static string? DefinitionOf(Instance instance) => OwnershipMark.Read(InstanceKind.IdOf(instance.Name), instance.Config)?.InstanceDefinition;

    /// <summary>True for what a checkpoint keeps beside an instance: it is no machine, and is listed by none of the ways that list those.</summary>
    /// <param name="instance">The instance.</param>
    public static bool IsKeptCopy(Instance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        return !string.IsNullOrEmpty(instance.Config.GetValueOrDefault(CheckpointRecord.CopyKey));
    }

    /// <summary>What it was created from, in the image's own words; null where that is not known.</summary>
    /// <param name="instance">The instance.</param>
    public static string? ImageOf(Instance instance) =>
        instance.Config.GetValueOrDefault("image.description") is { Length: > 0 } image ? image : null;

    /// <summary>Global addresses without prefix length, in the order of the interfaces' names; empty where it does not run.</summary>
    /// <param name="state">The live state; null where it does not run.</param>
    /// <param name="family"><c>inet</c> or <c>inet6</c>.</param>
    public static IReadOnlyList<string> AddressesOf(InstanceState? state, string family) =>
        state is null
            ? []
            :
            [
                .. state.Network
                    .OrderBy(network => network.Key, StringComparer.Ordinal)
                    .SelectMany(network => network.Value.Addresses)
                    .Where(address => address.Family == family && address.Scope == "global")
                    .Select(NicAddresses.TextOf)
                    .OfType<string>(),
            ];

    /// <summary>
    /// Published ports as <c>0.0.0.0:8080->80/tcp</c>, profiles included, in the order of the devices' names.
    /// Source: proxy devices, Incus doc/reference/devices_proxy.md.
    /// </summary>
    /// <param name="instance">The instance.</param>
    public static IReadOnlyList<string> PortsOf(Instance instance) =>
    [
        .. instance.ExpandedDevices
            .Where(device => device.Value.GetValueOrDefault("type") == "proxy" && device.Value.GetValueOrDefault("bind", "host") == "host")
            .OrderBy(device => device.Key, StringComparer.Ordinal)
            .Select(device => Port(device.Value.GetValueOrDefault("listen", ""), device.Value.GetValueOrDefault("connect", ""))),
    ];

    // tcp:0.0.0.0:8080, tcp:[::]:8080, udp:127.0.0.1:53-55, unix:/path
    private static string Port(string listen, string connect)
    {
        var listenProtocol = listen.Split(':')[0];
        var connectProtocol = connect.Split(':')[0];
        if (listenProtocol is not ("tcp" or "udp") || connectProtocol != listenProtocol)
            return $"{listen}->{connect}";
        return $"{listen[(listenProtocol.Length + 1)..]}->{connect[(connect.LastIndexOf(':') + 1)..]}/{connectProtocol}";
    }
}
