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

    /// <summary>The rules of a whole stack file.</summary>
    public static MergeRules Root { get; } = new MergeRules()
        .Add("project", Merging.ShortFormOf("name"))
        .Add("images.*", Merging.ShortFormOf("source"))
        .Add("images.*.build", Merging.ShortFormOf("context"))
        .Add("images.*.build.args", Merging.Assignments)
        .Add("images.*.build.labels", Merging.Assignments)
        .Add("instances.*.build", Merging.ShortFormOf("context"))
        .Add("instances.*.build.args", Merging.Assignments)
        .Add("instances.*.build.labels", Merging.Assignments)
        .Add("instances.*.build.additional_contexts", Merging.Assignments)
        .Add("instances.*.build.platforms", Merging.Replace)
        .Add("volumes.*.content", Merging.Several)
        .Add("volumes.*.snapshots", Merging.ShortFormOf("schedule"))
        .Add("include", Merging.Several)
        // A command is one thing: words of two make no third.
        .Add("instances.*.command", Merging.Replace)
        .Add("instances.*.entrypoint", Merging.Replace)
        .Add("instances.*.oci.entrypoint", Merging.Replace)
        .Add("instances.*.healthcheck.test", Merging.Replace)
        .Add("instances.*.healthcheck.exec", Merging.Replace)
        .Add("instances.*.environment", Merging.Assignments)
        .Add("instances.*.labels", Merging.Assignments)
        .Add("instances.*.annotations", Merging.Assignments)
        .Add("instances.*.sysctls", Merging.Assignments)
        .Add("instances.*.deploy.labels", Merging.Assignments)
        .Add("instances.*.extra_hosts", Merging.Hosts)
        .Add("instances.*.depends_on", Merging.Dependencies)
        .Add("instances.*.networks", Merging.Networks)
        .Add("instances.*.ports", Merging.By(MergeKeys.Port))
        .Add("instances.*.volumes", Merging.By(MergeKeys.MountTarget))
        .Add("instances.*.persist", Merging.By(MergeKeys.MountTarget))
        .Add("instances.*.devices", Merging.Devices)
        .Add("instances.*.secrets", Merging.By(MergeKeys.SecretTarget))
        .Add("instances.*.configs", Merging.By(MergeKeys.ConfigTarget))
        .Add("instances.*.files", Merging.By(MergeKeys.Target))
        .Add("instances.*.env_file", Merging.By(MergeKeys.Path))
        .Add("instances.*.tmpfs", Merging.By(MergeKeys.BeforeColon))
        .Add("instances.*.ulimits.*", Merging.Replace)
        .Add("instances.*.profiles", Merging.Words)
        .Add("instances.*.activate", Merging.Words)
        .Add("instances.*.packages", Merging.Words)
        .Add("instances.*.links", Merging.Words)
        .Add("instances.*.security_opt", Merging.Words)
        .Add("instances.*.dns", Merging.Words)
        .Add("instances.*.dns_search", Merging.Words)
        .Add("instances.*.dns_opt", Merging.Words)
        .Add("instances.*.cap_add", Merging.Words)
        .Add("instances.*.cap_drop", Merging.Words)
        .Add("instances.*.cloud_init.user_data", Merging.CloudInit)
        .Add("instances.*.cloud_init.vendor_data", Merging.CloudInit)
        .Add("instances.*.cloud_init.network_config", Merging.CloudInit)
        .Add("instances.*.cpu", Merging.Cpu)
        .Add("instances.*.memory", Merging.ShortFormOf("limit"))
        .Add("instances.*.memory.hugepages", Merging.ShortFormOf("enabled"))
        .Add("instances.*.disk", Merging.ShortFormOf("size"))
        .Add("instances.*.snapshots", Merging.ShortFormOf("schedule"))
        .Add("instances.*.update", Merging.ShortFormOf("strategy"))
        .Add("instances.*.ssh", Merging.Switch("user"))
        .Add("instances.*.ssh.keys", Merging.Words)
        .Add("instances.*.provision", Merging.Several)
        .Add("instances.*.hooks.*", Merging.Several)
        .Add("instances.*.ready", Merging.SeveralUnlessMapping)
        .Add("instances.*.ready.address", Merging.Several)
        .Add("instances.*.ready.tcp", Merging.Several)
        .Add("instances.*.ready.http", Merging.Several);

    /// <summary>The rules of one instance.</summary>
    public static MergeRules Instance { get; } = Root.At("instances")!.At(Any)!;

    /// <summary>The rule of this place; null: mappings key by key, lists one after the other.</summary>
    public MergeRule? Rule { get; private set; }

    /// <summary>The rules below a key; null where there are none.</summary>
    public MergeRules? At(string key) => _below.GetValueOrDefault(key) ?? _below.GetValueOrDefault(Any);

    private MergeRules Add(string path, MergeRule rule)
    {
        var place = this;
        foreach (var step in path.Split('.'))
        {
            if (!place._below.TryGetValue(step, out var next))
                place._below[step] = next = new MergeRules();
            place = next;
        }

        place.Rule = rule;
        return this;
    }
}
