namespace IncusCompose.Definition;

/// <summary>A file system in memory. Source: Incus doc/reference/devices_disk.md, Tmpfs.</summary>
/// <param name="Target">The absolute path in the instance.</param>
/// <param name="Size">Its size; null: half of the memory.</param>
/// <param name="Mode">Permissions of its root, in octal digits; null: <c>1777</c>, as docker has it.</param>
/// <param name="Uid">The number of the user that its root belongs to; null: root.</param>
/// <param name="Gid">The number of the group, likewise.</param>
public sealed record TmpfsMount(string Target, string? Size = null, string? Mode = null, string? Uid = null, string? Gid = null)
{
    /// <summary>What stands for a source.</summary>
    public const string Source = "tmpfs:";

    /// <summary>The device that it is.</summary>
    internal IReadOnlyDictionary<string, string> ToDevice()
    {
        var device = new Dictionary<string, string> { ["type"] = "disk", ["source"] = Source, ["path"] = Target, ["initial.mode"] = Mode ?? "1777" };
        foreach (var (key, value) in new[] { ("size", Size), ("initial.uid", Uid), ("initial.gid", Gid) })
        {
            if (value is not null)
                device[key] = value;
        }

        return device;
    }
}
