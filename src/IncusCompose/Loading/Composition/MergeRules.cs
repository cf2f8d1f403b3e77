using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Composition;

/// <summary>How two values of one place become one.</summary>
internal delegate DocumentNode MergeRule(DocumentMerger merger, DocumentNode below, DocumentNode above, MergeRules rules, string path);

/// <summary>
/// Where merging is more than mappings key by key and lists one after the other: compose's own rules for the words that it
/// shares, the same thought for the others. Source: https://docs.docker.com/reference/compose-file/merge/
/// </summary>
internal sealed class MergeRules
{
    private const string Any = "*";

    private readonly Dictionary<string, MergeRules> _below = new(StringComparer.Ordinal);

    /// <summary>The rules of how an image is built.</summary>
    private static MergeRules Build { get; } = new MergeRules { Rule = Merging.ShortFormOf("context") }
        .Add("args", Merging.Assignments)
        .Add("labels", Merging.Assignments)
        .Add("additional_contexts", Merging.Assignments)
        .Add("extra_hosts", Merging.Hosts)
        .Add("ssh", Merging.Assignments)
        .Add("platforms", Merging.Replace);

    /// <summary>The rules of one instance, of what all have by default, and of a profile, which says some of the same.</summary>
    public static MergeRules Instance { get; } = new MergeRules()
        .Add("build", Build)
        // A command is one thing: words of two make no third.
        .Add("command", Merging.Replace)
        .Add("entrypoint", Merging.Replace)
        .Add("oci.entrypoint", Merging.Replace)
        .Add("healthcheck.test", Merging.Replace)
        .Add("healthcheck.exec", Merging.Replace)
        .Add("environment", Merging.Assignments)
        .Add("labels", Merging.Assignments)
        .Add("annotations", Merging.Assignments)
        .Add("sysctls", Merging.Assignments)
        .Add("deploy.labels", Merging.Assignments)
        .Add("extra_hosts", Merging.Hosts)
        .Add("extra_hosts.*", Merging.Replace)
        .Add("depends_on", Merging.Dependencies)
        .Add("networks", Merging.Networks)
        .Add("networks.*.acls", Merging.Listed)
        .Add("ports", Merging.By(MergeKeys.Port))
        .Add("volumes", Merging.By(MergeKeys.MountTarget))
        .Add("persist", Merging.By(MergeKeys.MountTarget))
        .Add("devices", Merging.Devices)
        .Add("secrets", Merging.By(MergeKeys.SecretTarget))
        .Add("configs", Merging.By(MergeKeys.ConfigTarget))
        .Add("files", Merging.By(MergeKeys.Target))
        .Add("env_file", Merging.SeveralBy(MergeKeys.Path))
        .Add("label_file", Merging.SeveralBy(MergeKeys.Path))
        .Add("tmpfs", Merging.By(MergeKeys.BeforeColon))
        .Add("ulimits.*", Merging.Replace)
        .Add("profiles", Merging.Words)
        .Add("activate", Merging.Words)
        .Add("packages", Merging.Words)
        .Add("links", Merging.Words)
        .Add("security_opt", Merging.Words)
        .Add("dns", Merging.Words)
        .Add("dns_search", Merging.Words)
        .Add("dns_opt", Merging.Words)
        .Add("group_add", Merging.Words)
        .Add("cap_add", Merging.Words)
        .Add("cap_drop", Merging.Words)
        .Add("cloud_init.user_data", Merging.CloudInit)
        .Add("cloud_init.vendor_data", Merging.CloudInit)
        .Add("cloud_init.network_config", Merging.CloudInit)
        .Add("cpu", Merging.Cpu)
        .Add("memory", Merging.ShortFormOf("limit"))
        .Add("memory.hugepages", Merging.ShortFormOf("enabled"))
        .Add("disk", Merging.ShortFormOf("size"))
        .Add("snapshots", Merging.ShortFormOf("schedule"))
        .Add("update", Merging.ShortFormOf("strategy"))
        .Add("ssh", Merging.Switch("user"))
        .Add("ssh.keys", Merging.Words)
        .Add("provision", Merging.Several)
        .Add("hooks.*", Merging.Several)
        .Add("ready", Merging.SeveralUnlessMapping)
        .Add("ready.address", Merging.Several)
        .Add("ready.tcp", Merging.Several)
        .Add("ready.http", Merging.Several)
        .Add("ready.ssh", Merging.Switch("port"))
        .Add("healthcheck.http", Merging.Http)
        .Add("kernel.modules", Merging.Listed)
        .Add("kernel.limits.*", Merging.Limit)
        .Add("migration.incremental_memory", Merging.ShortFormOf("enabled"))
        .Add("nvidia", Merging.ShortFormOf("runtime"))
        .Add("nvidia.driver_capabilities", Merging.Listed)
        .Add("oci.dns.nameservers", Merging.Listed)
        .Add("oci.dns.search", Merging.Listed)
        .Add("security.bpffs.*", Merging.Listed)
        .Add("security.protection", Merging.Names("true"))
        .Add("security.sev", Merging.ShortFormOf("enabled"))
        .Add("security.syscalls.allow", Merging.Words)
        .Add("security.syscalls.deny", Merging.Words)
        .Add("security.syscalls.intercept", Merging.Names("true"))
        .Add("security.syscalls.intercept.bpf", Merging.ShortFormOf("enabled"))
        .Add("security.syscalls.intercept.mount", Merging.ShortFormOf("enabled"))
        .Add("security.syscalls.intercept.mount.allowed", Merging.Listed)
        .Add("security.syscalls.intercept.mount.fuse", Merging.Listed)
        .Add("users", Merging.Names(""))
        .Add("users.*.groups", Merging.Words)
        .Add("users.*.keys", Merging.Words);

