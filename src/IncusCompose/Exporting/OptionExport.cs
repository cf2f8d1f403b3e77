using System.Collections.Immutable;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Interpolation;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Exporting;

/// <summary>Configuration of instances and profiles as words, where what is written with them reads back as just the same.</summary>
internal static class OptionExport
{
    /// <summary>Takes what words can say out of a configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="type">Whose it is; null: a profile's.</param>
    /// <param name="context">How words are read.</param>
    public static ImmutableSortedDictionary<string, string> Take(SortedDictionary<string, string> config, InstanceType? type, ExportContext context)
    {
        var taken = Maps.Sorted;
        foreach (var (key, value) in config.ToList())
        {
            if (!IsRefusedTogether(key, config) && CanSay(key, value, type, context) && config.Remove(key))
                taken = taken.Add(key, value);
        }

        return taken;
    }

    /// <summary>What the words of a root disk can say of its options.</summary>
    /// <param name="options">The disk's options.</param>
    /// <param name="type">Whose it is; null: a profile's.</param>
    /// <param name="context">How words are read.</param>
    public static ImmutableSortedDictionary<string, string> TakeDisk(IReadOnlyDictionary<string, string> options, InstanceType? type, ExportContext context)
    {
        var taken = Maps.Sorted;
        foreach (var (key, value) in options)
        {
            if (DiskShapes.Disk.Words("disk").FirstOrDefault(word => word.Covers(key)) is { } word && (word.Only is null || type is null || word.Only == type)
                && Read(new InstanceDefinition { Name = "it", Type = type ?? word.Only ?? InstanceType.Container, Disk = new RootDiskDefinition(null) { Options = Maps.Sorted.Add(key, value) } }, value, context)?.Disk is { Size: null, Pool: null } disk
                && IsJust(disk.Options, key, value))
                taken = taken.Add(key, value);
        }

        return taken;
    }

    private static bool CanSay(string key, string value, InstanceType? type, ExportContext context)
    {
        if (OptionWords.Of(key).FirstOrDefault() is not { } word || (type is not null && word.Only is { } only && only != type))
            return false;
        var options = Maps.Sorted.Add(key, value);
        if (type is not null)
            return Read(new InstanceDefinition { Name = "it", Type = type.Value, Options = options }, value, context) is { } instance && IsJust(instance.Options, key, value);
        var said = new StackDefinition { Name = "it", Profiles = new Dictionary<string, ProfileDefinition> { ["it"] = new() { Name = "it", Options = options } } };
        return Read(said, value, context)?.Profiles.GetValueOrDefault("it") is { } profile && IsJust(profile.Options, key, value);
    }

    private static InstanceDefinition? Read(InstanceDefinition instance, string value, ExportContext context) =>
        Read(new StackDefinition { Name = "it", Instances = new Dictionary<string, InstanceDefinition> { [instance.Name] = instance } }, value, context)?.Instances.GetValueOrDefault(instance.Name);

    private static StackDefinition? Read(StackDefinition stack, string value, ExportContext context)
    {
        // It is written doubled, which only a file's variables take back.
        if (value.Contains('$', StringComparison.Ordinal))
            return null;
        var binding = new BindingContext
        {
            Diagnostics = new DiagnosticList(),
            Format = context.Format,
            Origin = new DocumentOrigin("/", new VariableScope(Maps.Empty)),
            Hidden = HiddenValues.None,
        };
        return StackKeys.Stack.TryBind(StackWriter.ToDocument(stack, (_, text) => text), Site.Root, binding, out var read) && !binding.Diagnostics.HasErrors ? read : null;
    }

    private static bool IsJust(IReadOnlyDictionary<string, string> options, string key, string value) => options.Count == 1 && options.GetValueOrDefault(key) == value;

    /// <summary>What a server may have taken together and a file may not say so.</summary>
    private static bool IsRefusedTogether(string key, SortedDictionary<string, string> config) =>
        (key == "raw.seccomp" && config.Keys.Any(IsOfCalls))
        || (IsOfCalls(key) && (config.ContainsKey("raw.seccomp") || (config.ContainsKey("security.syscalls.allow") && config.Keys.Any(other => other.StartsWith("security.syscalls.deny", StringComparison.Ordinal)))));

    private static bool IsOfCalls(string key) => key == "security.syscalls.allow" || key.StartsWith("security.syscalls.deny", StringComparison.Ordinal);
}
