using System.Globalization;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Requirements;

/// <summary>
/// Values that not every supported server takes, of keys that every one has. Most came with an API extension; of the others
/// the releases are known. Source: Incus doc/api-extensions.md and internal/instance/config.go at its tags.
/// </summary>
internal static class ValueNeeds
{
    private const string CpuTopology = "instance_limits_cpu_topology";
    private const string CombinedLimits = "disk_io_limits_combined";
    private const string NativeContext = "gpu_native_context";
    private const string AddressRanges = "network_address_set_ip_ranges";

    /// <summary>Of the long-term line 6.0, and of feature releases.</summary>
    private static readonly Version[] s_lastState = [new(6, 0, 6), new(6, 21)];

    /// <summary>Since these, a line break in a variable is refused.</summary>
    private static readonly Version[] s_singleLines = [new(6, 0, 6), new(6, 21)];

    /// <summary>Since these, a carriage return in one, too.</summary>
    private static readonly Version[] s_noReturns = [new(7, 0, 2), new(7, 4)];

    /// <summary>Reports each value of a resource that its server does not take, before anything is changed.</summary>
    public static void Check(DesiredResource resource, PlanningContext context)
    {
        if (resource.External || context.About is not { Environment: var environment })
            return;
        foreach (var (path, value) in resource.Properties)
        {
            if (resource.Id.Kind is InstanceKind.KindName or ProfileKind.KindName && PropertyPath.IsConfig(path, out var key))
                CheckConfig(resource, key, value, environment.ServerVersion, context);
            else if (PropertyPath.IsDevice(path, out var device, out var option) && ExtensionOf(option, value) is { } extension)
                Require(extension, $"{resource.DefinitionPath}.devices.{device}.{option}", $"`{option}: {value}` of the device {device}", context);
            else if (resource.Id.Kind == NetworkAddressSetKind.KindName && PropertyPath.IsItem(path, "addresses", out var address) && address.Contains('-', StringComparison.Ordinal))
                Require(AddressRanges, resource.DefinitionPath, $"The range {address}", context);
        }

        if (resource.Id.Kind == StoragePoolKind.KindName && resource.Properties[PropertyPath.Driver] is { } driver)
            CheckDriver(driver, resource, environment.StorageSupportedDrivers.Select(known => known.Name).ToList(), context);
    }

    private static void CheckConfig(DesiredResource resource, string key, string value, string version, PlanningContext context)
    {
        var path = ExtensionNeeds.PathOf(key, resource.DefinitionPath, context);
        if (key == Definition.InstanceDefinition.AutostartKey && value == "last-state" && !HasSince(version, s_lastState))
        {
            Report(context, "MissingRelease", path, $"`{key}: last-state` is not known to Incus {version}, but to {Text(s_lastState)}",
                "remove it: where the key is missing, the last state is restored");
        }
        else if (key == "limits.cpu" && value.Contains('=', StringComparison.Ordinal))
        {
            Require(CpuTopology, path, $"`{key}: {value}`", context);
        }
        else if (key.StartsWith("environment.", StringComparison.Ordinal) && value.AsSpan().ContainsAny('\n', '\r'))
        {
            const string instead = "bring text of several lines in by `files`, `configs` or `secrets`";
            var word = $"{resource.DefinitionPath}.environment.{key["environment.".Length..]}";
            var place = context.Stack.Source.Contains(word) ? word : path;
            if ((value.Contains('\n', StringComparison.Ordinal) && HasSince(version, s_singleLines)) || (value.Contains('\r', StringComparison.Ordinal) && HasSince(version, s_noReturns)))
                Report(context, "LineBreak", place, $"Incus {version} takes no line break in `{key}`", instead);
            // It is a security fix, which distributions have in older releases too.
            else if (value.Contains('\n', StringComparison.Ordinal) && IsNew(context, place))
                context.Report(Diagnostic.Warning("LineBreak", context.Stack.Source.Find(place), place, $"Incus takes no line break in `{key}` from {s_singleLines[0]} and {s_singleLines[1]} on, and a distribution's package of {version} may not either", instead));
        }
    }

    private static string? ExtensionOf(string option, string value) => option switch
    {
        "limits.read" or "limits.write" or "limits.max" when value.Contains(',', StringComparison.Ordinal) => CombinedLimits,
        "gputype" when value == "native-context" => NativeContext,
        _ => null,
    };

    /// <summary>A driver that came later, or whose tools the server has not found.</summary>
    private static void CheckDriver(string driver, DesiredResource resource, List<string> known, PlanningContext context)
    {
        var path = $"{resource.DefinitionPath}.driver";
        if (driver is "linstor" or "truenas")
            Require($"storage_driver_{driver}", path, $"The storage driver {driver}", context);
        // What is there already is there.
        else if (known.Count > 0 && !known.Contains(driver) && context.Server.Find(resource.Id) is null)
            Report(context, "UnsupportedDriver", path, $"the server cannot use the storage driver `{driver}`: it has not found its tools", $"install them on the server and restart Incus there, or write one that it has: {string.Join(", ", known.Order(StringComparer.Ordinal))}");
    }

    private static void Require(string extension, string path, string feature, PlanningContext context)
    {
        if (IsNew(context, path))
            context.Require(extension, path, feature);
    }

    private static void Report(PlanningContext context, string id, string path, string message, string advice)
    {
        if (IsNew(context, path))
            context.Error(id, path, message, advice);
    }

    // Replicas say the same.
    private static bool IsNew(PlanningContext context, string path) => context.Problems.All(problem => problem.Path != path);

    /// <summary>True where a server's release is one of these or later: of a long-term line, or of the feature releases after them.</summary>
    private static bool HasSince(string release, Version[] since)
    {
        var digits = string.Concat(release.TakeWhile(character => char.IsAsciiDigit(character) || character == '.')).TrimEnd('.');
        if (!Version.TryParse(digits, out var version))
            return true;
        return version >= since[^1] || since.Any(first => version.Major == first.Major && version.Minor == first.Minor && version >= first);
    }

    private static string Text(Version[] since) => string.Create(CultureInfo.InvariantCulture, $"{since[0]} and later of that line, and {since[^1]} and later");
}
