using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>
/// The one table of compose's words that have no counterpart in Incus, and what becomes of each. A word is passed over
/// with a warning where what is made is as good without it; it is refused where without it something else would be made.
/// The loader, the reference and every dialect of compose read it from here.
/// </summary>
internal static class ForeignWords
{
    /// <summary>The words at the top of a compose file.</summary>
    public static IReadOnlyList<ForeignWord> OfFile { get; } = [Refused("models", "Incus runs no models", "write an instance that does")];

    /// <summary>The words of a compose service.</summary>
    public static IReadOnlyList<ForeignWord> OfService { get; } =
    [
        Refused("cgroup_parent", "Incus decides which control group an instance is in"),
        Refused("credential_spec", "it is a word for Windows containers"),
        Refused("device_cgroup_rules", "an instance may use the devices that it has", "write `devices`"),
        Refused("external_links", "an instance finds others by the networks that it is on", "write `networks` with a network that both are on"),
        Refused("pid", "an instance is stopped as a whole by having processes of its own: among the host's or another one's, LXC would hear no request to stop, and leave behind what it started", "leave it out; what only looks at the processes of the host can be given `/proc:/host/proc:ro` under `volumes`") with { Usual = ["private"] },
        Refused("cgroup", "an instance has control groups of its own", "leave it out") with { Usual = ["private"] },
        Refused("models", "Incus runs no models", "write an instance that does"),
        Refused("pre_start", "it is run in containers of its own before the service's", "write a service for it, and `depends_on` it"),
        Refused("provider", "it is run by docker's own command", "write an instance for what it provides"),
        Refused("volume_driver", "volumes' drivers are docker's own", "leave it out, or name a `pool` for the volumes") with { Usual = ["local"] },
        Refused("volumes_from", "volumes are named", "write `volumes` with the same volumes as the other instance has"),
        Passed("attach", "a stack's logs are read with `logs`"),
        Passed("cpu_count", "it is a word for Windows containers", "write `cpus`"),
        Passed("cpu_rt_period", "Incus gives no real-time share of CPUs"),
        Passed("cpu_rt_runtime", "Incus gives no real-time share of CPUs"),
        Passed("develop", "it is for docker's own watch"),
        Passed("domainname", "an instance's domain is its network's", "write `config: {dns.domain: …}` for the network"),
        Passed("expose", "instances on one network reach all ports of each other", "leave it out"),
        Passed("init", "an instance that boots a system has an init of its own, and what an application leaves behind goes with its instance") with { Usual = ["false"] },
        Passed("isolation", "it is a word for Windows containers") with { Usual = ["default"] },
        Passed("logging", "Incus keeps an instance's console, and its journal is its own: `logs` shows both"),
        Passed("mem_reservation", "Incus keeps no memory aside", "write `memory` for the most that it may use"),
        Passed("mem_swappiness", "kernels of today have no such setting for a control group", "write `memswap_limit`"),
        Passed("oom_kill_disable", "kernels of today have no such setting for a control group"),
        Passed("pull_refresh_after", "an image that is followed (`pull_policy: always`) is looked for with each plan"),
        Passed("platform", "the server runs instances of its own architecture"),
        Passed("stdin_open", "every instance has a console") with { Usual = ["false"] },
        Passed("tty", "every instance has a console") with { Usual = ["false"] },
        Passed("use_api_socket", "no engine is there to be reached") with { Usual = ["false"] },
        Passed("userns_mode", "instances have a user namespace of their own; `privileged` has none"),
    ];

    /// <summary>The words of <c>build</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfBuild { get; } =
    [
        Refused("privileged", "the builder's steps have the rights that it gives them", "write what needs them under `provision`") with { Usual = ["false"] },
        Refused("entitlements", "the builder's steps have the rights that it gives them", "write what needs them under `provision`"),
        Passed("cache_from", "the builder has a cache of its own"),
        Passed("cache_to", "the builder has a cache of its own"),
        Passed("no_cache_filter", "the builder has a cache of its own, for all stages or, with `no_cache`, for none"),
        Passed("tags", "the image goes to the server and to no registry", "write `aliases` of its entry of `images` for names on the server"),
        Passed("ulimits", "the steps have the limits that the builder gives them"),
        Passed("provenance", "the image goes to the server and to no registry"),
        Passed("sbom", "the image goes to the server and to no registry"),
        Passed("isolation", "it is a word for Windows containers") with { Usual = ["default"] },
    ];

