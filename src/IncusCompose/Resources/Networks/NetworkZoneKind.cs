using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources.Networks;

/// <summary>DNS zones. Source: Incus doc/howto/network_zones.md.</summary>
internal sealed class NetworkZoneKind : ConfiguredKind<NetworkZone>
{
    public const string KindName = "network-zone";

    /// <summary>The project feature that says whose zones there are.</summary>
    public const string Feature = "features.networks.zones";

    /// <summary>The keys of a network's configuration that name zones.</summary>
    public static readonly IReadOnlyList<string> NetworkKeys = ["dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"];

    private static readonly string[] s_words = ["zones", "reverse_ipv4", "reverse_ipv6"];

    public override string Name => KindName;

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => (NetworkZoneKind.Feature, false);

    // Each has a server of names to be told. Source: Incus internal/server/network/zone/zone.go, Update.
    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) => live is not null && desired is not null;

    public static ResourceId IdOf(string name) => new(KindName, name);

    /// <summary>The zones in a network's configuration.</summary>
    public static IEnumerable<ResourceId> In(IReadOnlyDictionary<string, string> config) =>
        NetworkKeys.SelectMany(key => NetworkText.Items(config.GetValueOrDefault(key))).Distinct().Select(IdOf);

    /// <summary>The zones in a network's configuration, each with its place in the file.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="path">The network's place.</param>
    public static IEnumerable<NamedResource> WordsIn(IReadOnlyDictionary<string, string> config, string path) =>
        NetworkKeys.Zip(s_words).SelectMany(pair => NetworkText.Items(config.GetValueOrDefault(pair.First))
            .Select(zone => new NamedResource(IdOf(zone), $"{path}.dns.{pair.Second}", $"{path}.config.{pair.First}")));

    /// <summary>The zones of all projects, which a network may name; null where it names none that was not seen, or where they are not told.</summary>
    /// <param name="client">The server.</param>
    /// <param name="stack">The stack.</param>
    /// <param name="server">What was seen in its project.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public static async Task<IReadOnlyCollection<string>?> ListElsewhereAsync(IncusClient client, StackDefinition stack, ServerObservation server, CancellationToken cancellationToken)
    {
        var named = stack.Networks.Values.Where(network => !network.External).SelectMany(network => In(network.Config));
        if (named.All(zone => stack.NetworkZones.ContainsKey(zone.Name) || server.Find(zone) is not null) || !client.HasExtension(NetworkZoneApi.AllProjectsExtension))
            return null;
        try
        {
            return (await client.NetworkZones.ListAllProjectsAsync(cancellationToken).ConfigureAwait(false)).Select(zone => zone.Name).ToHashSet(StringComparer.Ordinal);
        }
        catch (IncusForbiddenException)
        {
            return null;
        }
    }

    // Their names are one name space of the whole server, of which a restricted client sees a part.
    public override bool IsSeenInFull(PlanningContext context) => context.Zones is not null && context.IsUnrestricted;

    public override IReadOnlyCollection<string> NamesElsewhere(PlanningContext context) => context.Zones ?? [];

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
