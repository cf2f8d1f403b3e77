using System.Globalization;
using System.Text.RegularExpressions;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Backups;

/// <summary>What becomes of the ports that a resource's devices publish on the host.</summary>
internal static partial class PublishedPortRules
{
    private const int HighestPort = 65535;

    /// <summary>Leaves the devices out that publish ports.</summary>
    /// <returns>What they listened on.</returns>
    public static IReadOnlyList<string> Withdraw(ResourceFields fields)
    {
        var published = PublishedIn(fields).ToList();
        foreach (var (name, _) in published)
            fields.Devices.Remove(name);
        return [.. published.Select(port => port.Listen.Value)];
    }

    /// <summary>Publishes every port at another number. Devices are called as a stack file would call them that publishes those.</summary>
    /// <returns>What stands in the way.</returns>
    public static IReadOnlyList<string> Move(ResourceFields fields, int offset)
    {
        var problems = new List<string>();
        var moved = new List<(string Name, SortedDictionary<string, string> Device)>();
        foreach (var (name, listen) in PublishedIn(fields).ToList())
        {
            var (protocol, host, before) = (listen.Groups["protocol"].Value, listen.Groups["host"].Value, listen.Groups["ports"].Value);
            if (Number().Matches(before).Any(port => Moved(port, offset) is < 1 or > HighestPort))
            {
                problems.Add($"{before} and {offset} is no port");
                continue;
            }

            var after = Number().Replace(before, port => Moved(port, offset).ToString(CultureInfo.InvariantCulture));
            var device = fields.Devices[name];
            device["listen"] = $"{protocol}:{host}:{after}";
            // One's new name may be that which another has yet to give up.
            fields.Devices.Remove(name);
            var address = host.Trim('[', ']');
            moved.Add((name == InstanceForm.PortDeviceName(protocol, address, before) ? InstanceForm.PortDeviceName(protocol, address, after) : name, device));
        }

        foreach (var (name, device) in moved)
        {
            if (!fields.Devices.TryAdd(name, device))
                problems.Add($"{device["listen"]} would be published by a device {name}, and there is another one of that name: give that another name");
        }

        return problems;
    }

    private static IEnumerable<(string Name, Match Listen)> PublishedIn(ResourceFields fields) =>
        from device in fields.Devices
        where device.Value.GetValueOrDefault("type") == "proxy" && device.Value.GetValueOrDefault("bind") is not ("instance" or "guest")
        let listen = Listen().Match(device.Value.GetValueOrDefault("listen", ""))
        where listen.Success
        select (device.Key, listen);

    private static long Moved(Match port, int offset) => long.Parse(port.Value, CultureInfo.InvariantCulture) + offset;

    [GeneratedRegex(@"^(?<protocol>tcp|udp):(?<host>\[[^\]]*\]|[^:]*):(?<ports>[0-9]{1,9}([,-][0-9]{1,9})*)$")]
    private static partial Regex Listen();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