    /// <summary>The words of an entry of <c>secrets</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfSecret { get; } =
    [
        .. OfKept("secrets"),
        Refused("driver", "no server keeps secrets for others", "say where it comes from with `file` or another of its words"),
        Refused("driver_opts", "no server keeps secrets for others", "say where it comes from with `file` or another of its words"),
        Refused("template_driver", "a secret is taken as it is", "write a file with the finished text"),
    ];

    /// <summary>The words of an entry of <c>configs</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfConfig { get; } =
        [.. OfKept("configs"), Refused("template_driver", "its templates are docker's own", "write `template` with the path of a file whose variables are replaced")];

    /// <summary>The words of <c>deploy</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfDeploy { get; } =
    [
        Passed("endpoint_mode", "Incus balances no load between replicas by itself"),
        Passed("labels", "they are those of a swarm's service", "write `labels` for the instance's own"),
        Passed("rollback_config", "what is taken back is taken back at once", "write `update: {on_failure: rollback}`"),
    ];

    /// <summary>The words of <c>deploy.placement</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfPlacement { get; } =
    [
        Passed("preferences", "the server spreads instances over its members by itself", "write `target: \"@GROUP\"` of the instance to choose among some of them"),
        Passed("max_replicas_per_node", "the server spreads instances over its members by itself"),
    ];

    /// <summary>The words of <c>deploy.resources.reservations</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfReservations { get; } =
        [.. new List<string> { "cpus", "memory", "generic_resources" }.Select(word => Passed(word, "Incus keeps nothing aside", "`limits` are there for the most that it may use"))];

    /// <summary>The words of <c>deploy.restart_policy</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfRestartPolicy { get; } =
        [.. new List<string> { "delay", "max_attempts", "window" }.Select(word => Passed(word, "Incus starts what ended again at once, up to ten times a minute"))];

    /// <summary>The words of <c>deploy.update_config</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfUpdateConfig { get; } =
    [
        Passed("delay", "the next one is changed once the one before is ready"),
        Passed("monitor", "one that is ready counts as changed", "write `ready` and `healthcheck`"),
        Passed("max_failure_ratio", "one that fails is a failure"),
        Passed("order", "an instance is changed in its place") with { Usual = ["stop-first"] },
    ];

    /// <summary>The words of <c>blkio_config</c>.</summary>
    public static IReadOnlyList<ForeignWord> OfBlockIo { get; } =
    [
        .. new List<string> { "weight_device", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops" }
            .Select(word => Passed(word, "Incus limits the disks of an instance, not those of the host", "write `limits.read` and `limits.write` of a disk under `devices`")),
    ];

    /// <summary>The words of a mount in its long form.</summary>
    public static IReadOnlyList<ForeignWord> OfMount { get; } = [Passed("consistency", "a mount is always consistent"), Passed("image", "it is about a mount of the type `image`")];

    /// <summary>The words of <c>bind</c> of a mount.</summary>
    public static IReadOnlyList<ForeignWord> OfBind { get; } =
    [
        Passed("selinux", "Incus labels no files"),
        Refused("recursive", "what is mounted below a path of the host is mounted with it, or not, as `recursive` of a disk says", "write the disk under `devices`") with { Usual = ["enabled", "writable"] },
    ];

    /// <summary>The words of <c>volume</c> of a mount.</summary>
    public static IReadOnlyList<ForeignWord> OfMountedVolume { get; } =
    [
        Passed("labels", "labels are a volume's own, under `volumes` of the file"),
    ];

    /// <summary>The words of a port in its long form.</summary>
    public static IReadOnlyList<ForeignWord> OfPort { get; } =
    [
        Passed("mode", "a port is always published on the instance's own host") with { Usual = ["host", "ingress"] },
        Passed("app_protocol", "Incus forwards connections, not applications' messages"),
        Passed("name", "the device's name follows from the port"),
    ];

    private static IEnumerable<ForeignWord> OfKept(string what) =>
    [
        Refused("external", $"no server keeps {what} for others", "say where it comes from with `file` or another of its words") with { Usual = ["false"] },
        Passed("name", "it is called what its key says"),
        Passed("labels", "it is a file in the instance"),
    ];

    private static ForeignWord Passed(string word, string reason, string advice = "") => new(word, ForeignSeverity.Warning, reason, advice);

    private static ForeignWord Refused(string word, string reason, string advice = "") => new(word, ForeignSeverity.Error, reason, advice);
}
