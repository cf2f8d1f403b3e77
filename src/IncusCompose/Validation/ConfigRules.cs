using IncusCompose.Definition;

namespace IncusCompose.Validation;

/// <summary>Raw configuration beside the words that mean the same.</summary>
internal static class ConfigRules
{
    private static readonly (string Word, string ConfigKey)[] s_snapshotWords =
    [
        ("snapshots", "snapshots.schedule"),
        ("snapshots.expiry", "snapshots.expiry"),
        ("snapshots.manual_expiry", SnapshotsDefinition.ManualExpiryKey),
        ("snapshots.pattern", "snapshots.pattern"),
        ("snapshots.stopped", "snapshots.schedule.stopped"),
    ];

    private static readonly (string Word, string ConfigKey)[] s_networkWords =
    [
        ("ipv4", "ipv4.address"),
        ("ipv6", "ipv6.address"),
        ("parent", "parent"),
        ("uplink", "network"),
        ("vlan", "vlan"),
        ("mtu", "mtu"),
        ("mtu", "bridge.mtu"),
        ("nat", "ipv4.nat"),
        ("nat", "ipv6.nat"),
        ("dhcp", "ipv4.dhcp"),
        ("dhcp", "ipv6.dhcp"),
        ("dhcp.ranges", "ipv4.dhcp.ranges"),
        ("dns.domain", "dns.domain"),
        ("dns.mode", "dns.mode"),
        ("dns.search", "dns.search"),
        ("dns.zones", "dns.zone.forward"),
        ("routes", "ipv4.routes"),
        ("routes", "ipv6.routes"),
        ("acls", "security.acls"),
    ];

    private static readonly (string Word, string ConfigKey)[] s_instanceWords =
    [
        .. s_snapshotWords,
        ("cloud_init.user_data", "cloud-init.user-data"),
        ("cloud_init.vendor_data", "cloud-init.vendor-data"),
        ("cloud_init.network_config", "cloud-init.network-config"),
    ];

    /// <summary>Where a word and raw configuration both say something, raw configuration wins, which may not be seen.</summary>
    public static void CheckOverrides(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            foreach (var (word, key) in s_instanceWords)
                Check(path, word, key);
            foreach (var key in instance.Options.Keys.Where(instance.Config.ContainsKey))
            {
                if (OptionRules.PathOf(key, path, findings) is not { } word)
                    continue;
                // A word of compose becomes raw configuration.
                if (!findings.Has($"{path}.config.{key}"))
                    findings.Error("SaidTwice", $"{path}.{word}", $"another word of the instance says `{key}`, too", "remove one of the two");
                Check(path, word, key);
            }

            foreach (var name in instance.Environment.Keys)
                Check(path, $"environment.{name}", $"environment.{name}");
            foreach (var name in instance.Labels.Keys)
                Check(path, $"labels.{name}", $"user.label.{name}");
            CheckRootDisk(path, instance.Devices, ("disk", instance.Disk is not null), ("read_only", instance.ReadOnly));
        }

        foreach (var profile in stack.Profiles.Values)
        {
            var path = $"profiles.{profile.Name}";
            foreach (var key in profile.Options.Keys.Where(profile.Config.ContainsKey))
            {
                if (OptionRules.PathOf(key, path, findings) is { } word)
                    Check(path, word, key);
            }

            foreach (var name in profile.Environment.Keys)
                Check(path, $"environment.{name}", $"environment.{name}");
            CheckRootDisk(path, profile.Devices, ("disk", profile.Disk is not null));
        }

        foreach (var network in stack.Networks.Values)
        {
            foreach (var (word, key) in s_networkWords)
                Check($"networks.{network.Name}", word, key);
            foreach (var forward in network.Forwards.Keys)
                Check($"networks.{network.Name}.forwards.{forward}", "target_address", "target_address");
            foreach (var balancer in network.LoadBalancers.Keys)
                Check($"networks.{network.Name}.load_balancers.{balancer}", "healthcheck", "healthcheck");
        }

        foreach (var zone in stack.NetworkZones.Keys)
        {
            Check($"network_zones.{zone}", "nameservers", "dns.nameservers");
            Check($"network_zones.{zone}", "nat", "network.nat");
        }

