using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Persistence;

/// <summary>What outlives an instance: the volumes that are mounted in it, and the host's folders that its definition keeps (<c>persist</c>).</summary>
/// <param name="Volumes">The custom volumes.</param>
/// <param name="Folders">The folders, absolute paths on the server's host.</param>
public sealed record InstanceData(IReadOnlyList<InstanceVolume> Volumes, IReadOnlyList<string> Folders)
{
    /// <summary>True where nothing outlives it.</summary>
    public bool IsEmpty => Volumes.Count == 0 && Folders.Count == 0;

    /// <summary>Reads it from what the server says of an instance; volumes and folders of its profiles are not its own.</summary>
    /// <param name="instance">The instance.</param>
    public static InstanceData Of(Instance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        return new InstanceData(
            [
                .. DeviceUses.Of(instance.Devices)
                    .Where(used => used.Kind == VolumeKind.KindName)
                    .Select(used => new InstanceVolume(used.Scope!, used.Name))
                    .Distinct(),
            ],
            [.. RecordedFolders(instance).Where(folder => IsPlain(folder) && IsDisk(instance, folder))]);
    }

    /// <summary>The folders as they are recorded, which whoever may change a word of the instance's configuration may have written.</summary>
    internal static IEnumerable<string> RecordedFolders(Instance instance) =>
        RecordedWords.ReadPersist(instance.Config).Select(folder => folder.Source).Distinct();

    private static bool IsDisk(Instance instance, string folder) =>
        instance.Devices.Values.Any(device => device.GetValueOrDefault("type") == "disk" && !device.ContainsKey("pool") && device.GetValueOrDefault("source") == folder);

    private static bool IsPlain(string folder) =>
        folder.StartsWith('/') && !folder.Contains('\0') && folder.Split('/').Skip(1).All(part => part is not ("" or "." or ".."));

    /// <summary>What it is, for people: <c>volume default/data, folder /srv/web</c>.</summary>
    public override string ToString() =>
        string.Join(", ", Volumes.Select(volume => $"volume {volume}").Concat(Folders.Select(folder => $"folder {folder}")));
}

/// <summary>A custom volume.</summary>
/// <param name="Pool">The storage pool that it is in.</param>
/// <param name="Name">Its name.</param>
public sealed record InstanceVolume(string Pool, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Pool}/{Name}";
}

/// <summary>What became of a volume or folder that was to be deleted with its instance.</summary>
/// <param name="What">The volume or folder, for people.</param>
/// <param name="WhyKept">Why it is still there; null where it is deleted, or was gone already.</param>
public sealed record DataRemoval(string What, string? WhyKept);
