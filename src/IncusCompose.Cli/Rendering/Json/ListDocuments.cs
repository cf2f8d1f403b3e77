using Incus.Client;
using IncusCompose.Files;
using IncusCompose.Instances;
using IncusCompose.Operating;
using IncusCompose.Resources;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>One stack, as <c>ls --json</c> lists it; <c>statuses</c> counts its instances by status.</summary>
internal sealed record StackDocument(
    string Name,
    string Project,
    IReadOnlyDictionary<string, int> Statuses,
    IReadOnlyList<string> Instances,
    IReadOnlyList<string> Networks,
    IReadOnlyList<string> Volumes)
{
    public static StackDocument From(StackSummary stack) => new(
        stack.Name,
        stack.Project,
        stack.Resources
            .Where(resource => resource.Kind == "instance")
            .GroupBy(resource => resource.Status.ToLowerInvariant())
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count()),
        stack.Instances,
        stack.Networks,
        stack.Volumes);
}

/// <summary>What one instance was made from, as <c>images --json</c> lists it; the size is missing where the image is gone.</summary>
internal sealed record ImageDocument(string Instance, string? Image, string? Fingerprint, long? Size)
{
    public static ImageDocument From(Instance instance, IReadOnlyDictionary<string, Image> known)
    {
        var fingerprint = instance.Config.GetValueOrDefault("volatile.base_image");
        return new ImageDocument(
            instance.Name, InstanceFacts.ImageOf(instance), fingerprint,
            fingerprint is not null && known.TryGetValue(fingerprint, out var image) ? image.Size : null);
    }
}

/// <summary>One volume, as <c>volumes --json</c> lists it; the size is missing where it has no limit.</summary>
internal sealed record VolumeDocument(string Name, string Pool, string? Size, IReadOnlyList<string> UsedBy)
{
    public static VolumeDocument From(ResourceId id, StorageVolume volume) => new(
        id.Name, id.Scope!, volume.Config.GetValueOrDefault("size"),
        [.. volume.UsedBy.Where(address => address.StartsWith("/1.0/instances/", StringComparison.Ordinal))
            .Select(address => Uri.UnescapeDataString(address.Split('?')[0]["/1.0/instances/".Length..]))]);
}

/// <summary>One published port, as <c>port --json</c> lists it.</summary>
internal sealed record PortDocument(int Port, string Protocol, string Host)
{
    public static PortDocument From(PublishedPort port) => new(port.Port, port.Protocol, port.HostAddress);
}

/// <summary>What <c>cp --json</c> copied, one object for each instance.</summary>
internal sealed record FileCopyDocument(string Instance, int Files, int Directories, int Links, long Bytes, IReadOnlyList<string> Notes)
{
    public static FileCopyDocument From(string instance, FileCopyResult result) =>
        new(instance, result.Files, result.Directories, result.Links, result.Bytes, result.Notes);
}

/// <summary>One process, as <c>top --json</c> lists it.</summary>
internal sealed record ProcessDocument(string Instance, string Pid, string ParentPid, string User, string? Time, string Command)
{
    public static ProcessDocument From(string instance, InstanceProcess process) =>
        new(instance, process.Pid, process.ParentPid, process.User, process.Time, process.Command);
}

/// <summary>One line of <c>events --json</c>.</summary>
internal sealed record StackEventDocument(DateTimeOffset Time, string Instance, string Action)
{
    public static StackEventDocument From(StackEvent happened) => new(happened.Time, happened.Instance, happened.Action);
}