    /// <summary>The rules of a whole stack file.</summary>
    public static MergeRules Root { get; } = new MergeRules()
        .Add("project", Merging.ShortFormOf("name"))
        .Add("include", Merging.Several)
        .Add("instances.*", Instance)
        .Add("defaults", Instance)
        .Add("profiles.*", Instance)
        .Add("networks.*.nat", Merging.EachOf("ipv4", "ipv6"))
        .Add("networks.*.dhcp", Merging.EachOf("ipv4", "ipv6"))
        .Add("networks.*.dhcp.ranges", Merging.Listed)
        .Add("networks.*.dhcp.ipv6_ranges", Merging.Listed)
        .Add("networks.*.dns.*", Merging.Listed)
        .Add("networks.*.routes", Merging.Listed)
        .Add("networks.*.acls", Merging.Listed)
        .Add("networks.*.forwards.*", Merging.ShortFormOf("target_address"))
        .Add("networks.*.load_balancers.*.backends.*", Merging.ShortFormOf("target_address"))
        // As many as are listened on: ports of two files make no list.
        .Add("networks.*.load_balancers.*.backends.*.target_port", Merging.Replace)
        .Add("networks.*.load_balancers.*.healthcheck", Merging.Switch())
        .Add("networks.*.peers.*", Merging.Peer)
        .Add("network_address_sets.*", Merging.FormOf("addresses"))
        .Add("network_address_sets.*.addresses", Merging.Listed)
        .Add("network_zones.*.nameservers", Merging.Listed)
        .Add("network_zones.*.records.*", Merging.FormOf("entries"))
        .Add("volumes.*.content", Merging.Several)
        .Add("volumes.*.snapshots", Merging.ShortFormOf("schedule"))
        .Add("buckets.*.keys.*", Merging.ShortFormOf("role"))
        .Add("images.*", Merging.ShortFormOf("source"))
        .Add("images.*.build", Build)
        .Add("secrets.*.command", Merging.Replace)
        .Add("secrets.*.sops", Merging.ShortFormOf("file"))
        .Add("certificates.*", Merging.ShortFormOf("file"));

    /// <summary>The rule of this place; null: mappings key by key, lists one after the other.</summary>
    public MergeRule? Rule { get; private set; }

    /// <summary>The rules below a key; null where there are none.</summary>
    public MergeRules? At(string key) => _below.GetValueOrDefault(key) ?? _below.GetValueOrDefault(Any);

    private MergeRules Add(string path, MergeRule rule)
    {
        var place = this;
        foreach (var step in path.Split('.'))
            place = place.Below(step);
        place.Rule = rule;
        return this;
    }

    /// <summary>Lets a place have the rules that another one has.</summary>
    private MergeRules Add(string path, MergeRules rules)
    {
        var steps = path.Split('.');
        var place = this;
        foreach (var step in steps[..^1])
            place = place.Below(step);
        place._below.Add(steps[^1], rules);
        return this;
    }

    private MergeRules Below(string step)
    {
        if (!_below.TryGetValue(step, out var next))
            _below[step] = next = new MergeRules();
        return next;
    }
}
