using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>DNS zones and network integrations.</summary>
internal static class NetworkZoneShapes
{
    /// <summary>A DNS zone.</summary>
    public static ObjectShape<NetworkZoneDefinition> Zone { get; } = new ObjectShape<NetworkZoneDefinition>(name => new NetworkZoneDefinition { Name = name })
        .Add("description", Scalars.Text, "Free text for people", (zone, value) => zone with { Description = value })
        .Add("nameservers", ListShapes.Of(Scalars.Word("a name server's name such as `ns1.example.net`"), "[ns1.example.net]"), "Names of the zone's name servers", (zone, value) => zone with { Config = zone.Config.Fill("dns.nameservers", value) })
        .Add("nat", Scalars.Boolean, "Whether addresses behind NAT are in the zone too; `true` by default", (zone, value) => zone with { Config = zone.Config.Fill("network.nat", value ? "true" : "false") })
        .Add("records", new MapShape<NetworkZoneRecordDefinition>(Record(), "www: [A 192.0.2.10]"), "Records beside those of the instances, by name; `@` is the zone itself", (zone, value) => zone with { Records = value })
        .Add("config", CommonShapes.Config("peers.ns1.address: 192.0.2.53"), "Raw Incus zone configuration; wins over the words above", (zone, value) => zone with { Config = zone.Config.Override(value) })
        .Add("external", Scalars.Boolean, "Whether the zone must exist and is never changed; `records` are the stack's all the same", (zone, value) => zone with { External = value });

    /// <summary>A network integration.</summary>
    public static ObjectShape<NetworkIntegrationDefinition> Integration { get; } = new ObjectShape<NetworkIntegrationDefinition>(name => new NetworkIntegrationDefinition { Name = name })
        .Add("type", Scalars.Choice(("ovn", "ovn")), "Incus's type of integration; there is only `ovn`", (integration, value) => integration with { Type = value })
        .Add("description", Scalars.Text, "Free text for people", (integration, value) => integration with { Description = value })
        .Add("config", CommonShapes.Config("ovn.northbound_connection: tcp:192.0.2.1:6645"), "Raw Incus integration configuration", (integration, value) => integration with { Config = value })
        .Add("external", Scalars.Boolean, "Whether the integration must exist and is never changed", (integration, value) => integration with { External = value });

    private static FormsShape<NetworkZoneRecordDefinition> Record()
    {
        var type = Scalars.Word("a DNS type such as `A`").As(value => value.ToUpperInvariant());
        var entry = new FormsShape<NetworkZoneEntryDefinition>
        {
            Scalar = new ScalarShape<NetworkZoneEntryDefinition>("a type and a value such as `A 192.0.2.10`", text => text.Trim().Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, { Length: > 0 } value]
                ? new(new NetworkZoneEntryDefinition(first.ToUpperInvariant(), value))
                : new(new NetworkZoneEntryDefinition("", ""), "is not a type and a value")) { Pattern = "\\S\\s+\\S" },
            Mapping = new ObjectShape<NetworkZoneEntryDefinition>(_ => new NetworkZoneEntryDefinition("", ""))
                .Add("type", type, "DNS type: `A`, `AAAA`, `CNAME`, `TXT`, …", (item, value) => item with { Type = value }, required: true)
                .Add("value", Scalars.Word("a value as in a zone file"), "The value, as in a zone file", (item, value) => item with { Value = value }, required: true)
                .Add("ttl", Scalars.Number("a number of seconds such as `3600`", 1, int.MaxValue), "How long it may be kept, in seconds; 300 by default", (item, value) => item with { Ttl = value }),
        };
        var entries = new ListShape<NetworkZoneEntryDefinition>(entry, "[A 192.0.2.10]");
        return new()
        {
            Sequence = entries.Named((name, value) => new NetworkZoneRecordDefinition { Name = name, Entries = value }),
            Mapping = new ObjectShape<NetworkZoneRecordDefinition>(name => new NetworkZoneRecordDefinition { Name = name })
                .Add("entries", entries, "The entries; their order means nothing", (record, value) => record with { Entries = value })
                .Add("description", Scalars.Text, "Free text for people", (record, value) => record with { Description = value })
                .Add("config", CommonShapes.Config("user.owner: web"), "Raw Incus record configuration; Incus takes `user.*` keys", (record, value) => record with { Config = value }),
        };
    }
}
