using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Volumes whose move to another pool nobody saw to its end: the server goes on with it when whoever asked for it is gone, and
/// they bear the mark of where they were. Where the file has such a volume it is the stack's: of the one that the mark was
/// written for nothing is left, and there is no second one that could be it. Nothing else is done to them, since they may be
/// copies: what takes volumes away leaves them alone.
/// </summary>
internal static class StrayedVolumes
{
    /// <summary>What was looked at, with such volumes known as the stack's.</summary>
    public static ServerObservation SeenBy(StackDefinition stack, string project, ServerObservation server)
    {
        if (stack.Volumes.Count == 0)
            return server;
        var there = server.OfKind(VolumeKind.KindName).Select(live => live.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        return server.Knowing(server.OfKind(VolumeKind.KindName)
            .Where(live => stack.Volumes.GetValueOrDefault(live.Id.Name) is { External: false }
                && RenamedResources.NameIn(live, stack.Name, project) is { } before && !there.Contains(before) && IsOfAnotherPool(before, live.Id.Name))
            .GroupBy(live => live.Id.Name)
            .Where(same => same.Count() == 1)
            .Select(same => same.Single())
            .Where(live => ((StorageVolume)live.Raw).ContentType != "iso" && MarkIn(live)!.Key == $"volumes.{live.Id.Name}")
            .ToDictionary(live => live.Id, live => live with { Mark = MarkIn(live) }));
    }

    /// <summary>True where a volume is the stack's by the mark of the pool that it was in.</summary>
    public static bool Is(LiveResource live) => live is { Mark: not null, Raw: StorageVolume volume } && OwnershipMark.Read(live.Id, volume.Config) is null;

    /// <summary>What a volume is now, known as the stack's where it still bears the mark that it was planned with.</summary>
    public static LiveResource? Known(LiveResource? now, LiveResource? planned) =>
        now is { Mark: null } && planned is not null && Is(planned) && PlaceIn(now) == PlaceIn(planned) ? now with { Mark = MarkIn(now) } : now;

    private static bool IsOfAnotherPool(string resource, string name) =>
        resource.Split('/') is [VolumeKind.KindName, _, var other] && other == name;

    private static OwnershipMark? MarkIn(LiveResource live) => OwnershipMark.Read(((StorageVolume)live.Raw).Config);

    private static string? PlaceIn(LiveResource live) => OwnershipMark.ResourceIn(((StorageVolume)live.Raw).Config);
}
