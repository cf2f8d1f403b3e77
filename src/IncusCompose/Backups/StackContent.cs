using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>What a stack is made of on a server, by its marks. Images are not its own: what was made from them needs them no more.</summary>
internal static class StackContent
{
    /// <summary>The stack's resources, what others stand on first.</summary>
    /// <exception cref="IncusNotFoundException">There is nothing of such a stack.</exception>
    public static async Task<IReadOnlyList<LiveResource>> ReadAsync(IncusClient client, string stack, CancellationToken cancellationToken)
    {
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        var own = InOrder(server.Resources.Where(live => live.Id.Kind != ImageKind.KindName && !ResourceKinds.Of(live.Id).IsOfServer && live.Mark?.BelongsTo(stack, client.Project) == true));
        return own.Count > 0
            ? own
            : throw new IncusNotFoundException($"There is nothing of a stack \"{stack}\" in project {client.Project} on {client.Name}", "Name a stack that is there, or its project");
    }

    /// <summary>True for kinds that hold data of their own, which is copied; all others are made from their definition.</summary>
    public static bool HasData(ResourceId id) => id.Kind is InstanceKind.KindName or VolumeKind.KindName;

    public static IReadOnlyList<LiveResource> InOrder(IEnumerable<LiveResource> resources) =>
        [.. resources.OrderBy(live => ResourceKinds.RankOf(live.Id)).ThenBy(live => live.Id.ToString(), StringComparer.Ordinal)];
}
