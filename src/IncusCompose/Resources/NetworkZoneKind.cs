using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources;

/// <summary>DNS zones. Source: Incus doc/howto/network_zones.md.</summary>
internal sealed class NetworkZoneKind : ConfiguredKind<NetworkZone>
{
    public const string KindName = "network-zone";

    /// <summary>The project feature that says whose zones there are.</summary>
    public const string Feature = "features.networks.zones";

    /// <summary>The keys of a network's configuration that name zones.</summary>
    public static readonly IReadOnlyList<string> NetworkKeys = ["dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"];

    public override string Name => KindName;

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => (NetworkZoneKind.Feature, false);

    // Each has a server of names to be told. Source: Incus internal/server/network/zone/zone.go, Update.
    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) => live is not null && desired is not null;

    public static ResourceId IdOf(string name) => new(KindName, name);

    /// <summary>The zones in a network's configuration.</summary>
    public static IEnumerable<ResourceId> In(IReadOnlyDictionary<string, string> config) =>
        NetworkKeys.SelectMany(key => NetworkText.Items(config.GetValueOrDefault(key))).Distinct().Select(IdOf);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var zone in context.Stack.NetworkZones.Values)
        {
            yield return new DesiredResource
            {
                Id = IdOf(zone.Name),
                DefinitionPath = $"network_zones.{zone.Name}",
                External = zone.External,
                Properties = BagOf(zone.Description, zone.Config),
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        [.. (await scope.ZonesAsync().ConfigureAwait(false)).Select(zone => Describe(IdOf(zone), zone))];

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((NetworkZone)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var zone = new NetworkZoneDefinition { Name = live.Id.Name, External = context.IsExternal(live) };
        return stack with
        {
            NetworkZones = ExportContext.With(stack.NetworkZones, zone.Name, zone.External ? zone : zone with
            {
                Description = ExportContext.Text(live),
                Config = ExportContext.ConfigOf(this, live),
            }),
        };
    }

    protected override ResourceId IdOf(NetworkZone resource) => IdOf(resource.Name);

    protected override Task<Versioned<NetworkZone>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.NetworkZones.FindAsync(id.Name, cancellationToken);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.NetworkZones.CreateAsync(new NetworkZone { Name = id.Name, Description = fields.Word(PropertyPath.Description), Config = fields.Config }, cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkZone> found, NetworkZone changed, CancellationToken cancellationToken) =>
        client.NetworkZones.UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.NetworkZones.DeleteAsync(id.Name, cancellationToken);
}