        foreach (var pool in stack.StoragePools.Keys)
        {
            Check($"storage_pools.{pool}", "source", "source");
            Check($"storage_pools.{pool}", "size", "size");
            Check($"storage_pools.{pool}", "wipe", "source.wipe");
        }

        foreach (var bucket in stack.Buckets.Keys)
            Check($"buckets.{bucket}", "size", "size");
        foreach (var volume in stack.Volumes.Keys)
        {
            Check($"volumes.{volume}", "size", "size");
            foreach (var word in new[] { "uid", "gid", "mode" })
                Check($"volumes.{volume}", $"initial.{word}", $"initial.{word}");
            foreach (var (word, key) in s_snapshotWords)
                Check($"volumes.{volume}", word, key);
        }

        void CheckRootDisk(string path, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices, params (string Word, bool IsSaid)[] words)
        {
            if (devices.FirstOrDefault(device => Resources.Instances.InstanceForm.IsRootDisk(device.Value)).Key is not { } root)
                return;
            foreach (var (word, _) in words.Where(word => word.IsSaid))
            {
                findings.Warning("ConfigOverrides", $"{path}.devices.{root}",
                    findings.Has($"{path}.{word}") ? $"this wins over `{word}` ({findings.Place($"{path}.{word}")})" : $"this wins over `{word}`", "remove one of the two");
            }
        }

        void Check(string path, string word, string key)
        {
            var configPath = $"{path}.config.{key}";
            if (findings.Has($"{path}.{word}") && findings.Has(configPath))
                findings.Warning("ConfigOverrides", configPath, $"this wins over `{word}` ({findings.Place($"{path}.{word}")})", "remove one of the two");
        }
    }

    /// <summary>Keys that others write: Incus itself, and this program's marks.</summary>
    public static void CheckReserved(StackDefinition stack, Findings findings)
    {
        if (stack.Project is not null)
            Check(stack.Project.Config, "project");
        foreach (var project in stack.Projects.Values)
            Check(project.Config, $"projects.{project.Name}");
        foreach (var instance in stack.Instances.Values)
            Check(instance.Config, $"instances.{instance.Name}");
        foreach (var network in stack.Networks.Values)
        {
            Check(network.Config, $"networks.{network.Name}");
            foreach (var forward in network.Forwards.Values)
                Check(forward.Config, $"networks.{network.Name}.forwards.{forward.ListenAddress}");
            foreach (var balancer in network.LoadBalancers.Values)
                Check(balancer.Config, $"networks.{network.Name}.load_balancers.{balancer.ListenAddress}");
            foreach (var peer in network.Peers.Values)
                Check(peer.Config, $"networks.{network.Name}.peers.{peer.Name}");
        }

        foreach (var acl in stack.NetworkAcls.Values)
            Check(acl.Config, $"network_acls.{acl.Name}");
        foreach (var set in stack.NetworkAddressSets.Values)
            Check(set.Config, $"network_address_sets.{set.Name}");
        foreach (var integration in stack.NetworkIntegrations.Values)
            Check(integration.Config, $"network_integrations.{integration.Name}");
        foreach (var zone in stack.NetworkZones.Values)
        {
            Check(zone.Config, $"network_zones.{zone.Name}");
            foreach (var record in zone.Records.Values)
                Check(record.Config, $"network_zones.{zone.Name}.records.{record.Name}");
        }

        foreach (var pool in stack.StoragePools.Values)
            Check(pool.Config, $"storage_pools.{pool.Name}");
        foreach (var volume in stack.Volumes.Values)
            Check(volume.Config, $"volumes.{volume.Name}");
        foreach (var bucket in stack.Buckets.Values)
            Check(bucket.Config, $"buckets.{bucket.Name}");
        foreach (var profile in stack.Profiles.Values)
            Check(profile.Config, $"profiles.{profile.Name}");

        void Check(IReadOnlyDictionary<string, string> config, string path)
        {
            foreach (var key in config.Keys)
            {
                if (key.StartsWith("volatile.", StringComparison.Ordinal))
                    findings.Error("ReservedKey", $"{path}.config.{key}", $"`{key}` is Incus's own record", "remove it");
                else if (key.StartsWith("user.incus-compose.", StringComparison.Ordinal))
                    findings.Error("ReservedKey", $"{path}.config.{key}", $"`{key}` is how the stack's resources are marked", "remove it");
            }
        }
    }
}
