using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Network ACLs and address sets.</summary>
internal static partial class NetworkAclShapes
{
    private static readonly ObjectShape<NetworkAclRuleDefinition> s_rule = Rule();

    /// <summary>A network ACL.</summary>
    public static ObjectShape<NetworkAclDefinition> Acl { get; } = new ObjectShape<NetworkAclDefinition>(name => new NetworkAclDefinition { Name = name })
        .Add("description", Scalars.Text, "Free text for people", (acl, value) => acl with { Description = value })
        .Add("ingress", new ListShape<NetworkAclRuleDefinition>(s_rule, "[{action: allow, protocol: tcp, destination_port: 80}]"), "Rules for what comes in; their order means nothing", (acl, value) => acl with { Ingress = value })
        .Add("egress", new ListShape<NetworkAclRuleDefinition>(s_rule, "[{action: reject, destination: 192.0.2.0/24}]"), "Rules for what goes out; their order means nothing", (acl, value) => acl with { Egress = value })
        .Add("config", CommonShapes.Config("user.owner: web"), "Raw Incus ACL configuration; Incus takes `user.*` keys", (acl, value) => acl with { Config = value })
        .Add("external", Scalars.Boolean, "Whether the ACL must exist and is never changed", (acl, value) => acl with { External = value })
        .Foreign("rules", "write `ingress` for what comes in and `egress` for what goes out");

    /// <summary>A network address set.</summary>
    public static FormsShape<NetworkAddressSetDefinition> AddressSet { get; } = MakeAddressSet();

    private static ObjectShape<NetworkAclRuleDefinition> Rule()
    {
        var subjects = ListShapes.Of(new ScalarShape<string>("an address, a subnet, a range or a name such as `10.20.0.0/24`, `10.20.0.10-10.20.0.20`, `@internal` or `web`", ParseSubject) { ProblemId = "BadSubject", Pattern = "^[^\\s,]+$" }, "[10.20.0.0/24, \"@internal\"]");
        var number = Scalars.Number("a number such as `8`", 0, 255).As(value => value.ToString(CultureInfo.InvariantCulture));
        return new ObjectShape<NetworkAclRuleDefinition>(_ => new NetworkAclRuleDefinition())
            .Add("action", Scalars.Choice(("allow", "allow"), ("allow-stateless", "allow-stateless"), ("reject", "reject"), ("drop", "drop")), "What becomes of what the rule speaks of; `drop` counts more than `reject`, and that more than `allow`", (rule, value) => rule with { Action = value }, required: true)
            .Add("source", subjects, "Where it comes from: addresses, subnets, ranges, `$NAME` of an address set; for ingress also names of ACLs, `@internal`, `@external` and `@NETWORK/PEER` (ovn networks)", (rule, value) => rule with { Source = value })
            .Add("destination", subjects, "Where it goes to, as `source`; names for egress", (rule, value) => rule with { Destination = value })
            .Add("protocol", Scalars.Choice(("tcp", "tcp"), ("udp", "udp"), ("icmp4", "icmp4"), ("icmp6", "icmp6")), "The protocol; any where the key is missing", (rule, value) => rule with { Protocol = value })
            .Add("source_port", ListShapes.Ports, "Source ports and ranges, for `tcp` and `udp`", (rule, value) => rule with { SourcePort = value })
            .Add("destination_port", ListShapes.Ports, "Destination ports and ranges, for `tcp` and `udp`", (rule, value) => rule with { DestinationPort = value })
            .Add("icmp_type", number, "The type of ICMP message, for `icmp4` and `icmp6`", (rule, value) => rule with { IcmpType = value })
            .Add("icmp_code", number, "The code of ICMP message, for `icmp4` and `icmp6`", (rule, value) => rule with { IcmpCode = value })
            .Add("state", Scalars.Choice(("enabled", "enabled"), ("disabled", "disabled"), ("logged", "logged")), "`enabled` (the default), `logged` as well, or `disabled`", (rule, value) => rule with { State = value })
            .Add("description", Scalars.Text, "Free text for people", (rule, value) => rule with { Description = value })
            .Foreign("port", "write `destination_port`")
            .Foreign("ports", "write `destination_port`")
            .Foreign("from", "write `source`")
            .Foreign("to", "write `destination`");
    }

    private static FormsShape<NetworkAddressSetDefinition> MakeAddressSet()
    {
        var addresses = ListShapes.Texts(
            new ScalarShape<string>("an address or a subnet such as `10.20.0.10` or `10.20.0.0/24`", text => Addresses.TryParse(text, out _) || IsSubnet(text) ? new(text) : new("", "is neither an address nor a subnet")) { ProblemId = "BadSetAddress", Pattern = "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$" },
            "[10.20.0.10, 10.30.0.0/24]");
        return new()
        {
            Scalar = addresses.Scalar!.Named((name, value) => new NetworkAddressSetDefinition { Name = name, Addresses = value }),
            Sequence = addresses.Sequence!.Named((name, value) => new NetworkAddressSetDefinition { Name = name, Addresses = value }),
            Mapping = new ObjectShape<NetworkAddressSetDefinition>(name => new NetworkAddressSetDefinition { Name = name })
                .Add("addresses", addresses, "Addresses and subnets; their order means nothing", (set, value) => set with { Addresses = value })
                .Add("description", Scalars.Text, "Free text for people", (set, value) => set with { Description = value })
                .Add("config", CommonShapes.Config("user.owner: web"), "Raw Incus address set configuration; Incus takes `user.*` keys", (set, value) => set with { Config = value })
                .Add("external", Scalars.Boolean, "Whether the set must exist and is never changed", (set, value) => set with { External = value }),
        };
    }

    // What a name stands for is known only to the whole file and the server.
    private static Parsed<string> ParseSubject(string text) =>
        Addresses.TryParse(text, out _) || IsSubnet(text) || IsRange(text) || Name().IsMatch(text)
            ? new(text)
            : new("", "is neither an address nor a subnet, a range or a name");

    private static bool IsSubnet(string text) => Cidr.TryParse(text, AddressFamily.InterNetwork, out _) || Cidr.TryParse(text, AddressFamily.InterNetworkV6, out _);

    private static bool IsRange(string text) =>
        text.Split('-') is [var first, var last] && Addresses.TryParse(first, out var from) && Addresses.TryParse(last, out var to) && from.AddressFamily == to.AddressFamily;

    [GeneratedRegex(@"^([@#][^\s,/]+(/[^\s,/]+)?|\$[^\s,/]+|[A-Za-z][A-Za-z0-9-]*)\z")]
    private static partial Regex Name();
}
