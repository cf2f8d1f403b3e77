using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Loading.Keys;

/// <content>What an instance is called, and the names that it knows.</content>
internal static partial class ComposeWords
{
    private static ObjectShape<InstanceDefinition> AddNames(ObjectShape<InstanceDefinition> instance) => instance
        .Add("hostname", HostName, "What it calls itself; its name where the key is missing", (made, value) => made with { Hostname = value })
        .Add("dns", OneOrMore(CommonShapes.AnyAddress, "[10.20.0.53]"), "Name servers that it asks, instead of its networks' own", (made, value) => made with { Dns = value })
        .Add("dns_search", OneOrMore(Domain, "[shop.internal]"), "Domains that it looks for short names in; beside `dns`", (made, value) => made with { DnsSearch = value })
        .Add("dns_opt", OneOrMore(Scalars.Word("an option such as `ndots:2`"), "[\"ndots:2\"]"), "Options of its resolver; beside `dns`", (made, value) => made with { DnsOptions = value })
        .Add("extra_hosts", ExtraHosts(), "Names that it knows the addresses of", (made, value) => made with { ExtraHosts = value })
        .Add("container_name", Scalars.Word("a name such as `shop-web`"), "What it is called instead of its key", (made, value) => Say(made, words => words with { ContainerName = value }))
        .Add("mac_address", CommonShapes.MacAddress, "A fixed MAC address of its first interface", (made, value) => made with { MacAddress = value })
        .Add("network_mode", NetworkMode, "`none`: it is on no network; `bridge`: on those of its profiles; `host`: it has the host's own interfaces (applications of OCI images)", (made, value) => made with { NoNetwork = value == "none", HostNetwork = value == "host" })
        .Add("links", new ListShape<string>(Link, "[db]").As<IReadOnlyList<string>, IReadOnlyList<string>>(links => [.. links.Where(link => link is not null)]), "Instances that must have started before it, as `depends_on` has them", (made, value) => Say(made, words => words with { Links = value }))
        .Add("annotations", CommonShapes.Labels, "Kept on the instance as `user.annotation.NAME`", (made, value) => made.FillAll(value, "user.annotation."));

    /// <summary>A file of the resolver is a whole one: without name servers it is the network's, and no option is left to be written anywhere.</summary>
    private static InstanceDefinition FinishNames(InstanceDefinition instance, Problems say)
    {
        instance = FinishNamespaces(instance, say);
        if (instance.Dns.Count > 0 || instance.DnsOptions.Count == 0)
            return instance;
        say.Warning("IgnoredWord", "dns_opt", "`dns_opt` is passed over: it asks the name servers of its networks, as these say", "write `dns` as well");
        return instance with { DnsOptions = [] };
    }

    // Source: hostname(7).
    private static ScalarShape<string> HostName { get; } = new("a host name such as `web` or `web.example.org`", text =>
        text.Length <= 253 && HostLabels().IsMatch(text) ? new(text) : new("", "is no host name", "use letters, digits and dashes, with dots between the parts"))
    { ProblemId = "BadHostname", Pattern = "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$" };

    private static ScalarShape<string> Domain { get; } = new("a domain such as `shop.internal`", text =>
        text == "." || (text.Length <= 253 && DomainLabels().IsMatch(text)) ? new(text) : new("", "is no domain"))
    { ProblemId = "BadDomain", Pattern = "^[A-Za-z0-9._-]+$" };

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z")]
    private static partial Regex HostLabels();

    [GeneratedRegex(@"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?\z")]
    private static partial Regex DomainLabels();

