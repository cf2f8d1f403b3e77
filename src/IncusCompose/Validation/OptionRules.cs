using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Validation;

/// <summary>Words that stand for keys of Incus's instance configuration.</summary>
internal static class OptionRules
{
    /// <summary>Words of which Incus knows some for containers alone, and others for virtual machines.</summary>
    public static void CheckTypes(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            foreach (var key in instance.Options.Keys)
                Check(OptionWords.Of(key), key);
            foreach (var key in instance.Disk?.Options.Keys ?? [])
                Check(DiskShapes.Disk.Words("disk").Where(word => word.Covers(key)), key);

            void Check(IEnumerable<ConfigWord> words, string key)
            {
                if (words.FirstOrDefault() is not { Only: { } only } word || only == instance.Type)
                    return;
                var place = PathOf(key, path, findings) ?? PathOf(word, key, path, findings);
                var (others, own, type) = only == InstanceType.VirtualMachine ? ("virtual machines", "a container", "virtual-machine") : ("containers", "a virtual machine", "container");
                findings.Error("WrongInstanceType", $"{path}.{place}", $"only {others} have `{key}`, and this is {own}", $"remove it, or write `type: {type}`");
            }
        }
    }

    /// <summary>One key by two words: <c>autostart</c> and <c>boot: {autostart: …}</c>.</summary>
    public static void CheckSaidTwice(StackDefinition stack, Findings findings)
    {
        foreach (var (path, options) in stack.Instances.Values.Select(instance => ($"instances.{instance.Name}", instance.Options))
            .Concat(stack.Profiles.Values.Select(profile => ($"profiles.{profile.Name}", profile.Options))))
        {
            foreach (var key in options.Keys)
            {
                var said = OptionWords.Of(key).Select(word => $"{path}.{word.PathOf(key)}").Where(findings.Has).ToList();
                // Two words of one mapping have been reported by it.
                if (said.Count > 1 && Parent(said[0]) != Parent(said[1]))
                    findings.Error("SaidTwice", said[1], $"this has been said already ({findings.Place(said[0])})", "remove one of the two");
            }
        }

        static string Parent(string path) => path[..path.LastIndexOf('.')];
    }

    /// <summary>What Incus refuses together.</summary>
    public static void CheckConflicts(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
            Check(instance.Options, $"instances.{instance.Name}");
        foreach (var profile in stack.Profiles.Values)
            Check(profile.Options, $"profiles.{profile.Name}");

        void Check(IReadOnlyDictionary<string, string> options, string path)
        {
            if (options.ContainsKey("security.syscalls.allow") && options.Keys.FirstOrDefault(key => key.StartsWith("security.syscalls.deny", StringComparison.Ordinal)) is { } deny)
                Report(deny, "with `allow`, all else is denied already", "remove one of the two");
            if (options.ContainsKey("raw.seccomp") && options.Keys.FirstOrDefault(key => key is "security.syscalls.allow" || key.StartsWith("security.syscalls.deny", StringComparison.Ordinal)) is { } call)
                Report(call, "`raw.seccomp` is the whole policy, so this says nothing", "remove one of the two");
            if (options.GetValueOrDefault("security.csm") == "true" && options.GetValueOrDefault("security.secureboot") == "true")
                Report("security.csm", "there is no secure boot for systems without UEFI", "write `secureboot: false`");

            void Report(string key, string message, string advice) => findings.Error("Conflict", $"{path}.{PathOf(key, path, findings) ?? key}", message, advice);
        }
    }

    /// <summary>Where below <paramref name="path"/> the file says a key by a word; null where it does not.</summary>
    public static string? PathOf(string key, string path, Findings findings) =>
        OptionWords.Of(key).Select(word => word.PathOf(key))
            .Concat(OptionWords.Of(key).Select(word => PathOf(word, key, path, findings)))
            .FirstOrDefault(place => findings.Has($"{path}.{place}"));

    /// <summary>The word's own path, or that of the short form that it stands in.</summary>
    private static string PathOf(ConfigWord word, string key, string path, Findings findings)
    {
        var place = word.PathOf(key);
        while (!findings.Has($"{path}.{place}") && place.LastIndexOf('.') is > 0 and var dot)
            place = place[..dot];
        return place;
    }
}
