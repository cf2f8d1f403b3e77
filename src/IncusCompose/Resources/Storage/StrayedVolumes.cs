using Incus.Client;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Volumes whose move to another pool nobody saw to its end: the server goes on with it when whoever asked for it is gone, and
/// they bear the mark of where they were. They are the stack's all the same: of the one that the mark was written for nothing is
/// left, and there is no second one that could be it.
/// </summary>
internal static class StrayedVolumes
{
    /// <summary>What was looked at, with such volumes known as the stack's.</summary>
    public static IReadOnlyDictionary<ResourceId, LiveResource> Of(ServerObservation server, string stack, string project)
    {
        var there = server.OfKind(VolumeKind.KindName).Select(live => live.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        return server.OfKind(VolumeKind.KindName)
            .Where(live => RenamedResources.NameIn(live, stack, project) is { } before && !there.Contains(before)
                && before.StartsWith($"{VolumeKind.KindName}/", StringComparison.Ordinal) && before.EndsWith($"/{live.Id.Name}", StringComparison.Ordinal)
                && before.Split('/').Length == 3)
            .GroupBy(live => live.Id.Name)
            .Where(same => same.Count() == 1)
            .Select(same => same.Single() with { Mark = MarkIn(same.Single()) })
            .Where(live => live.Mark!.Key == $"volumes.{live.Id.Name}")
            .ToDictionary(live => live.Id);
    }

    /// <summary>True where a volume is the stack's by the mark of the pool that it was in.</summary>
    public static bool Is(LiveResource live) => live is { Mark: not null, Raw: StorageVolume volume } && OwnershipMark.Read(live.Id, volume.Config) is null;

    /// <summary>What a volume is now, known as the stack's where it still bears the mark that it was planned with.</summary>
    public static LiveResource? Known(LiveResource? now, LiveResource? planned) =>
        now is { Mark: null } && planned is not null && Is(planned) && PlaceIn(now) == PlaceIn(planned) ? now with { Mark = MarkIn(now) } : now;

    private static OwnershipMark? MarkIn(LiveResource live) => OwnershipMark.Read(((StorageVolume)live.Raw).Config);

    private static string? PlaceIn(LiveResource live) => OwnershipMark.ResourceIn(((StorageVolume)live.Raw).Config);
}
