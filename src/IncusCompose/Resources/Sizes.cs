using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources;

/// <summary>Sizes that only grow.</summary>
internal static class Sizes
{
    private static readonly string s_path = PropertyPath.Config("size");

    /// <summary>The same change, refused where it makes what holds data smaller.</summary>
    /// <param name="change">A change of something that exists.</param>
    /// <param name="advice">What to do instead.</param>
    public static ResourceChange RefuseShrinking(ResourceChange change, string advice) =>
        change.Live is { } live && SizesSet(change, path => path == s_path || (PoolMembers.IsOfMember(path, out _, out var key) && key == "size")).Any(step => IsSmaller(step.Value, live.Properties[step.Path]))
            ? change with { Refused = advice }
            : change;

    /// <summary>The same change, refused where it makes a root disk smaller that the server cannot make smaller.</summary>
    /// <param name="change">A change of an instance or a profile that exists.</param>
    /// <param name="disks">The root disks that it is about.</param>
    public static ResourceChange RefuseShrinking(ResourceChange change, IReadOnlyList<RootDisk> disks)
    {
        var devices = ResourceFields.From(change.Desired!.Properties).Devices;
        var sizes = SizesSet(change, path => PropertyPath.IsDevice(path, out var device, out var key) && key == "size" && devices.TryGetValue(device, out var root) && InstanceForm.IsRootDisk(root));
        return sizes.SelectMany(step => disks.Where(disk => IsSmaller(step.Value, disk.Size))).Select(disk => disk.ShrinkingRefusal).FirstOrDefault(refusal => refusal is not null) is { } refused
            ? change with { Refused = refused }
            : change;
    }

    // A size that is dropped from the file is a limit that goes.
    private static IEnumerable<PropertyStep> SizesSet(ResourceChange change, Func<string, bool> isSize) =>
        change.Action == ChangeAction.Update ? change.Steps.Where(step => step.Value is not null && isSize(step.Path)) : [];

    private static bool IsSmaller(string? wanted, string? now) =>
        wanted is not null && ByteSize.TryParse(wanted, out var size) && now is not null && ByteSize.TryParse(now, out var current) && size < current;

    /// <summary>A number of bytes as people read it.</summary>
    public static string Show(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }
}
