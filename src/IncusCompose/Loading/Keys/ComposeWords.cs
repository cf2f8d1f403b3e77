using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>
/// What compose users write of a service, as words of an instance. Most of them are another way to write what Incus has a
/// configuration key or a device for, and become that; raw configuration and raw devices of the file win.
/// </summary>
internal static partial class ComposeWords
{
    /// <summary>Words that become one configuration key, whatever their value.</summary>
    public static IReadOnlyList<(string Word, string ConfigKey)> ConfigWords { get; } =
    [
        ("restart", "boot.autorestart"),
        ("stop_grace_period", "boot.host_shutdown_timeout"),
        ("cpuset", "limits.cpu"),
        ("cpu_shares", "limits.cpu.allowance"),
        ("cpu_percent", "limits.cpu.allowance"),
        ("cpu_quota", "limits.cpu.allowance"),
        ("mem_limit", "limits.memory"),
        ("memswap_limit", "limits.memory.swap"),
        ("pids_limit", "limits.processes"),
        ("oom_score_adj", "limits.memory.oom_priority"),
        ("blkio_config", "limits.disk.priority"),
        ("privileged", "security.privileged"),
        ("runtime", "nvidia.runtime"),
        ("entrypoint", "oci.entrypoint"),
        ("command", "oci.entrypoint"),
        ("working_dir", "oci.cwd"),
        ("user", "oci.uid"),
    ];

    /// <summary>Words that only containers have.</summary>
    public static IReadOnlyList<string> ContainerWords { get; } =
    [
        "cpu_shares", "cpu_percent", "cpu_quota", "memswap_limit", "pids_limit", "sysctls", "ulimits", "tmpfs", "shm_size", "privileged", "runtime", "cap_add", "cap_drop", "security_opt", "stop_signal",
        "entrypoint", "command", "working_dir", "user", "read_only", "dns", "dns_search", "dns_opt", "extra_hosts", "ipc", "uts", "group_add",
    ];

    private static ListShape<string> Words(string wanted, string example) => new(Scalars.Word(wanted), example);

    /// <summary>One text, or several.</summary>
    private static FormsShape<IReadOnlyList<string>> OneOrMore(Shape<string> item, string example) => new()
    {
        Scalar = item.As<string, IReadOnlyList<string>>(value => [value]),
        Sequence = new ListShape<string>(item, example).As<IReadOnlyList<string>, IReadOnlyList<string>>(items => [.. items.Where(text => text is not null)]),
    };

    private static InstanceDefinition Say(InstanceDefinition instance, Func<ComposeDraft, ComposeDraft> word) =>
        instance with { Draft = word(instance.Draft ?? new ComposeDraft()) };

    /// <summary>Adds all of them.</summary>
    public static ObjectShape<InstanceDefinition> Add(ObjectShape<InstanceDefinition> instance) =>
        instance.With(AddLife).With(AddLimits).With(AddKernel).With(AddDevices).With(AddProcess).With(AddNames).With(AddNamespaces).With(AddDeploy).Foreign(ForeignWords.OfService);

    /// <summary>Makes of the words what they stand for, once all of an instance is known.</summary>
    public static bool Finish(InstanceDefinition draft, DocumentNode node, Site site, BindingContext context, out InstanceDefinition instance)
    {
        var say = new Problems(node as MappingNode, site, context);
        instance = FinishNames(draft with { Draft = null }, say);
        if (draft.Draft is not { } words)
            return true;
        instance = FinishLife(instance, words, say);
        if (words.ContainerName is { } name)
            instance = instance with { Name = name };
        if (words.ContainerName is not null && instance.Replicas is not null)
            say.Error("NameOfReplicas", "container_name", "several instances cannot have one name", "leave it out: they are called after the key, with numbers");
        instance = FinishPlacement(instance, words, say);
        instance = FinishLimits(instance, words, say);
        instance = FinishProcess(instance, words, say);
        instance = FinishDevices(instance, words);
        return true;
    }

