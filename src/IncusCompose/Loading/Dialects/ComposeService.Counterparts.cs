using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Dialects;

/// <content>Words of a service for which an instance has another one.</content>
internal sealed partial class ComposeService
{
    /// <summary>Says a word in the words of an instance.</summary>
    /// <returns>False for any other word.</returns>
    private bool Counterpart(MappingEntry entry, MappingNode service, string path, List<MappingEntry> entries)
    {
        switch (entry.Key.Value)
        {
            case "storage_opt":
                if (Disk(entry, service, path) is { } disk)
                    entries.Add(disk);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The size of what docker writes a container's files to is that of the root disk.</summary>
    private MappingEntry? Disk(MappingEntry entry, MappingNode service, string path)
    {
        if (service.Find("disk") is not null)
        {
            report(Diagnostic.Error("SaidTwice", entry.Key.Location, $"{path}.storage_opt", "`storage_opt` says the same as `disk`", "remove one of the two"));
            return null;
        }

        var key = entry.Key with { Value = "disk" };
        if (entry.Value is not MappingNode options)
        {
            if (entry.Value.IsReset())
                return entry with { Key = key };
            if (entry.Value is not (ScalarNode { IsNull: true } or UnusableNode))
                report(Diagnostic.Error("WrongType", entry.Value.Location, $"{path}.storage_opt", "this should be a mapping", "write `storage_opt: {size: 10G}`"));
            return null;
        }

        foreach (var other in options.Entries.Where(option => option.Key.Value != "size"))
            report(Diagnostic.Warning("IgnoredWord", other.Key.Location, $"{path}.storage_opt.{other.Key.Value}", $"`{other.Key.Value}` is passed over: it is an option of docker's own storage"));
        if (options.Find("size") is not ScalarNode { IsNull: false } size)
            return null;
        // What is no size is answered where it is bound.
        return new(key, ComposeWords.Size.Parse(size.Value) is { Problem: null, Value: var read } ? size with { Value = read, Tag = options.Tag ?? size.Tag } : size);
    }

    private static void AddHook(MappingEntry hook, List<MappingEntry> entries)
    {
        var index = entries.FindIndex(entry => entry.Key.Value == "hooks");
        if (index < 0)
            entries.Add(new(hook.Key with { Value = "hooks" }, new MappingNode(hook.Key.Location, [hook]) { Origin = hook.Key.Origin }));
        else if (entries[index].Value is MappingNode hooks)
            entries[index] = entries[index] with { Value = hooks with { Entries = [.. hooks.Entries, hook] } };
    }
}
