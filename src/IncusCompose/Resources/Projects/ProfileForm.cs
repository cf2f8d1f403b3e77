using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Projects;

/// <summary>Turns a profile's definition into the devices that Incus knows.</summary>
internal static class ProfileForm
{
    /// <summary>
    /// Its devices, the root disk that <c>disk</c> says among them: on its own pool, or where the profile has it already, or on
    /// the default pool. Without a pool there is none.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> DevicesOf(ProfileDefinition profile, PlanningContext context)
    {
        // A raw root disk replaces what the word makes.
        if (profile.Disk is not { } disk || profile.Devices.Values.Any(InstanceForm.IsRootDisk))
            return profile.Devices;
        // Of old it may have another name, and two root disks are one too many.
        var (name, live) = (context.Server.Find(ProfileKind.IdOf(profile.Name))?.Raw as Profile)?.Devices.FirstOrDefault(device => InstanceForm.IsRootDisk(device.Value)) is { Key: { } key } there ? (key, there.Value) : ("root", null);
        if ((disk.Pool ?? live?.GetValueOrDefault("pool") ?? StoragePoolKind.DefaultPool(context)) is not { } pool)
            return profile.Devices;
        var root = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["type"] = "disk", ["path"] = "/", ["pool"] = pool };
        if (disk.Size is not null)
            root["size"] = disk.Size;
        foreach (var (option, value) in disk.Options)
            root[option] = value;
        return new Dictionary<string, IReadOnlyDictionary<string, string>>(profile.Devices) { [name] = root };
    }
}
