using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources.Networks;
using IncusCompose.Validation;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// Ports of the host, MAC addresses and fixed addresses that instances of the project have which are not the plan's: the server
/// would find out only when a part of the plan is done. What the plan deletes is deleted first.
/// Source: Incus internal/server/device/nic_bridged.go and proxy.go.
/// </summary>
internal static class LiveClaims
{
    /// <summary>What only one instance can have.</summary>
    /// <param name="Device">The device that claims it.</param>
    private abstract record Claim(string Device)
    {
        public abstract bool Clashes(Claim other);
    }

    private sealed record PortClaim(string Device, PortMapping Port) : Claim(Device)
    {
        private readonly IPAddress _address = IPAddress.Parse(Port.HostAddress);

        public override bool Clashes(Claim other) =>
            other is PortClaim { Port: var port } claim && port.Protocol == Port.Protocol && Port.HostPort < port.HostPort + port.Count && port.HostPort < Port.HostPort + Port.Count
            && (_address.Equals(claim._address) || IsAnyOf(_address, claim._address) || IsAnyOf(claim._address, _address));

        // A socket that listens on [::] takes IPv4 connections too.
        private static bool IsAnyOf(IPAddress any, IPAddress other) =>
            any.Equals(IPAddress.IPv6Any) || (any.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork);
    }

    private sealed record AddressClaim(string Device, string Network, string? Vlan, string Key, string Address) : Claim(Device)
    {
        public override bool Clashes(Claim other) => other is AddressClaim claim && claim with { Device = Device } == this;
    }

    /// <summary>Reports what others have already, and has deletions of the plan come before what takes their place.</summary>
    public static void Check(Dictionary<ResourceId, ResourceChange> changes, PlanningContext context)
    {
        var planned = changes.Values.Where(change => change.Desired is not null).SelectMany(change => new[] { change.Id, change.Live?.Id ?? change.Id }).ToHashSet();
        var others = context.Server.OfKind(InstanceKind.KindName).Where(live => !planned.Contains(live.Id))
            .Select(live => (Live: live, Claims: ClaimsOf((Instance)live.Raw, context))).Where(other => other.Claims.Count > 0).ToList();
        if (others.Count == 0)
            return;
        foreach (var change in changes.Values.Where(change => change is { Desired: DesiredInstance, Action: not ChangeAction.None }).ToList())
        {
            var already = change.Live?.Raw is Instance live ? ClaimsOf(live, context) : [];
            var first = new List<ResourceId>();
            foreach (var claim in ClaimsOf(ResourceFields.From(change.Desired!.Properties).DeviceMap(), new Dictionary<string, string>(), context).Where(claim => !already.Any(claim.Clashes)))
            {
                foreach (var other in others.Where(other => IsBeside(change, (Instance)other.Live.Raw, context) && other.Claims.Any(claim.Clashes)))
                {
                    if (!PlannedDeletions.Include(other.Live.Id, changes))
                        Report(change, claim, other.Live, context);
                    else if (PlannedDeletions.MayComeBefore(change.Id, other.Live.Id, changes))
                        first.Add(other.Live.Id);
                }
            }

            if (first.Count > 0)
                changes[change.Id] = change with { DependsOn = [.. change.DependsOn.Union(first)] };
        }
    }

    /// <summary>What an instance has now: ports only while it runs.</summary>
    private static List<Claim> ClaimsOf(Instance instance, PlanningContext context)
    {
        var claims = ClaimsOf(instance.ExpandedDevices.Count > 0 ? instance.ExpandedDevices : instance.Devices, instance.Config, context);
        return instance.StatusCode is StatusCode.Stopped or StatusCode.Error or StatusCode.None ? [.. claims.Where(claim => claim is not PortClaim)] : claims;
    }

