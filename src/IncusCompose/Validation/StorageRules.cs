using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>What pools and volumes say of themselves must make sense together, and be known to their driver.</summary>
internal static class StorageRules
{
    // Source: Incus internal/server/storage/utils.go, validatePoolCommonRules.
    private static readonly string[] s_poolKeys = ["source", "source.wipe", "rsync.bwlimit", "rsync.compression"];

    // Source: Incus internal/server/storage/drivers/driver_*.go, Validate; doc/reference/storage_*.md.
    private static readonly Dictionary<string, string[]> s_driverKeys = new(StringComparer.Ordinal)
    {
        ["dir"] = [],
        ["btrfs"] = ["size", "btrfs.mount_options", "btrfs.create_options"],
        ["zfs"] = ["size", "zfs.pool_name", "zfs.clone_copy", "zfs.export"],
        ["lvm"] = ["size", "lvm.vg_name", "lvm.thinpool_name", "lvm.thinpool_metadata_size", "lvm.metadata_size", "lvm.use_thinpool", "lvm.vg.force_reuse"],
        ["lvmcluster"] = ["size", "lvm.vg_name", "lvm.metadata_size", "lvm.vg.force_reuse"],
        ["ceph"] = ["ceph.cluster_name", "ceph.osd.force_reuse", "ceph.osd.pg_num", "ceph.osd.pool_name", "ceph.osd.data_pool_name", "ceph.rbd.clone_copy", "ceph.rbd.du", "ceph.rbd.features", "ceph.user.name"],
        ["cephfs"] = ["cephfs.cluster_name", "cephfs.create_missing", "cephfs.data_pool", "cephfs.fscache", "cephfs.meta_pool", "cephfs.osd_pg_num", "cephfs.path", "cephfs.user.name"],
        ["cephobject"] = ["cephobject.cluster_name", "cephobject.bucket.name_prefix", "cephobject.radosgw.endpoint", "cephobject.radosgw.endpoint_cert_file", "cephobject.user.name"],
        ["linstor"] = ["drbd.auto_add_quorum_tiebreaker", "drbd.auto_diskful", "drbd.on_no_quorum", "linstor.resource_group.name", "linstor.resource_group.place_count", "linstor.resource_group.storage_pool", "linstor.volume.prefix"],
        ["truenas"] = ["truenas.allow_insecure", "truenas.api_key", "truenas.clone_copy", "truenas.config", "truenas.dataset", "truenas.force_reuse", "truenas.host", "truenas.initiator", "truenas.portal"],
    };

    /// <summary>What members of a cluster may have of their own. Source: Incus internal/server/db/storage_pools.go, NodeSpecificStorageConfig.</summary>
    public static IReadOnlyList<string> MemberKeys { get; } = ["source", "size", "source.wipe", "zfs.pool_name", "lvm.thinpool_name", "lvm.vg_name", "lvm.vg.force_reuse"];

    /// <summary>Keys that no driver, or only another one, has.</summary>
    public static void CheckPools(StackDefinition stack, Findings findings)
    {
        foreach (var pool in stack.StoragePools.Values)
        {
            var path = $"storage_pools.{pool.Name}";
            if (pool.Driver is { } driver && !s_driverKeys.ContainsKey(driver))
            {
                findings.Error("UnknownDriver", $"{path}.driver", $"Incus has no storage driver {Excerpts.Quote(driver)}",
                    Suggestions.DidYouMean(driver, s_driverKeys.Keys, $"write one of: {string.Join(", ", s_driverKeys.Keys)}"));
                continue;
            }

            foreach (var key in pool.Config.Keys)
                CheckKey(pool, key, PathOf(path, key, findings), findings);
            foreach (var (member, config) in pool.Members)
            {
                foreach (var key in config.Keys)
                {
                    var at = $"{path}.members.{member}.{key}";
                    if (MemberKeys.Contains(key))
                        CheckKey(pool, key, at, findings);
                    else if (pool.Driver is null || !s_driverKeys[pool.Driver].Contains(key))
                        findings.Error("UnknownPoolKey", at, $"no member has {Excerpts.Quote(key)} of its own", Suggestions.DidYouMean(key, MemberKeys, $"members have of their own: {string.Join(", ", MemberKeys)}"));
                    else
                        findings.Error("NotOfMember", at, $"`{key}` is the same on every member of a cluster", $"write it under `config`; members have of their own: {string.Join(", ", MemberKeys)}");
                }
            }

            foreach (var key in pool.Members.Count == 0 ? [] : MemberKeys.Where(pool.Config.ContainsKey))
            {
                findings.Error("NotOfMember", PathOf(path, key, findings), $"`{key}` is what each member of a cluster has of its own, and the pool names some",
                    "write it under each of `members`");
            }
        }
    }

