using IncusCompose.Definition;

namespace IncusCompose.Resources;

/// <summary>What the server must know for what a stack says of its instances. Source: Incus doc/api-extensions.md.</summary>
internal static class ExtensionNeeds
{
    /// <summary>Configuration keys that came with an extension of the API, and the words of the file that become them.</summary>
    private static readonly (string Key, string Extension, string[] Words)[] s_keys =
    [
        ("boot.autorestart", "instance_auto_restart", ["restart", "deploy"]),
        ("limits.memory.oom_priority", "instance_limits_oom", ["oom_score_adj"]),
        ("oci.entrypoint", "instance_oci_entrypoint", ["entrypoint", "command"]),
        ("oci.cwd", "instance_oci_entrypoint", ["working_dir"]),
        ("oci.uid", "instance_oci_entrypoint", ["user"]),
        ("oci.gid", "instance_oci_entrypoint", ["user"]),
    ];

    private static readonly string[] s_tmpfsWords = ["tmpfs", "shm_size"];

    /// <summary>Reports what of an instance the server does not know, before anything is changed.</summary>
    public static void Check(InstanceDefinition instance, ResourceFields fields, PlanningContext context)
    {
        var path = $"instances.{instance.Name}";
        foreach (var (key, extension, words) in s_keys)
        {
            if (fields.Config.ContainsKey(key))
                context.Require(extension, words.Select(word => $"{path}.{word}").FirstOrDefault(context.Stack.Source.Contains) ?? $"{path}.config.{key}", $"`{key}`");
        }

        if (fields.Devices.Values.FirstOrDefault(device => device.GetValueOrDefault("source") is "tmpfs:" or "tmpfs-overlay:") is { } disk)
        {
            var word = s_tmpfsWords.FirstOrDefault(word => context.Stack.Source.Contains($"{path}.{word}")) ?? "devices";
            context.Require("container_disk_tmpfs", $"{path}.{word}", $"a file system in memory, such as that at {disk.GetValueOrDefault("path")},");
        }
    }
}
