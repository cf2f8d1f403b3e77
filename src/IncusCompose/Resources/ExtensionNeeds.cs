using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Resources;

/// <summary>What the server must know for what a stack says of its instances. Source: Incus doc/api-extensions.md.</summary>
internal static class ExtensionNeeds
{
    /// <summary>Words that become several keys, with words of their own.</summary>
    private static readonly string[] s_manyKeys = ["user", "deploy"];

    private static readonly string[] s_tmpfsWords = ["tmpfs", "shm_size"];

    /// <summary>Reports what of a profile the server does not know, before anything is changed.</summary>
    public static void Check(ProfileDefinition profile, PlanningContext context)
    {
        CheckKeys(profile.WholeConfig.Keys, $"profiles.{profile.Name}", context);
        CheckDevices(profile.Devices, $"profiles.{profile.Name}", context);
    }

    /// <summary>Reports what of an instance the server does not know, before anything is changed.</summary>
    public static void Check(InstanceDefinition instance, ResourceFields fields, PlanningContext context)
    {
        var path = $"instances.{instance.Name}";
        CheckKeys(fields.Config.Keys, path, context);

        CheckDevices(fields.DeviceMap(), path, context);
        if (fields.Devices.Values.FirstOrDefault(device => device.GetValueOrDefault("source") is "tmpfs:" or "tmpfs-overlay:") is { } disk)
        {
            var word = s_tmpfsWords.FirstOrDefault(word => context.Stack.Source.Contains($"{path}.{word}")) ?? "devices";
            context.Require("container_disk_tmpfs", $"{path}.{word}", $"a file system in memory, such as that at {disk.GetValueOrDefault("path")},");
        }
    }

    private static void CheckDevices(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices, string path, PlanningContext context)
    {
        foreach (var (name, device) in devices)
        {
            var options = DeviceOptions.Of(DeviceOptions.KindsOf(device, network => (context.Server.Find(NetworkKind.IdOf(network))?.Raw as Network)?.Type));
            foreach (var (key, extension) in device.Keys.Select(key => (key, options.Find(key)?.Extension)))
            {
                if (extension is not null)
                    context.Require(extension, $"{path}.devices.{name}.{key}", $"`{key}` of the device {name}");
            }
        }
    }

    private static void CheckKeys(IEnumerable<string> keys, string path, PlanningContext context)
    {
        foreach (var key in keys)
        {
            if (OptionWords.Of(key).Select(word => word.Extension).FirstOrDefault(extension => extension is not null) is not { } extension)
                continue;
            context.Require(extension, PathOf(key, path, context), $"`{key}`");
        }
    }

    /// <summary>Where the file says a configuration key: in one of the words for it, or in <c>config</c>.</summary>
    /// <param name="key">The configuration key.</param>
    /// <param name="path">What it is of, such as <c>instances.web</c>.</param>
    /// <param name="context">The stack.</param>
    public static string PathOf(string key, string path, PlanningContext context)
    {
        var words = OptionWords.Of(key).Select(word => word.PathOf(key))
            .Concat(ComposeWords.ConfigWords.Where(word => word.ConfigKey == key).Select(word => word.Word))
            .Concat(s_manyKeys);
        return words.Select(word => $"{path}.{word}").FirstOrDefault(context.Stack.Source.Contains) ?? $"{path}.config.{key}";
    }
}
