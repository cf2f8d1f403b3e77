using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Requirements;

namespace IncusCompose.Validation;

/// <summary>
/// Raw configuration against what Incus knows. Warnings, since only the server can say for certain: it may be newer than what
/// is known here.
/// </summary>
internal static class ConfigKeyRules
{
    private static readonly string[] s_truths = ["true", "yes", "1", "on", "false", "no", "0", "off", ""];

    public static void Check(StackDefinition stack, Findings findings)
    {
        if (stack.Project is not null)
            Check("project", "a project", stack.Project.Config, "project", findings);
        foreach (var project in stack.Projects.Values)
            Check("project", "a project", project.Config, $"projects.{project.Name}", findings);
        foreach (var instance in stack.Instances.Values)
            Check("instance", instance.Type == InstanceType.VirtualMachine ? "a virtual machine" : "a container", instance.Config, $"instances.{instance.Name}", findings);
        foreach (var profile in stack.Profiles.Values.Where(profile => !profile.External))
            Check("instance", "an instance", profile.Config, $"profiles.{profile.Name}", findings);
        foreach (var network in stack.Networks.Values.Where(network => !network.External))
            Check($"network_{network.Type}", $"a {network.Type} network", network.Config, $"networks.{network.Name}", findings);
        foreach (var network in stack.Networks.Values)
            CheckOn(network, findings);
        foreach (var acl in stack.NetworkAcls.Values)
            Check("network_acl", "a network ACL", acl.Config, $"network_acls.{acl.Name}", findings);
        foreach (var set in stack.NetworkAddressSets.Values)
            Check("network_address_set", "an address set", set.Config, $"network_address_sets.{set.Name}", findings);
        foreach (var integration in stack.NetworkIntegrations.Values)
            Check("network_integration", "a network integration", integration.Config, $"network_integrations.{integration.Name}", findings);
        foreach (var zone in stack.NetworkZones.Values)
        {
            Check("network_zone", "a zone", zone.Config, $"network_zones.{zone.Name}", findings);
            foreach (var record in zone.Records.Values)
                Check("network_zone_record", "a record of a zone", record.Config, $"network_zones.{zone.Name}.records.{record.Name}", findings);
        }

        foreach (var volume in stack.Volumes.Values.Where(volume => !volume.External))
            CheckStored("storage_volume", "volume", volume.Pool, volume.Config, $"volumes.{volume.Name}", stack, findings);
        foreach (var bucket in stack.Buckets.Values.Where(bucket => !bucket.External))
            CheckStored("storage_bucket", "bucket", bucket.Pool, bucket.Config, $"buckets.{bucket.Name}", stack, findings);
        foreach (var group in stack.ClusterGroups.Values)
            Check("cluster_group", "a cluster group", group.Config, $"cluster_groups.{group.Name}", findings);
    }

    private static void CheckOn(NetworkDefinition network, Findings findings)
    {
        var path = $"networks.{network.Name}";
        foreach (var forward in network.Forwards.Values)
            Check("network_forward", "a forward", forward.Config, $"{path}.forwards.{forward.ListenAddress}", findings);
        foreach (var balancer in network.LoadBalancers.Values)
            Check("network_load_balancer", "a load balancer", balancer.Config, $"{path}.load_balancers.{balancer.ListenAddress}", findings);
        foreach (var peer in network.Peers.Values)
            Check("network_peer", "a peer", peer.Config, $"{path}.peers.{peer.Name}", findings);
    }

    // What a volume or bucket can be told depends on the driver of its pool, which the file may not know.
    private static void CheckStored(string entity, string what, string? pool, IReadOnlyDictionary<string, string> config, string path, StackDefinition stack, Findings findings)
    {
        var driver = pool is not null && stack.StoragePools.GetValueOrDefault(pool)?.Driver is { } known ? known : null;
        if (driver is not null && ConfigCatalog.Of($"{entity}_{driver}") is not null)
            Check($"{entity}_{driver}", $"a {what} of a pool with the driver {driver}", config, path, findings);
        else
            Check(entity, $"a {what}", config, path, findings);
    }

    private static void Check(string entity, string what, IReadOnlyDictionary<string, string> config, string path, Findings findings)
    {
        if (ConfigCatalog.Of(entity) is not { } catalog)
            return;
        foreach (var (key, value) in config)
        {
            var place = $"{path}.config.{key}";
            // What a word of the file made, and what others write, is not raw configuration.
            if (!findings.Has(place) || key.StartsWith("volatile.", StringComparison.Ordinal))
                continue;
            if (catalog.Find(key) is not { } known)
            {
                findings.Warning("UnknownConfigKey", place, $"Incus {ConfigCatalog.Release} has no configuration key `{key}` for {what}",
                    findings.MayCompare(catalog.Names.Count) ? Diagnostics.Suggestions.DidYouMean(key, catalog.Names, "see Incus's documentation for its keys; what is your own goes under `user.`") : "");
            }
            else if (Problem(key, known.Type, value) is { } problem)
            {
                findings.Warning("BadConfigValue", place, $"`{key}` {problem}", known.Type == "bool" ? "write `true` or `false`" : "write a whole number");
            }
            else if (known.Type != "bool" && RawValues.ComplaintOf(entity, key, value) is { } complaint)
            {
                findings.Warning("BadConfigValue", place, $"{Diagnostics.Excerpts.Quote(value)} {complaint.Problem}", complaint.Advice);
            }
            else if ((known.Condition, what) is ("container", "a virtual machine") or ("virtual machine", "a container"))
            {
                findings.Warning("MeaninglessKey", place, $"`{key}` means something for a {known.Condition} only, and this is {what}", "remove it");
            }
        }
    }

    /// <summary>What is wrong with a value of a type that Incus's own description of its keys has, to follow the key in a sentence.</summary>
    public static string? Problem(string key, string type, string value) => type switch
    {
        // It is described as true or false, and takes one word more; ValueNeeds knows since when.
        _ when (key, value) is (InstanceDefinition.AutostartKey, "last-state") => null,
        "bool" => s_truths.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : "is neither true nor false",
        "integer" => value.Length == 0 || long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? null : "is not a whole number",
        _ => null,
    };
}
