using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>What lies on a network and goes with it: forwards, load balancers, peers. Its id's scope is the network.</summary>
internal abstract class OnNetworkKind<T> : ConfiguredKind<T>
    where T : ConfiguredResource
{
    /// <summary>The types of network that can have one.</summary>
    protected abstract IReadOnlyList<string> NetworkTypes { get; }

    /// <summary>The API extension that it came with; null where every server has it.</summary>
    protected virtual string? Extension => null;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.networks", false);

    public override bool HasScope => true;

    public override bool IsKeptAsDefinition => true;

    public override string AdviceWhenTaken => "choose another, or delete that one";

    public override ResourceId? HolderOf(ResourceId id) => NetworkKind.IdOf(id.Scope!);

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if ((Extension is not null && !scope.Client.HasExtension(Extension)) || scope.ViewFor("features.networks", isDefault: false) is not { } view)
            return [];
        var networks = (await scope.NetworksAsync().ConfigureAwait(false)).Where(network => network.Managed && NetworkTypes.Contains(network.Type) && scope.Concerns(network));
        var lists = await Task.WhenAll(networks.Select(async network =>
            (await ListAsync(view, network.Name, cancellationToken).ConfigureAwait(false)).Select(resource => Describe(IdOf(network.Name, resource), resource)))).ConfigureAwait(false);
        return [.. lists.SelectMany(list => list)];
    }

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is { } found ? Describe(id, found.Value) : null;

    public sealed override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context) =>
        stack.Networks.TryGetValue(live.Id.Scope!, out var network)
            ? stack with { Networks = ExportContext.With(stack.Networks, network.Name, Export(network, live, context)) }
            : stack;

    /// <summary>The network with what of the resource would be written in a stack file.</summary>
    protected abstract NetworkDefinition Export(NetworkDefinition network, LiveResource live, ExportContext context);

    protected override ResourceId IdOf(T resource) => throw new NotSupportedException($"A {Name} does not say which network it is on.");

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, T resource) => [NetworkKind.IdOf(id.Scope!)];

    /// <summary>What is on one network.</summary>
    protected abstract Task<IReadOnlyList<T>> ListAsync(IncusClient client, string network, CancellationToken cancellationToken);

    protected abstract ResourceId IdOf(string network, T resource);

    protected sealed override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Networks.AloneAsync(id.Scope!, () => NetworkKind.TryAgainAsync(() => PostOneAsync(context, id, fields, cancellationToken), cancellationToken), cancellationToken);

    protected sealed override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Networks.AloneAsync(id.Scope!, () => NetworkKind.TryAgainAsync(() => RemoveOneAsync(context.Client, id, cancellationToken), cancellationToken), cancellationToken);

    public sealed override Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        context.Networks.AloneAsync(change.Id.Scope!, () => NetworkKind.TryAgainAsync(() => base.UpdateAsync(context, change, cancellationToken), cancellationToken), cancellationToken);

    protected abstract Task PostOneAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken);

    protected abstract Task RemoveOneAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken);

    /// <summary>The type that a network of the stack has: as the file says, or as it is where the file takes it as it is.</summary>
    protected static string? TypeOf(NetworkDefinition network, PlanningContext context) =>
        network.External ? (context.Server.Find(NetworkKind.IdOf(network.Name))?.Raw as Network)?.Type : network.Type;

    /// <summary>True where each member announces an address. Source: Incus internal/server/network/driver_ovn.go, ForwardCreate and LoadBalancerCreate.</summary>
    protected static bool IsAnnounced(ResourceId id, ServerObservation server) => server.Find(NetworkKind.IdOf(id.Scope!))?.Raw is Network { Type: "ovn" };

    /// <summary>False, with a problem reported, for a network that cannot have one.</summary>
    protected bool MayBeOn(NetworkDefinition network, string path, PlanningContext context)
    {
        if (TypeOf(network, context) is not { Length: > 0 } type || NetworkTypes.Contains(type))
            return true;
        context.Error("WrongNetworkType", path, $"{(type == "ovn" ? "an" : "a")} {type} network has no {Noun["network ".Length..]}s", $"only networks of type {string.Join(" or ", NetworkTypes)} have them");
        return false;
    }
}
