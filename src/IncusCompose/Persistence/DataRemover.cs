using System.Globalization;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Persistence;

/// <summary>Deletes what outlived an instance that is gone. What anything else uses stays, and so does what is not the instance's alone.</summary>
internal static partial class DataRemover
{
    // Folders whose content is the system's, whatever an instance had to do with them. Source: hier(7).
    private static readonly string[] s_system = ["bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "run", "sbin", "sys", "usr"];

    private static readonly string[] s_shared = ["home", "var"];

    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance as it was.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<IReadOnlyList<DataRemoval>> RemoveAsync(IncusClient client, Instance instance, CancellationToken cancellationToken)
    {
        var data = InstanceData.Of(instance);
        var removals = new List<DataRemoval>();
        foreach (var volume in data.Volumes)
            removals.Add(new($"volume {volume}", await RemoveAsync(client, instance, volume, cancellationToken).ConfigureAwait(false)));
        foreach (var folder in InstanceData.RecordedFolders(instance).Except(data.Folders))
            removals.Add(new($"folder {folder}", "the instance had no disk of that source; delete it yourself if it was the instance's"));
        if (data.Folders.Count == 0)
            return removals;
        if (!await HostFolders.AreHereAsync(client, cancellationToken).ConfigureAwait(false))
            return [.. removals, .. data.Folders.Select(folder => new DataRemoval($"folder {folder}", "it is on the server's host; delete it there"))];
        var others = await client.Instances.ListAllProjectsAsync(cancellationToken).ConfigureAwait(false);
        var pools = await client.StoragePools.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (var folder in data.Folders)
            removals.Add(new($"folder {folder}", Remove(folder, others, pools)));
        return removals;
    }

    private static async Task<string?> RemoveAsync(IncusClient client, Instance instance, InstanceVolume volume, CancellationToken cancellationToken)
    {
        if (await client.StorageVolumes.FindAsync(volume.Pool, volume.Name, cancellationToken).ConfigureAwait(false) is not { } found)
            return null;
        var owner = OwnershipMark.Read(VolumeKind.IdOf(volume.Pool, volume.Name), found.Value.Config)?.Stack;
        if (owner is not null && owner != Instances.InstanceFacts.StackOf(instance))
            return $"it belongs to the stack {owner}";
        if (found.Value.UsedBy.Count > 0)
            return $"it is in use by {Users.List(found.Value.UsedBy)}";
        try
        {
            await client.StorageVolumes.DeleteAsync(volume.Pool, volume.Name, cancellationToken).OrGoneAsync().ConfigureAwait(false);
            return null;
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            return error.ServerMessage ?? error.Message;
        }
    }

    /// <summary>Deletes folders of this machine that were made for instances that are gone again. What has something in it, or is used, stays.</summary>
    /// <param name="client">The server.</param>
    /// <param name="folders">Those that were made, the outer ones first.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task RemoveEmptyAsync(IncusClient client, IEnumerable<string> folders, CancellationToken cancellationToken)
    {
        var made = folders.Reverse().ToList();
        if (made.Count > 0)
            RemoveEmpty(made, await client.Instances.ListAllProjectsAsync(cancellationToken).ConfigureAwait(false));
    }

    internal static void RemoveEmpty(IEnumerable<string> folders, IReadOnlyList<Instance> instances)
    {
        foreach (var folder in folders.Where(folder => !instances.Any(instance => IsUsed(instance, RealPaths.Of(folder)))))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Something is in it.
            }
        }
    }

    /// <summary>Deletes a folder of this machine; says why where it stays.</summary>
    internal static string? Remove(string folder, IReadOnlyList<Instance> others, IReadOnlyList<StoragePool> pools)
    {
        try
        {
            if (IsSystems(folder))
                return "it is not for one instance alone; delete what is not needed in it yourself";
            var real = RealPaths.Of(folder);
            if (others.FirstOrDefault(other => IsUsed(other, real)) is { } user)
                return $"instance {user.Name} (project {user.Project}) uses it";
            if (pools.FirstOrDefault(pool => Overlaps(pool.Config.GetValueOrDefault("source"), real)) is { } store)
                return $"the storage pool {store.Name} uses it";
            var info = new DirectoryInfo(folder);
            if (!info.Exists)
                return null;
            if (info.LinkTarget is not null)
                return $"it is a link to {info.LinkTarget}; delete what it leads to yourself";
            if (File.ReadLines("/proc/self/mountinfo").Select(MountPoint).FirstOrDefault(place => IsWithin(place, real)) is { } mounted)
                return $"something is mounted at {mounted}";
            Directory.Delete(real, recursive: true);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be deleted: {error.Message}";
        }
    }

    private static bool IsUsed(Instance instance, string real) => instance.ExpandedDevices.Values.Any(device => Uses(device, real));

    private static bool Uses(IReadOnlyDictionary<string, string> device, string real) =>
        device.GetValueOrDefault("type") == "disk" && !device.ContainsKey("pool") && Overlaps(device.GetValueOrDefault("source"), real);

    // A source that is no path is a name, such as that of a volume group.
    private static bool Overlaps(string? source, string real) =>
        source?.StartsWith('/') == true && RealPaths.Of(source) is var other && (IsWithin(other, real) || IsWithin(real, other));

    /// <summary>True for the whole of what the system, a user or all services have, and for what only the system has, by whatever links it is named.</summary>
    internal static bool IsSystems(string folder)
    {
        var real = RealPaths.Of(folder);
        return Depth(folder) < 2
            || Depth(real) < 2
            || s_system.Select(name => RealPaths.Of($"/{name}")).Any(place => IsWithin(real, place) || IsWithin(place, real))
            || s_shared.Select(name => RealPaths.Of($"/{name}")).Any(place => IsWithin(place, real) || Path.GetDirectoryName(real) == place)
            || IsWithin(RealPaths.Of(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)), real);
    }

    private static int Depth(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Length;

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    /// <summary>Where something is mounted, by its line. Source: proc_pid_mountinfo(5).</summary>
    internal static string MountPoint(string line) =>
        Escaped().Replace(line.Split(' ')[4], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Escaped();
}
