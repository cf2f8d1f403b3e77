using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>Peers of OVN networks. Source: Incus doc/howto/network_ovn_peers.md.</summary>
internal sealed class NetworkPeerKind : OnNetworkKind<NetworkPeer>
{
    public const string KindName = "network-peer";

    private const string TargetProject = "target_project";
    private const string TargetNetwork = "target_network";
    private const string TargetIntegration = "target_integration";
    private const string Local = "local";
    private const string Remote = "remote";

    public override string Name => KindName;

    protected override IReadOnlyList<string> NetworkTypes => ["ovn"];

    public static ResourceId IdOf(string network, string name) => new(KindName, name, network);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var network in context.Stack.Networks.Values)
        {
            foreach (var peer in network.Peers.Values)
            {
                var path = $"networks.{network.Name}.peers.{peer.Name}";
                if (!MayBeOn(network, path, context))
                    break;
                var properties = BagOf(peer.Description, peer.Config);
                var uses = new List<ResourceId> { NetworkKind.IdOf(network.Name) };
                if (peer.TargetIntegration is { } integration)
                {
                    context.Require("network_integrations", path, "A peer through an integration");
                    properties.Add(PropertyPath.Type, Remote);
                    properties.Add(TargetIntegration, integration);
                    uses.Add(NetworkIntegrationKind.IdOf(integration));
                }
                else if (peer.TargetNetwork is { } target)
                {
                    properties.Add(PropertyPath.Type, Local);
                    properties.Add(TargetNetwork, target);
                    properties.Add(TargetProject, peer.TargetProject ?? context.Project);
                    if (peer.TargetProject is null || peer.TargetProject == context.Project)
                        uses.Add(NetworkKind.IdOf(target));
                }

                yield return new DesiredResource
                {
                    Id = IdOf(network.Name, peer.Name), DefinitionPath = path, Properties = properties, DependsOn = [.. uses.Distinct()],
                    // Another network need not be there yet: the peer waits for it.
                    Names = peer.TargetIntegration is { } through ? [new NamedResource(NetworkIntegrationKind.IdOf(through), $"{path}.target_integration", path)] : [],
                };
            }
        }
    }

    public override void Translate(ResourceFields fields, Func<ResourceId, string?> names)
    {
        if (fields.Words.TryGetValue(TargetNetwork, out var network))
            fields.Words[TargetNetwork] = names(NetworkKind.IdOf(network)) ?? network;
        if (fields.Words.TryGetValue(TargetIntegration, out var integration))
            fields.Words[TargetIntegration] = names(NetworkIntegrationKind.IdOf(integration)) ?? integration;
    }

    // What a peer leads to is said when it is made.
    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        path is PropertyPath.Type or TargetProject or TargetNetwork or TargetIntegration ? ChangeImpact.Replace : ChangeImpact.Live;

    public override string? ReplacementRefusal(LiveResource live, PlanOptions options) => Users.Refusal(((NetworkPeer)live.Raw).UsedBy);

    public override string AddressOf(LiveResource live) => $"/1.0/networks/{live.Id.Scope}/peers/{live.Id.Name}";

    protected override NetworkDefinition Export(NetworkDefinition network, LiveResource live, ExportContext context)
    {
        var raw = (NetworkPeer)live.Raw;
        var integration = ExportContext.Word(raw.TargetIntegration);
        var peer = new NetworkPeerDefinition
        {
            Name = live.Id.Name,
            Description = ExportContext.Text(live),
            TargetIntegration = integration,
            TargetNetwork = integration is null ? ExportContext.Word(raw.TargetNetwork) : null,
            TargetProject = integration is null && raw.TargetProject != context.Project ? ExportContext.Word(raw.TargetProject) : null,
            Config = ExportContext.ConfigOf(this, live),
        };
        return network with { Peers = ExportContext.With(network.Peers, peer.Name, peer) };
    }

    protected override ResourceId IdOf(string network, NetworkPeer resource) => IdOf(network, resource.Name);

    protected override async Task<IReadOnlyList<NetworkPeer>> ListAsync(IncusClient client, string network, CancellationToken cancellationToken) =>
        await client.Networks.Peers(network).ListAsync(cancellationToken).ConfigureAwait(false);

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, NetworkPeer resource) =>
    [
        .. base.UsesOf(id, resource),
        .. string.IsNullOrEmpty(resource.TargetIntegration) ? Enumerable.Empty<ResourceId>() : [NetworkIntegrationKind.IdOf(resource.TargetIntegration)],
    ];

    protected override ResourceFields FieldsOf(NetworkPeer resource)
    {
        var fields = base.FieldsOf(resource);
        // Servers without integrations know one type only.
        fields.Set(PropertyPath.Type, string.IsNullOrEmpty(resource.Type) ? Local : resource.Type);
        foreach (var (word, value) in new[] { (TargetProject, resource.TargetProject), (TargetNetwork, resource.TargetNetwork), (TargetIntegration, resource.TargetIntegration) })
            fields.Set(word, string.IsNullOrEmpty(value) ? null : value);
        return fields;
    }

    protected override Task<Versioned<NetworkPeer>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Networks.Peers(id.Scope!).FindAsync(id.Name, cancellationToken);

    protected override Task PostOneAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.Networks.Peers(id.Scope!).CreateAsync(
            new NetworkPeer
            {
                Name = id.Name,
                Description = fields.Word(PropertyPath.Description),
                Config = fields.Config,
                Type = context.Client.HasExtension("network_integrations") ? fields.Word(PropertyPath.Type) : null,
                TargetProject = fields.Words.GetValueOrDefault(TargetProject),
                TargetNetwork = fields.Words.GetValueOrDefault(TargetNetwork),
                TargetIntegration = fields.Words.GetValueOrDefault(TargetIntegration),
            },
            cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkPeer> found, NetworkPeer changed, CancellationToken cancellationToken) =>
        client.Networks.Peers(id.Scope!).UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveOneAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Networks.Peers(id.Scope!).DeleteAsync(id.Name, cancellationToken);
}
