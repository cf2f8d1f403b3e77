using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Planning;

/// <summary>Looks at a server once: one list for each collection, all at the same time.</summary>
internal static class StackObserver
{
    /// <param name="client">The project's view of the server.</param>
    /// <param name="missingProject">The configuration of a project that the stack has yet to make; null where the project exists.</param>
    /// <param name="pools">The storage pools that the stack names.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static Task<ServerObservation> ObserveAsync(
        IncusClient client, IReadOnlyDictionary<string, string>? missingProject, IEnumerable<string> pools, CancellationToken cancellationToken) =>
        ObserveAsync(() => new ObserveScope(client, missingProject, pools, cancellationToken), cancellationToken);

    /// <summary>Looks at what a plan is made from: once no volume is being moved to another pool.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="missingProject">The configuration of a project that the stack has yet to make; null where the project exists.</param>
    /// <param name="stack">The stack; null where it is taken down.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static Task<ServerObservation> ObserveToPlanAsync(
        IncusClient client, IReadOnlyDictionary<string, string>? missingProject, StackDefinition? stack, CancellationToken cancellationToken) =>
        MovesUnderWay.LookBesideAsync(
            missingProject is null ? client : client.ForProject("default"),
            () => stack is null ? ObserveAsync(client, missingProject, pools: [], cancellationToken) : ObserveAsync(() => ObserveScope.Of(stack, client, missingProject, cancellationToken), cancellationToken),
            cancellationToken);

    /// <summary>Looks at all there is of what anybody made, to write it down.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static Task<ServerObservation> ObserveInFullAsync(IncusClient client, CancellationToken cancellationToken) =>
        ObserveAsync(() => new ObserveScope(client, projectFeatures: null, pools: [], cancellationToken) { InFull = null }, cancellationToken);

    private static Task<ServerObservation> ObserveAsync(Func<ObserveScope> begin, CancellationToken cancellationToken) => ObserveScope.LookAsync(begin, async scope =>
    {
        var offline = SilentMembers.ListAsync(scope.Client, cancellationToken);
        var lists = await Task.WhenAll(ResourceKinds.All.Select(kind => kind.ListAsync(scope, cancellationToken))).ConfigureAwait(false);
        // One that has just fallen silent still counts as online.
        var silent = lists.SelectMany(list => list).SelectMany(live => live.Raw switch
        {
            StoragePool pool => pool.SilentMembers,
            Network network => network.SilentMembers,
            _ => ResourceKinds.Of(live.Id).SilentMemberOf(live) is { } member ? [member] : [],
        });
        return new ServerObservation(lists.SelectMany(list => list), await scope.ImagesAsync().ConfigureAwait(false))
        {
            SilentMembers = [.. (await offline.ConfigureAwait(false)).Union(silent).Order(StringComparer.Ordinal)],
        };
    });
}