    private static FormsShape<IReadOnlyList<ExtraHost>> ExtraHosts()
    {
        var item = new ScalarShape<ExtraHost>("a name and its address such as `db:10.20.0.5` or `db=fd42::5`", ParseExtraHost) { ProblemId = "BadHost", Pattern = "^[^:=]+[:=].+$" };
        var addresses = OneOrMore(HostAddress, "[10.20.0.5]");
        return new FormsShape<IReadOnlyList<ExtraHost>>
        {
            Sequence = new ListShape<ExtraHost>(item, "[\"db:10.20.0.5\"]").As<IReadOnlyList<ExtraHost>, IReadOnlyList<ExtraHost>>(hosts => [.. hosts.Where(host => (ExtraHost?)host is not null)]),
            Mapping = new MapShape<IReadOnlyList<ExtraHost>>(addresses.Named((name, list) => (IReadOnlyList<ExtraHost>)[.. list.Select(address => new ExtraHost(name, address))]), "db: 10.20.0.5")
                .As<IReadOnlyDictionary<string, IReadOnlyList<ExtraHost>>, IReadOnlyList<ExtraHost>>(hosts => [.. hosts.Values.SelectMany(list => list)])
                .Then<IReadOnlyList<ExtraHost>, IReadOnlyList<ExtraHost>>(KnownHosts),
        };
    }

    private static ScalarShape<string> HostAddress { get; } = new("an IP address such as `10.20.0.5`, or `host-gateway`", text =>
    {
        var address = text is ['[', .., ']'] ? text[1..^1] : text;
        return address == HostGateway.Word || CommonShapes.AnyAddress.Accepts(address) ? new(address) : new("", "is not an IP address");
    })
    { ProblemId = "BadAddress", Pattern = "^(host-gateway|\\[?[0-9A-Fa-f:.]+(%.*)?\\]?)$" };

    private static Parsed<ExtraHost> ParseExtraHost(string text)
    {
        var end = text.IndexOfAny([':', '=']);
        if (end <= 0 || end == text.Length - 1)
            return new(null!, "is not a name and an address", "write `name:address`");
        var (name, address) = (text[..end], text[(end + 1)..]);
        if (!HostName.Accepts(name))
            return new(null!, $"begins with what is no host name", "use letters, digits and dashes, with dots between the parts");
        if (!HostAddress.Accepts(address))
            return new(null!, "does not end in an IP address", "write `name:address`");
        return new(new ExtraHost(name, HostAddress.Read(address, "address")));
    }

    private static bool KnownHosts(IReadOnlyList<ExtraHost> hosts, DocumentNode node, Site site, BindingContext context, out IReadOnlyList<ExtraHost> value)
    {
        value = hosts;
        foreach (var entry in ((MappingNode)node).Entries.Where(entry => !HostName.Accepts(entry.Key.Value)))
            context.Error("BadHost", entry.Key, site.At(entry.Key.Value), $"{Diagnostics.Excerpts.Quote(entry.Key.Value)} is no host name", "use letters, digits and dashes, with dots between the parts");
        return true;
    }

    private static ScalarShape<string> NetworkMode { get; } = new("`none`, `bridge` or `host`", text => text switch
    {
        "none" or "host" => new(text),
        "bridge" or "default" => new("bridge"),
        _ when text.StartsWith("service:", StringComparison.Ordinal) || text.StartsWith("container:", StringComparison.Ordinal) =>
            new("", "is not there: every instance has network interfaces of its own", "write `networks` with a network that both are on, and the other one's name in place of `localhost`"),
        _ => new("", "is not known here", $"write `networks: [{text}]`"),
    })
    { ProblemId = "BadNetworkMode", Words = ["none", "bridge", "default", "host"] };

    private static ScalarShape<string> Link { get; } = new("an instance's name", text => text.Split(':') switch
    {
        [var name] when name.Length > 0 => new(name),
        [var name, var alias] when name == alias => new(name),
        [var name, var alias] => new("", $"gives `{name}` another name, `{alias}`, which its network does not know", $"write `{name}`, or call the instance `{alias}`"),
        _ => new("", "is no name of an instance"),
    })
    { ProblemId = "BadLink", Pattern = "^[^:]+(:[^:]+)?$" };
}
