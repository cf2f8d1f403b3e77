using Incus.Client;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Instances;

/// <summary>When a change of an instance's configuration key takes effect.</summary>
internal static class ConfigEffects
{
    // The server reads these when it next needs them; it calls them "not live" since nothing happens at once,
    // but no restart makes them take effect any sooner.
    private static readonly string[] ReadWhenNeeded =
        ["user.", "boot.", "snapshots.", "cluster.evacuate", "security.protection.", "migration.", "volatile."];

    // Without the server's own word (older than metadata_configuration, or hidden): the families that are live
    // on every version.
    private static readonly string[] LiveWithoutMetadata = ["limits.", "linux.kernel_modules"];

    /// <summary>
    /// The impact of changing a key, from the server's own metadata where it has it.
    /// Source: Incus doc/reference/instance_options.md, "Live update".
    /// </summary>
    public static ChangeImpact ImpactOf(string key, string instanceType, MetadataConfiguration? metadata)
    {
        if (StartsWithAny(key, ReadWhenNeeded))
            return ChangeImpact.Live;
        // Live for commands run from now on, but what runs already keeps the environment that it began with.
        if (key.StartsWith("environment.", StringComparison.Ordinal))
            return ChangeImpact.Restart;
        // Set for the processes that it starts with.
        if (key.StartsWith("limits.kernel.", StringComparison.Ordinal))
            return ChangeImpact.Restart;
        var live = metadata?.Find("instance", key)?.IsLive(instanceType) ?? StartsWithAny(key, LiveWithoutMetadata);
        return live ? ChangeImpact.Live : ChangeImpact.Restart;
    }

    private static bool StartsWithAny(string key, string[] prefixes) =>
        prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));
}