    /// <summary>Calls instances what they say that they are called, and those that others depend on too.</summary>
    public static bool Rename(IReadOnlyDictionary<string, InstanceDefinition> instances, DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, InstanceDefinition> named)
    {
        named = instances;
        if (instances.All(instance => instance.Key == instance.Value.Name))
            return true;
        var result = new Dictionary<string, InstanceDefinition>(StringComparer.Ordinal);
        foreach (var (key, instance) in instances)
        {
            if (key != instance.Name)
                context.Alias(site.At(instance.Name), site.At(key));
            if (!result.TryAdd(instance.Name, instance with { DependsOn = [.. instance.DependsOn.Select(Renamed)] }))
                ReportDuplicate(key, instance.Name);
        }

        named = result.AsReadOnly();
        return true;

        void ReportDuplicate(string key, string name)
        {
            var entry = ((MappingNode)node).Entries.First(one => one.Key.Value == key);
            var word = (entry.Value as MappingNode)?.Find("container_name");
            context.Error("DuplicateName", word ?? entry.Key, word is null ? site.At(key) : site.At(key).At("container_name"), $"another instance is called {Diagnostics.Excerpts.Quote(name)}, too", "give one of the two another name");
        }

        // A gap stands for an item that could not be read.
        InstanceDependency Renamed(InstanceDependency? dependency) =>
            dependency is not null && instances.TryGetValue(dependency.Instance, out var other) ? dependency with { Instance = other.Name } : dependency!;
    }

    /// <summary>Reports what is wrong with words that only make sense, or none, together.</summary>
    private sealed record Problems(MappingNode? Mapping, Site Site, BindingContext Context)
    {
        public bool Has(string word) => Mapping?.Find(word) is { } value && value is not ScalarNode { IsNull: true };

        public void Error(string id, string word, string message, string advice) =>
            Context.Error(id, Mapping?.Find(word) ?? new UnusableNode(Diagnostics.SourceLocation.None), Site.At(word), message, advice);

        public void Warning(string id, string word, string message, string advice) =>
            Context.Warning(id, Mapping?.Find(word) ?? new UnusableNode(Diagnostics.SourceLocation.None), Site.At(word), message, advice);

        /// <summary>Notes that what the definition has under one word the file says by another, in steps from the instance.</summary>
        public void Becomes(string word, params string[] said)
        {
            if (!Has(word))
                Context.Word(Site.At(word), said.Aggregate(Site, (site, step) => site.At(step)));
        }

        /// <summary>Refuses a word beside another one that says the same.</summary>
        public void Twice(string word, string other) => Error("SaidTwice", word, $"`{word}` says the same as `{other}`", "remove one of the two");
    }

    /// <summary>Raw configuration wins.</summary>
    private static InstanceDefinition Fill(this InstanceDefinition instance, string key, string? value) =>
        value is null || instance.Config.ContainsKey(key) ? instance : instance with { Config = new Dictionary<string, string>(instance.Config) { [key] = value }.AsReadOnly() };

    /// <summary>Adds raw configuration, which wins over what is there.</summary>
    public static InstanceDefinition WithConfig(this InstanceDefinition instance, IReadOnlyDictionary<string, string> config) =>
        instance with { Config = instance.Config.Count == 0 ? config : Over(instance.Config, config) };

    /// <summary>Adds raw devices, which win over what is there.</summary>
    public static InstanceDefinition WithDevices(this InstanceDefinition instance, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices) =>
        instance with { Devices = instance.Devices.Count == 0 ? devices : Over(instance.Devices, devices) };

    private static IReadOnlyDictionary<string, T> Over<T>(IReadOnlyDictionary<string, T> under, IReadOnlyDictionary<string, T> over)
    {
        var all = new Dictionary<string, T>(under);
        foreach (var (key, value) in over)
            all[key] = value;
        return all.AsReadOnly();
    }

    private static InstanceDefinition FillAll(this InstanceDefinition instance, IEnumerable<KeyValuePair<string, string>> values, string prefix) =>
        values.Aggregate(instance, (made, entry) => made.Fill(prefix + entry.Key, entry.Value));

    /// <summary>Raw devices win.</summary>
    private static InstanceDefinition Fill(this InstanceDefinition instance, string name, IReadOnlyDictionary<string, string> device) =>
        instance.Devices.ContainsKey(name)
            ? instance
            : instance with { Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(instance.Devices) { [name] = device }.AsReadOnly() };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
