using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources.Networks;

/// <summary>Records of DNS zones. Source: Incus doc/howto/network_zones.md.</summary>
internal sealed class NetworkZoneRecordKind : ConfiguredKind<NetworkZoneRecord>
{
    public const string KindName = "network-zone-record";

    private static readonly ItemList<NetworkZoneRecordEntry> Entries = new(
        "entries",
        () => new NetworkZoneRecordEntry(),
        // A value may hold anything, so it is one text with its type.
        [new("entry", entry => $"{entry.Type} {entry.Value}", (entry, text) => entry with { Type = text.Split(' ', 2)[0], Value = text.Split(' ', 2)[1] })],
        [new("ttl", entry => entry.Ttl.ToString(CultureInfo.InvariantCulture), (entry, text) => entry with { Ttl = long.Parse(text, CultureInfo.InvariantCulture) }, "0")]);

    public override string Name => KindName;

    public override bool HasScope => true;

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => (NetworkZoneKind.Feature, false);

    public static ResourceId IdOf(string zone, string name) => new(KindName, name, zone);

    public override ResourceId? HolderOf(ResourceId id) => NetworkZoneKind.IdOf(id.Scope!);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var zone in context.Stack.NetworkZones.Values)
        {
            foreach (var record in zone.Records.Values)
            {
                var path = $"network_zones.{zone.Name}.records.{record.Name}";
                context.Require("network_dns_records", path, "A record of a network zone");
                var properties = BagOf(record.Description, record.Config);
                foreach (var (entry, ttl) in Entries.ToProperties(record.Entries.Select(entry => new NetworkZoneRecordEntry { Type = entry.Type, Value = entry.Value, Ttl = entry.Ttl ?? 0 })))
                    properties.Add(entry, ttl);
                yield return new DesiredResource { Id = IdOf(zone.Name, record.Name), DefinitionPath = path, Properties = properties, DependsOn = [NetworkZoneKind.IdOf(zone.Name)] };
            }
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (!scope.Client.HasExtension("network_dns_records") || scope.ViewFor(NetworkZoneKind.Feature, isDefault: false) is not { } view)
            return [];
        var zones = await scope.ZonesAsync().ConfigureAwait(false);
        var lists = await Task.WhenAll(zones.Select(async zone =>
            (await view.NetworkZones.Records(zone.Name).ListAsync(cancellationToken).ConfigureAwait(false)).Select(record => Describe(IdOf(zone.Name, record.Name), record)))).ConfigureAwait(false);
        return [.. lists.SelectMany(list => list)];
    }

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is { } found ? Describe(id, found.Value) : null;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        if (!stack.NetworkZones.TryGetValue(live.Id.Scope!, out var zone))
            return stack;
        var record = new NetworkZoneRecordDefinition
        {
            Name = live.Id.Name,
            Description = ExportContext.Text(live),
            Entries = [.. ((NetworkZoneRecord)live.Raw).Entries.Select(entry => new NetworkZoneEntryDefinition(entry.Type, entry.Value, entry.Ttl == 0 ? null : (int)entry.Ttl))],
            Config = ExportContext.ConfigOf(this, live),
        };
        return stack with { NetworkZones = ExportContext.With(stack.NetworkZones, zone.Name, zone with { Records = ExportContext.With(zone.Records, record.Name, record) }) };
    }

    public override string AddressOf(LiveResource live) => $"/1.0/network-zones/{live.Id.Scope}/records/{live.Id.Name}";

    protected override ResourceId IdOf(NetworkZoneRecord resource) => throw new NotSupportedException("A record's object does not say which zone it is in.");

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, NetworkZoneRecord resource) => [NetworkZoneKind.IdOf(id.Scope!)];

    protected override ResourceFields FieldsOf(NetworkZoneRecord resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var (entry, ttl) in Entries.ToProperties(resource.Entries))
            fields.Set(entry, ttl);
        return fields;
    }

    protected override NetworkZoneRecord WithFields(NetworkZoneRecord resource, ResourceFields fields) =>
        base.WithFields(resource, fields) with { Entries = Entries.FromProperties(fields.Words, resource.Entries) };

    protected override Task<Versioned<NetworkZoneRecord>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.NetworkZones.Records(id.Scope!).FindAsync(id.Name, cancellationToken);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.NetworkZones.Records(id.Scope!).CreateAsync(WithFields(new NetworkZoneRecord { Name = id.Name }, fields), cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkZoneRecord> found, NetworkZoneRecord changed, CancellationToken cancellationToken) =>
        client.NetworkZones.Records(id.Scope!).UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.NetworkZones.Records(id.Scope!).DeleteAsync(id.Name, cancellationToken);
}