    /// <summary>What a volume is made from goes with what it is.</summary>
    public static void CheckVolumes(StackDefinition stack, Findings findings)
    {
        foreach (var volume in stack.Volumes.Values)
        {
            var path = $"volumes.{volume.Name}";
            var isIso = volume.ContentType == "iso";
            if (volume.Source is not null && !isIso)
            {
                findings.Error("BadVolumeSource", $"{path}.source", $"a volume of content type `{volume.ContentType}` is not made from an ISO image",
                    "write `content_type: iso`; `content` fills a volume with files, and `import` makes it from a backup");
            }

            if (isIso && volume is { Source: null, Import: null, External: false } && !findings.Has($"{path}.source"))
                findings.Error("BadVolumeSource", path, "an `iso` volume has no `source`", "add `source:` with the file that it is made from, such as `./install.iso`");
            if (volume.Import is not null && (volume.Content.Count > 0 || volume.Source is not null))
                findings.Error("BadVolumeSource", $"{path}.import", $"it has both `import` and `{(volume.Source is null ? "content" : "source")}`", "write one of the two");
            if (volume.Content.Count > 0 && volume.ContentType != "filesystem")
                findings.Error("BadVolumeSource", $"{path}.content", $"a volume of content type `{volume.ContentType}` holds no files", "leave it out, or use `content_type: filesystem`");
            if (volume.ContentType != "filesystem" && volume.Config.Keys.FirstOrDefault(key => key.StartsWith("initial.", StringComparison.Ordinal)) is { } initial)
                findings.Error("BadInitial", findings.Has($"{path}.initial") ? $"{path}.initial" : $"{path}.config.{initial}", $"a volume of content type `{volume.ContentType}` has no owner and no permissions", "leave it out, or use `content_type: filesystem`");
            if (isIso && volume.Size is not null)
                findings.Error("SizeOfIso", $"{path}.size", "an `iso` volume has the size of its file", "leave it out");
            if (volume.External && (volume.Source ?? volume.Import) is not null)
                findings.Warning("ExternalIsNotChanged", path, $"it is external and never made, so `{(volume.Source is null ? "import" : "source")}` says nothing", "remove that, or `external: true`");
            if (volume.External && volume.Content.Count > 0)
                findings.Warning("ExternalIsNotChanged", path, "it is external and never made, so `content` says nothing", "remove that, or `external: true`");
        }
    }

    /// <summary>What programs call themselves tells a bucket's keys apart.</summary>
    public static void CheckBuckets(StackDefinition stack, Findings findings)
    {
        foreach (var bucket in stack.Buckets.Values.Where(bucket => !bucket.External))
        {
            foreach (var same in bucket.Keys.Values.Where(key => key.AccessKey is not null).GroupBy(key => key.AccessKey, StringComparer.Ordinal))
            {
                foreach (var key in same.Skip(1))
                {
                    findings.Error("DuplicateAccessKey", $"buckets.{bucket.Name}.keys.{key.Name}.access_key", $"the key `{same.First().Name}` has the same access key, and a bucket's keys are told apart by it",
                        "give each its own, or leave it to the server");
                }
            }
        }
    }

    private static void CheckKey(StoragePoolDefinition pool, string key, string path, Findings findings)
    {
        if (pool.Driver is not { } driver || key.StartsWith("user.", StringComparison.Ordinal) || key.StartsWith("volume.", StringComparison.Ordinal))
            return;
        // Incus's own records are reported as such.
        var known = s_driverKeys[driver];
        if (key.StartsWith("volatile.", StringComparison.Ordinal) || known.Contains(key) || s_poolKeys.Contains(key))
            return;
        var others = s_driverKeys.Where(other => other.Value.Contains(key)).Select(other => $"`{other.Key}`").ToList();
        findings.Error(
            "UnknownPoolKey",
            path,
            $"a pool of the driver `{driver}` has no {Excerpts.Quote(key)}" + (others.Count == 0 ? "" : $", but {(others.Count == 1 ? "one" : "those")} of {string.Join(", ", others)} {(others.Count == 1 ? "has" : "have")}"),
            others.Count > 0 ? "remove it, or choose another driver" : Suggestions.DidYouMean(key, [.. known, .. s_poolKeys], $"known here: {string.Join(", ", known.Concat(s_poolKeys))}"));
    }

    /// <summary>The place of a key, by the word that stands for it where that is what the file has.</summary>
    private static string PathOf(string path, string key, Findings findings)
    {
        if (findings.Has($"{path}.config.{key}"))
            return $"{path}.config.{key}";
        var word = $"{path}.{(key == "source.wipe" ? "wipe" : key)}";
        return findings.Has(word) ? word : path;
    }
}
