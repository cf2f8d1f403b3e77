using IncusCompose.Definition;

namespace IncusCompose.Validation;

/// <summary>What is mounted in an instance, and what volumes and pools say of themselves.</summary>
internal static class MountRules
{
    public static void CheckTargets(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var places = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (index, mount) in instance.Volumes.Bound())
            {
                var path = $"instances.{instance.Name}.volumes[{index}]";
                CheckTarget(mount.Target, path);
                if (!mount.IsHostPath && stack.Volumes.GetValueOrDefault(mount.Source) is { ContentType: "block" or "iso" } block)
                {
                    findings.Error("BlockVolumeWithPath", path, $"`{mount.Source}` is {(block.ContentType == "iso" ? "an" : "a")} {block.ContentType} volume, which has no path in an instance",
                        $"write a disk device with `source: {mount.Source}` and its `pool` under `devices` of a virtual machine, or use `content_type: filesystem`");
                }
            }

            foreach (var (index, folder) in instance.Persist.Bound())
                CheckTarget(folder.Target, $"instances.{instance.Name}.persist[{index}]");

            void CheckTarget(string text, string path)
            {
                var target = text.TrimEnd('/');
                if (target.Length == 0)
                {
                    findings.Error("MountOverRoot", path, "a mount at `/` would hide the root disk", "choose another path; the root disk's size is set with `disk`");
                }
                else if (!places.TryAdd(target, path))
                {
                    findings.Error("DuplicateTarget", path, $"something else is mounted at `{target}` already ({findings.Place(places[target])})", "choose another path");
                }
            }
        }
    }

    /// <summary>
    /// What is shifted is mounted after everything else, and so over what is mounted within it and is not. Source: liblxc,
    /// src/lxc/conf.c, whose idmapped mounts come last.
    /// </summary>
    public static void CheckNesting(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance.Type == InstanceType.Container))
        {
            var shifted = instance.Volumes.Bound().Where(entry => IsShifted(entry.Item) == true).Select(entry => entry.Item.Target).Concat(instance.Persist.Bound().Select(entry => entry.Item.Target)).Select(target => target.TrimEnd('/') + "/").ToList();
            if (shifted.Count == 0)
                continue;
            foreach (var (index, mount) in instance.Volumes.Bound())
            {
                if (IsShifted(mount) != false || shifted.Find(outer => mount.Target.StartsWith(outer, StringComparison.Ordinal)) is not { } around)
                    continue;
                findings.Error("HiddenMount", $"instances.{instance.Name}.volumes[{index}]", $"`{mount.Target}` would be hidden: `{around.TrimEnd('/')}`, whose user and group numbers are shifted, is mounted over it",
                    mount.Tmpfs is not null ? "choose another path" : mount.IsHostPath ? "add `shift: true`" : $"write `config: {{security.shifted: \"true\"}}` for the volume `{mount.Source}`");
            }
        }

        // What is said of an external volume is not known.
        bool? IsShifted(VolumeMount mount) => mount.Tmpfs is not null ? false
            : mount.IsHostPath ? mount.Shift ?? false
            : stack.Volumes.GetValueOrDefault(mount.Source) is not { External: false } volume ? null
            : volume.Config.GetValueOrDefault("security.shifted") == "true";
    }

    public static void CheckPools(StackDefinition stack, Findings findings)
    {
        foreach (var pool in stack.StoragePools.Values)
        {
            if (pool.Driver is null && !pool.External)
            {
                findings.Error("MissingKey", $"storage_pools.{pool.Name}", "the pool has no `driver`",
                    "add `driver:` with one such as `dir`, `btrfs`, `zfs` or `lvm`, or `external: true` if the server has the pool");
            }
        }
    }

    /// <summary>An external resource is never changed, so what the file says about it would be ignored.</summary>
    public static void CheckExternal(StackDefinition stack, Findings findings)
    {
        foreach (var network in stack.Networks.Values.Where(network => network.External))
            Report($"networks.{network.Name}", (network.Description is not null, "description"), (network.Config.Count > 0, "config"));
        foreach (var pool in stack.StoragePools.Values.Where(pool => pool.External))
            Report($"storage_pools.{pool.Name}", (pool.Description is not null, "description"), (pool.Config.Count > 0, "config"));
        foreach (var volume in stack.Volumes.Values.Where(volume => volume.External))
            Report($"volumes.{volume.Name}", (volume.Description is not null, "description"), (volume.Size is not null, "size"), (volume.Config.Count > 0, "config"));
        foreach (var bucket in stack.Buckets.Values.Where(bucket => bucket.External))
            Report($"buckets.{bucket.Name}", (bucket.Description is not null, "description"), (bucket.Size is not null, "size"), (bucket.Keys.Count > 0, "keys"), (bucket.Config.Count > 0, "config"));
        foreach (var profile in stack.Profiles.Values.Where(profile => profile.External))
            Report($"profiles.{profile.Name}", (profile.Description is not null, "description"), (profile.WholeConfig.Count > 0, "config"), (profile.Disk is not null, "disk"), (profile.Devices.Count > 0, "devices"));

        void Report(string path, params (bool Given, string Key)[] keys)
        {
            var given = keys.Where(key => key.Given).Select(key => $"`{key.Key}`").ToList();
            if (given.Count > 0)
            {
                findings.Warning("ExternalIsNotChanged", path, $"it is external and never changed, so {string.Join(" and ", given)} says nothing",
                    "remove that, or `external: true`");
            }
        }
    }
}
