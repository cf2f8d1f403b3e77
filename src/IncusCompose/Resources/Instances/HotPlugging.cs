using Incus.Client;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Instances;

/// <summary>Devices that a server neither adds to nor takes from an instance that runs. Source: Incus internal/server/device, CanHotPlug.</summary>
internal static class HotPlugging
{
    private static readonly string[] s_coldOfVirtualMachine = ["gpu", "tpm", "infiniband", "unix-char", "unix-block", "unix-hotplug"];

    /// <summary>The names of those that a change adds, changes or removes.</summary>
    public static IEnumerable<string> Refused(ResourceChange change, Instance instance)
    {
        var wanted = change.Desired is null ? [] : ResourceFields.From(change.Desired.Properties).Devices;
        foreach (var name in change.Steps.Select(step => PropertyPath.IsDevice(step.Path, out var device, out _) ? device : null).OfType<string>().Distinct())
        {
            if ((instance.Devices.TryGetValue(name, out var before) && IsCold(before, instance.Type)) || (wanted.TryGetValue(name, out var after) && IsCold(after, instance.Type)))
                yield return name;
        }
    }

    private static bool IsCold(IReadOnlyDictionary<string, string> device, string instanceType) => device.GetValueOrDefault("type") switch
    {
        "nic" => device.GetValueOrDefault("nictype") == "ipvlan",
        "gpu" when device.GetValueOrDefault("gputype") == "mig" => true,
        "disk" => device.GetValueOrDefault("source") is "tmpfs:" or "tmpfs-overlay:",
        var type => instanceType == "virtual-machine" && s_coldOfVirtualMachine.Contains(type),
    };
}
