using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources.Instances;
using IncusCompose.Validation;

namespace IncusCompose.Resources.Networks;

/// <summary>The file's addresses against those that are live, where the file alone does not tell: the server would find out only when half of it is made.</summary>
internal static class LiveAddresses
{
    /// <summary>Reports bridges whose addresses a bridge has already that the stack does not name: each serves addresses of its own.</summary>
    public static void CheckNetworks(PlanningContext context)
    {
        var others = context.Server.OfKind(NetworkKind.KindName)
            .Where(live => live.Raw is Network { Managed: true, Type: "bridge" } && !context.Stack.Networks.ContainsKey(live.Id.Name))
            .ToList();
        foreach (var network in context.Stack.Networks.Values.Where(network => network is { External: false, Type: "bridge" }))
        {
            foreach (var (key, family, shortKey) in AddressRules.NetworkKeys)
            {
                if (Range(network.Config, key, family) is not { } wanted || Range((context.Server.Find(NetworkKind.IdOf(network.Name))?.Raw as Network)?.Config, key, family) == wanted)
                    continue;
                if (others.FirstOrDefault(other => Range(((Network)other.Raw).Config, key, family)?.Address.Equals(wanted.Address) == true) is not { } taken)
                    continue;
                var isOwn = taken.Mark?.BelongsTo(context.Stack.Name, context.Project) == true;
                context.Error("AddressTaken", PathOf(context, network, key, shortKey), $"{wanted.Address} is the address of the network \"{taken.Id.Name}\" already",
                    isOwn
                        ? $"choose another address; or, where this is meant to be that network, keep its name, since Incus gives a network another name only while nothing uses it (incus network rename {taken.Id.Name} {network.Name})"
                        : "choose another address");
            }
        }
    }

    /// <summary>Reports fixed addresses that do not fit a network of which the server knows more than the file.</summary>
    public static void CheckInterfaces(InstanceDefinition instance, PlanningContext context)
    {
        var path = $"instances.{instance.Group ?? instance.Name}.networks";
        foreach (var (index, nic) in instance.Networks.Index())
        {
            if (context.Server.Find(NetworkKind.IdOf(nic.Network))?.Raw is not Network { Managed: true, Type: "bridge" or "ovn" } network)
                continue;
            var declared = context.Stack.Networks.GetValueOrDefault(nic.Network) is { External: false } own ? own.Config : null;
            var place = PlaceOf(context, path, nic.Network, index);
            foreach (var (key, family, shortKey) in AddressRules.NetworkKeys)
            {
                // What the file says itself was checked before.
                if (!IPAddress.TryParse(shortKey == "ipv4" ? nic.Ipv4 : nic.Ipv6, out var address) || declared?.GetValueOrDefault(key) is { Length: > 0 } and not "auto")
                    continue;
                if (AddressRules.ProblemOf(nic.Network, network.Config, address, family) is { IsError: true } problem)
                    context.Error(problem.Id, $"{place}.{shortKey}", problem.Message, problem.Advice);
            }
        }
    }

    /// <summary>
    /// Reports two interfaces of an instance, its own or its profiles', on one bridge with DNS, which would have its name twice.
    /// Source: Incus internal/server/device/nic_bridged.go.
    /// </summary>
    /// <param name="instance">The instance.</param>
    /// <param name="own">The devices of its own.</param>
    /// <param name="context">What is live besides.</param>
    public static void CheckNames(InstanceDefinition instance, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> own, PlanningContext context)
    {
        var devices = new Dictionary<string, (string? Profile, IReadOnlyDictionary<string, string> Options)>(StringComparer.Ordinal);
        foreach (var profile in InstanceForm.ProfilesOf(instance))
        {
            foreach (var (name, options) in InstanceForm.ProfileDevices(profile, context))
                devices[name] = (profile, options);
        }

        foreach (var (name, options) in own)
            devices[name] = (null, options);
        var several = devices.Where(device => device.Value.Options.GetValueOrDefault("type") == "nic" && device.Value.Options.ContainsKey("network"))
            .GroupBy(device => (Network: device.Value.Options["network"], Vlan: device.Value.Options.GetValueOrDefault("vlan")))
            .Where(group => group.Count() > 1 && group.Any(device => device.Value.Profile is null) && HasNames(group.Key.Network));
        foreach (var group in several)
        {
            var two = group.OrderBy(device => device.Value.Profile is not null).ToList();
            var (mine, other) = (two[0], two[1]);
            var index = instance.Networks.ToList().FindIndex(nic => nic.Network == group.Key.Network);
            var path = $"instances.{instance.Group ?? instance.Name}";
            var place = index < 0 ? $"{path}.devices.{mine.Key}" : PlaceOf(context, $"{path}.networks", group.Key.Network, index);
            context.Error("NetworkTwice", place, $"{mine.Key} and {other.Key}{(other.Value.Profile is { } of ? $" of the profile \"{of}\"" : "")} are both on the network \"{group.Key.Network}\", which would have the instance's name twice",
                other.Value.Profile is null ? "remove one of the two" : $"call it {other.Key}, or turn the profile's off under devices: {{{other.Key}: {{type: none}}}}");
        }

        bool HasNames(string network)
        {
            var live = context.Server.Find(NetworkKind.IdOf(network))?.Raw as Network;
            var (type, config) = context.Stack.Networks.GetValueOrDefault(network) is { External: false } declared ? (declared.Type, declared.Config) : (live is { Managed: true } ? live.Type : "", live?.Config);
            // To some clients the server shows a network without its configuration.
            if (config is null or { Count: 0 } && context.Stack.Networks.GetValueOrDefault(network) is not { External: false })
                return false;
            return type == "bridge" && config?.GetValueOrDefault("dns.mode") != "none";
        }
    }

    // Networks of an instance are a mapping or a list.
    private static string PlaceOf(PlanningContext context, string networks, string network, int index) =>
        context.Stack.Source.Contains($"{networks}.{network}") ? $"{networks}.{network}" : $"{networks}[{index}]";

    private static Cidr? Range(IReadOnlyDictionary<string, string>? config, string key, AddressFamily family) =>
        config?.GetValueOrDefault(key) is { } text && Cidr.TryParse(text, family, out var range) ? range : null;

    private static string PathOf(PlanningContext context, NetworkDefinition network, string key, string shortKey) =>
        context.Stack.Source.Contains($"networks.{network.Name}.config.{key}") ? $"networks.{network.Name}.config.{key}" : $"networks.{network.Name}.{shortKey}";
}
