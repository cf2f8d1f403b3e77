using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources.Networks;

/// <summary>Network address sets. Source: Incus doc/howto/network_address_sets.md.</summary>
internal sealed class NetworkAddressSetKind : ConfiguredKind<NetworkAddressSet>
{
    public const string KindName = "network-address-set";

    private const string Extension = "network_address_set";

    // Each is known by itself, and there is nothing else to it.
    private static readonly ItemList<string> Addresses = new("addresses", () => "", [new("address", NetworkText.Address, (_, text) => text)], []);

    public override string Name => KindName;

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.networks", false);

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var set in context.Stack.NetworkAddressSets.Values)
        {
            var path = $"network_address_sets.{set.Name}";
            context.Require(Extension, path, "A network address set");
            // The server takes blanks off the ends of values. Source: Incus shared/api/network_address_set.go, Normalise.
            var properties = BagOf(set.Description, set.Config.ToDictionary(entry => entry.Key, entry => entry.Value.Trim()));
            foreach (var (address, value) in Addresses.ToProperties(set.Addresses))
                properties.Add(address, value);
            yield return new DesiredResource { Id = IdOf(set.Name), DefinitionPath = path, External = set.External, Properties = properties };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.Client.HasExtension(Extension) && scope.ViewFor("features.networks", isDefault: false) is { } view
            ? [.. (await view.NetworkAddressSets.ListAsync(cancellationToken).ConfigureAwait(false)).Select(set => Describe(IdOf(set), set))]
            : [];

    public override bool IsSeenInFull(PlanningContext context) => context.SeesAllOf("features.networks");

    // Source: Incus internal/server/network/address-set/driver_common.go, Update.
    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) =>
        live is not null && desired is not null && BridgeUsers.Has(live, server, withInterfaces: true);

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((NetworkAddressSet)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var set = new NetworkAddressSetDefinition { Name = live.Id.Name, External = context.IsExternal(live) };
        return stack with
        {
            NetworkAddressSets = ExportContext.With(stack.NetworkAddressSets, set.Name, set.External ? set : set with
            {
                Description = ExportContext.Text(live),
                Addresses = ((NetworkAddressSet)live.Raw).Addresses,
                Config = ExportContext.ConfigOf(this, live),
            }),
        };
    }

    protected override ResourceId IdOf(NetworkAddressSet resource) => IdOf(resource.Name);

    protected override ResourceFields FieldsOf(NetworkAddressSet resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var (address, value) in Addresses.ToProperties(resource.Addresses))
            fields.Set(address, value);
        return fields;
    }

    protected override NetworkAddressSet WithFields(NetworkAddressSet resource, ResourceFields fields) =>
        base.WithFields(resource, fields) with { Addresses = Addresses.FromProperties(fields.Words, resource.Addresses) };

    protected override Task<Versioned<NetworkAddressSet>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.NetworkAddressSets.FindAsync(id.Name, cancellationToken);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.NetworkAddressSets.CreateAsync(WithFields(new NetworkAddressSet { Name = id.Name }, fields), cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkAddressSet> found, NetworkAddressSet changed, CancellationToken cancellationToken) =>
        NetworkKind.TryAgainAsync(() => client.NetworkAddressSets.UpdateAsync(id.Name, changed, found.ETag, cancellationToken), cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.NetworkAddressSets.DeleteAsync(id.Name, cancellationToken);
}