    private static List<Claim> ClaimsOf(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices, IReadOnlyDictionary<string, string> config, PlanningContext context)
    {
        var claims = new List<Claim>();
        foreach (var (name, device) in devices)
        {
            // With NAT, nothing listens.
            if (PortRules.ListenerOf(device) is { } port && !ConfigTruth.IsTrue(device.GetValueOrDefault("nat", "")))
                claims.Add(new PortClaim(name, port with { InstancePort = 1, InstanceAddress = "" }));
            if (device.GetValueOrDefault("type") != "nic" || (device.GetValueOrDefault("network") ?? device.GetValueOrDefault("parent")) is not { } network || !IsOneLink(network, context))
                continue;
            foreach (var key in NicOptions.Addresses)
            {
                var text = device.GetValueOrDefault(key) ?? (key == "hwaddr" ? config.GetValueOrDefault($"volatile.{name}.hwaddr") : null);
                if (Normal(key, text) is { } address)
                    claims.Add(new AddressClaim(name, network, device.GetValueOrDefault("vlan"), key, address));
            }
        }

        return claims;
    }

    private static string? Normal(string key, string? text) =>
        key == "hwaddr" ? text?.ToLowerInvariant() : IPAddress.TryParse(text, out var address) ? address.ToString() : null;

    // Only of these does the server compare them.
    private static bool IsOneLink(string network, PlanningContext context) =>
        context.Server.Find(NetworkKind.IdOf(network))?.Raw is Network { Type: "bridge" or "ovn" };

    /// <summary>True where both are on one host, as far as can be told.</summary>
    private static bool IsBeside(ResourceChange change, Instance other, PlanningContext context) =>
        context.About?.Environment.ServerClustered != true
        || ((change.Live?.Raw as Instance)?.Location ?? ((DesiredInstance)change.Desired!).Place?.Wanted) == other.Location;

    private static void Report(ResourceChange change, Claim claim, LiveResource other, PlanningContext context)
    {
        var instance = context.Stack.Instances[change.Name];
        var path = $"instances.{instance.Group ?? instance.Name}";
        var (places, what, choose) = claim switch
        {
            PortClaim port => (PlacesOf(instance, port, path), $"the host's port {Range(port.Port)}/{port.Port.Protocol} is published by", "publish another port, or at another address of the host"),
            AddressClaim address => (PlacesOf(instance, address, path), $"on the network \"{address.Network}\", {address.Address} is the {(address.Key == "hwaddr" ? "MAC address" : "address")} of", "choose another"),
            _ => throw new InvalidOperationException($"There is no claim such as {claim.GetType().Name}."),
        };
        var isOrphan = other.Mark?.BelongsTo(context.Stack.Name, context.Project) == true && !InactiveInstances.Include(context.Stack, other);
        context.Error("Taken", places.FirstOrDefault(context.Stack.Source.Contains) ?? path, $"{what} the instance \"{other.Id.Name}\" already",
            choose + (isOrphan ? $"; or delete {other.Id.Name}, which is no longer in the file, with -Prune (--prune)" : ""));
    }

    private static string Range(PortMapping port) => port.Count == 1 ? $"{port.HostPort}" : $"{port.HostPort}-{port.HostPort + port.Count - 1}";

    private static IEnumerable<string> PlacesOf(InstanceDefinition instance, PortClaim claim, string path)
    {
        var index = instance.Ports.ToList().FindIndex(port => port.Protocol == claim.Port.Protocol && port.HostPort == claim.Port.HostPort && port.HostAddress == claim.Port.HostAddress);
        return index >= 0 ? [$"{path}.ports[{index}]", $"{path}.ports"] : [$"{path}.devices.{claim.Device}.listen", $"{path}.devices.{claim.Device}"];
    }

    private static IEnumerable<string> PlacesOf(InstanceDefinition instance, AddressClaim claim, string path)
    {
        var word = claim.Key switch { "hwaddr" => "mac", "ipv4.address" => "ipv4", _ => "ipv6" };
        var index = instance.Networks.ToList().FindIndex(nic => nic.Network == claim.Network);
        return
        [
            $"{path}.devices.{claim.Device}.{claim.Key}", $"{path}.networks.{claim.Network}.{word}", $"{path}.networks[{index}].{word}",
            .. claim.Key == "hwaddr" ? [$"{path}.mac_address"] : Array.Empty<string>(), $"{path}.networks.{claim.Network}", $"{path}.networks[{index}]", $"{path}.networks",
        ];
    }
}
