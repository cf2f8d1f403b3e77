using IncusCompose.Definition;

namespace IncusCompose.Resources.Instances;

/// <content>What compose's words say of an instance that its profiles have a part in.</content>
internal static partial class InstanceForm
{
    private const string RawLxc = "raw.lxc";

    private static void AddCompose(ResourceFields fields, InstanceDefinition instance, PlanningContext context)
    {
        if (instance.NoNetwork || instance.HostNetwork)
            AddNoNetwork(fields, instance, context);
        if (instance.HostNetwork)
            HostNetwork.Check(instance, context);
        HostNamespaces.Check(instance, context);
        ExtraGroups.Check(instance, IsPrivileged(fields.Config), context);
        if (instance.MacAddress is not null)
            AddMacAddress(fields, instance, instance.MacAddress, context);
        AddMetaData(fields.Config, instance);
        AddLxcLines(fields.Config, instance, context);
    }

    /// <summary>Tells cloud-init the host name, which else is the instance's name. Source: Incus doc/cloud-init.md.</summary>
    private static void AddMetaData(SortedDictionary<string, string> config, InstanceDefinition instance)
    {
        const string Key = "user.meta-data";
        if (instance.Hostname is not { } name || config.GetValueOrDefault(Key)?.Contains("local-hostname:", StringComparison.Ordinal) == true)
            return;
        config[Key] = $"{config.GetValueOrDefault(Key)?.TrimEnd('\n')}\nlocal-hostname: {name}\n".TrimStart('\n');
    }

    /// <summary>Takes the interfaces of its profiles away.</summary>
    private static void AddNoNetwork(ResourceFields fields, InstanceDefinition instance, PlanningContext context)
    {
        foreach (var (name, device) in ProfilesOf(instance).SelectMany(profile => ProfileDevices(profile, context)))
        {
            if (device.GetValueOrDefault("type") == "nic")
                fields.Devices.TryAdd(name, new(StringComparer.Ordinal) { ["type"] = "none" });
        }
    }

    private static void AddMacAddress(ResourceFields fields, InstanceDefinition instance, string mac, PlanningContext context)
    {
        // Its own interfaces come in their own order, those of its profiles as the profiles have them.
        var name = instance.Networks.Count > 0 ? instance.Networks[0].Name ?? "eth0" : instance.Macvlan is not null ? "eth0" : null;
        if (name is not null && fields.Devices.TryGetValue(name, out var own))
        {
            own["hwaddr"] = mac;
            return;
        }

        // A later profile's device is in the place of an earlier one's; Incus itself has no other order than that of the names.
        var inherited = ProfilesOf(instance).SelectMany(profile => ProfileDevices(profile, context))
            .GroupBy(device => device.Key, StringComparer.Ordinal).Select(device => device.Last())
            .Where(device => device.Value.GetValueOrDefault("type") == "nic" && !fields.Devices.ContainsKey(device.Key))
            .OrderBy(device => device.Key, StringComparer.Ordinal).FirstOrDefault();
        if (inherited.Value is null)
        {
            context.Error("NoInterface", $"instances.{instance.Name}.mac_address", "the instance has no interface to have this address", "write `networks`, and the address as `mac` there");
            return;
        }

        fields.Devices[inherited.Key] = new(inherited.Value.ToDictionary(), StringComparer.Ordinal) { ["hwaddr"] = mac };
    }

    /// <summary>Adds what only LXC itself has a word for. What the file, or else a profile, says there itself comes after it and wins.</summary>
    private static void AddLxcLines(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context)
    {
        var lines = LxcLines(instance).ToList();
        lines.AddRange(HostNamespaces.LxcLines(instance, IsPrivileged(config)));
        lines.AddRange(ExtraGroups.LxcLines(instance));
        if (lines.Count == 0)
            return;
        var others = config.GetValueOrDefault(RawLxc) ?? ProfileConfig(instance, context).GetValueOrDefault(RawLxc);
        if (!string.IsNullOrWhiteSpace(others))
            lines.Add(others.TrimEnd('\n'));
        config[RawLxc] = string.Join('\n', lines);
    }

    private static bool IsPrivileged(SortedDictionary<string, string> config) => config.GetValueOrDefault("security.privileged") == "true";

    /// <summary>Source: lxc.container.conf(5).</summary>
    private static IEnumerable<string> LxcLines(InstanceDefinition instance)
    {
        foreach (var line in GuestNames.LxcLines(instance))
            yield return line;
        if (instance.StopSignal is { } signal)
            yield return $"lxc.signal.halt = {signal}";
        if (instance.NoNewPrivileges)
            yield return "lxc.no_new_privs = 1";
        if (instance.AppArmorUnconfined)
            yield return "lxc.apparmor.profile = unconfined";
        if (instance.CapDrop.Contains("all"))
            yield return $"lxc.cap.keep = {(instance.CapAdd.Where(name => name != "all").ToList() is { Count: > 0 } kept ? string.Join(' ', kept) : "none")}";
        else if (instance.CapDrop.Count > 0)
            yield return $"lxc.cap.drop = {string.Join(' ', instance.CapDrop)}";
    }
}
