using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading.Dialects;

/// <summary>A service of a compose file as an instance.</summary>
/// <param name="report">Where problems go.</param>
internal sealed partial class ComposeService(Action<Diagnostic> report)
{
    /// <summary>Words of a service's network that Incus has no counterpart for, and why it is as good without.</summary>
    private static readonly Dictionary<string, string> s_passedOfNetwork = new(StringComparer.Ordinal)
    {
        ["priority"] = "interfaces are connected in the order of the file",
        ["gw_priority"] = "the way out leads over the first interface that has one",
        ["link_local_ips"] = "addresses are the network's to give",
        ["driver_opts"] = "they are docker's own",
    };

    /// <summary>Runs a command in a folder, which comes first.</summary>
    private static readonly string[] s_inFolder = ["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"];

    /// <summary>The service in the words of an instance.</summary>
    public DocumentNode Translate(string name, DocumentNode node)
    {
        if (node is not MappingNode service)
            return node;
        var path = $"services.{name}";
        var entries = new List<MappingEntry> { new(new ScalarNode(node.Location, ComposeWhole.ServiceWord), new ScalarNode(node.Location, name)) };
        foreach (var entry in service.Entries.Where(entry => entry.Key.Value is not ("post_start" or "pre_stop")))
        {
            if (Counterpart(entry, service, path, entries))
                continue;
            entries.Add(entry.Key.Value switch
            {
                "image" when entry.Value is ScalarNode { IsNull: false, Value.Length: > 0 } image => entry with { Value = image with { Value = OciReference.Translate(image.Value), Template = image.Template } },
                "profiles" => entry with { Key = entry.Key with { Value = "activate" } },
                ComposeExtensions.ProfilesWord => entry with { Key = entry.Key with { Value = "profiles" } },
                "networks" => entry with { Value = Networks(entry.Value, $"{path}.networks") },
                "depends_on" => entry with { Value = ServicesIn(entry.Value) },
                "links" => entry with { Value = ServicesIn(WithoutAliases(entry.Value)) },
                "extends" => entry with { Value = Extended(entry.Value) },
                "container_name" or "hostname" when entry.Value is ScalarNode said && Allowed(said.Value) is { } allowed => entry with { Value = said with { Value = entry.Key.Value == "hostname" ? said.Value.Replace('_', '-').Trim('-') : allowed } },
                "ports" => entry with { Value = Ports(entry.Value, $"{path}.ports") },
                "tmpfs" => entry with { Value = Tmpfs(entry.Value, $"{path}.tmpfs") },
                "environment" or "labels" => entry with { Value = Assignments(entry.Value, $"{path}.{entry.Key.Value}") },
                "security_opt" => entry with { Value = SecurityOptions(entry.Value, $"{path}.security_opt") },
                "deploy" => entry with { Value = Deploy(entry.Value, $"{path}.deploy") },
                "pull_policy" => entry with { Value = PullPolicy(entry, path) },
                _ => entry,
            });
            if (entry.Key.Value == "links" && entry.Value is SequenceNode links)
                entries.Add(new(entry.Key with { Value = ComposeWhole.LinksWord }, links with { Items = [.. links.Items.OfType<ScalarNode>().Where(link => link.Value.Contains(':', StringComparison.Ordinal)).Select(Aliased)] }));
        }

        var hooks = service.Entries.Where(entry => entry.Key.Value is "post_start" or "pre_stop").Select(entry => entry with { Value = Each(entry.Value, item => Hook(item, $"{path}.{entry.Key.Value}")) }).ToList();
        foreach (var hook in hooks)
        {
            if (service.Find("hooks") is MappingNode said && said.Find(hook.Key.Value) is not null)
                report(Diagnostic.Error("SaidTwice", hook.Key.Location, $"{path}.{hook.Key.Value}", $"`{hook.Key.Value}` says the same as `hooks.{hook.Key.Value}`", "remove one of the two"));
            else
                AddHook(hook, entries);
        }


        if (Allowed(name) is { } other && service.Find("container_name") is null)
        {
            report(Diagnostic.Warning("ServiceName", node.Location, path, $"no instance can be called {Excerpts.Quote(name)}: it is called `{other}`, and the others reach it by that name",
                $"give it the name `{other}`, or a `container_name`"));
        }

        return service with { Entries = entries };
    }

    /// <summary>What services are called, where their keys are no names for instances.</summary>
    public static IReadOnlyDictionary<string, string> NamesOf(DocumentNode services) =>
        ((services as MappingNode)?.Entries ?? []).Where(entry => !entry.Key.Value.StartsWith("x-", StringComparison.Ordinal) && Allowed(entry.Key.Value) is not null)
            .ToDictionary(entry => entry.Key.Value, entry => Allowed(entry.Key.Value)!, StringComparer.Ordinal);

    /// <summary>A name that Incus takes in place of one that it does not; null for a name that it does.</summary>
    public static string? Allowed(string name) => name.AsSpan().IndexOfAny('_', '.') < 0 ? null : Separators().Replace(name, "-").Trim('-');

    private static DocumentNode Service(DocumentNode node) => node is ScalarNode { IsNull: false } name && Allowed(name.Value) is { } other ? name with { Value = other } : node;

    /// <summary>Names of other services, as a list or as keys.</summary>
    private static DocumentNode ServicesIn(DocumentNode node) => node switch
    {
        SequenceNode list => list with { Items = [.. list.Items.Select(Service)] },
        MappingNode map => map with { Entries = [.. map.Entries.Select(entry => entry with { Key = (ScalarNode)Service(entry.Key) })] },
        _ => node,
    };

    private static DocumentNode Extended(DocumentNode node) => node is MappingNode map
        ? map with { Entries = [.. map.Entries.Select(entry => entry.Key.Value == "service" ? entry with { Value = Service(entry.Value) } : entry)] }
        : Service(node);

    /// <summary>The services alone, without what else a link calls them.</summary>
    private static DocumentNode WithoutAliases(DocumentNode node) => node is SequenceNode list
        ? list with { Items = [.. list.Items.Select(item => item is ScalarNode link && link.Value.IndexOf(':', StringComparison.Ordinal) is > 0 and var cut ? link with { Value = link.Value[..cut] } : item)] }
        : node;

    private static ScalarNode Aliased(ScalarNode link)
    {
        var cut = link.Value.IndexOf(':', StringComparison.Ordinal);
        return link with { Value = (Allowed(link.Value[..cut]) ?? link.Value[..cut]) + link.Value[cut..] };
    }

    private DocumentNode Networks(DocumentNode node, string path) => node is MappingNode map
        ? map with { Entries = [.. map.Entries.Select(entry => entry with { Value = Attachment(entry.Value, $"{path}.{entry.Key.Value}") })] }
        : node;

    private DocumentNode Attachment(DocumentNode node, string path)
    {
        if (node is not MappingNode attachment)
            return node;
        var entries = new List<MappingEntry>();
        foreach (var entry in attachment.Entries)
        {
            if (s_passedOfNetwork.TryGetValue(entry.Key.Value, out var reason))
            {
                report(Diagnostic.Warning("IgnoredWord", entry.Key.Location, $"{path}.{entry.Key.Value}", $"`{entry.Key.Value}` is passed over: {reason}"));
                continue;
            }

            var word = entry.Key.Value switch { "ipv4_address" => "ipv4", "ipv6_address" => "ipv6", "mac_address" => "mac", "interface_name" => "name", "aliases" => ComposeWhole.AliasesWord, var same => same };
            entries.Add(entry with { Key = entry.Key with { Value = word } });
        }

        return attachment with { Entries = entries };
    }

    private DocumentNode Each(DocumentNode node, Func<DocumentNode, DocumentNode?> change) =>
        node is SequenceNode list ? list with { Items = [.. list.Items.Select(change).OfType<DocumentNode>()] } : node;

    /// <summary>A command that docker runs in the container around its start and end. Source: compose-spec 05-services.md, post_start.</summary>
    private MappingNode? Hook(DocumentNode node, string path)
    {
        if (node is not MappingNode hook)
        {
            if (node is not (UnusableNode or ScalarNode { IsNull: true }))
                report(Diagnostic.Error("WrongKind", node.Location, path, "this should be a mapping with `command`", ""));
            return null;
        }

        var entries = new List<MappingEntry>();
        foreach (var entry in hook.Entries)
        {
            switch (entry.Key.Value)
            {
                case "command":
                    entries.Add(entry with { Key = entry.Key with { Value = "exec" }, Value = Command(entry.Value, hook.Find("working_dir") as ScalarNode) });
                    break;
                case "working_dir":
                    break;
                case "privileged":
                    Pass(entry.Key, $"{path}.privileged", "`privileged` is passed over: what runs in an instance may do what the instance may");
                    break;
                default:
                    entries.Add(entry);
                    break;
            }
        }

        return hook with { Entries = entries };
    }

    /// <summary>The words of a command, perhaps in a folder: docker needs no shell for the one, and nothing does the other without.</summary>
    private static DocumentNode Command(DocumentNode node, ScalarNode? folder)
    {
        var words = node switch
        {
            ScalarNode { IsNull: false, Template: null } line when ShellWords.Split(line.Value) is { Count: > 0 } split => new SequenceNode(line.Location, [.. split.Select(word => new ScalarNode(line.Location, word, ScalarStyle.Quoted))]) { Origin = line.Origin },
            SequenceNode list => list,
            _ => null,
        };
        if (words is null || folder is not { IsNull: false, Value.Length: > 0 })
            return words ?? node;
        var place = folder.Location;
        return words with { Items = [.. s_inFolder.Select(word => new ScalarNode(place, word, ScalarStyle.Quoted)), folder, .. words.Items] };
    }

    /// <summary>Docker asks the registry again after a while; here an apply asks, or does not.</summary>
    private DocumentNode PullPolicy(MappingEntry entry, string path)
    {
        if (entry.Value is not ScalarNode { Value: "daily" or "weekly" or "refresh" or ['e', 'v', 'e', 'r', 'y', '_', ..] } often)
            return entry.Value;
        report(Diagnostic.Warning("Approximated", often.Location, $"{path}.pull_policy", $"{Excerpts.Quote(often.Value)} becomes `always`: with each apply its registry is asked whether there is a newer one"));
        return often with { Value = "always" };
    }

    /// <summary>A port as it is written here: docker wants no brackets around an address, and takes protocols in any case.</summary>
    private static DocumentNode Written(DocumentNode item) => item switch
    {
        ScalarNode { IsNull: false, Template: null } scalar when PlainIpv6().Match(scalar.Value) is { Success: true } match => scalar with { Value = $"[{match.Groups["address"].Value}]{match.Groups["rest"].Value}" },
        MappingNode mapping when mapping.Find("protocol") is ScalarNode { IsNull: false, Template: null } protocol && protocol.Value.ToLowerInvariant() is "tcp" or "udp" => mapping with
        {
            Entries = [.. mapping.Entries.Select(entry => entry.Key.Value == "protocol" ? entry with { Value = protocol with { Value = protocol.Value.ToLowerInvariant() } } : entry)],
        },
        _ => item,
    };

    private DocumentNode Tmpfs(DocumentNode node, string path)
    {
        DocumentNode One(DocumentNode item)
        {
            if (item is not ScalarNode mount || mount.Value.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var cut))
                return item;
            var options = mount.Value[(cut + 1)..].Split(',');
            if (!options.Contains("noexec"))
                return item;
            Pass(item, path, "`noexec` is passed over: Incus makes file systems in memory that programs can be run from");
            var rest = string.Join(',', options.Where(option => option != "noexec"));
            return mount with { Value = rest.Length == 0 ? mount.Value[..cut] : $"{mount.Value[..cut]}:{rest}" };
        }

        return node is SequenceNode ? Each(node, One) : One(node);
    }

    /// <summary>Of what is set twice in a list, docker takes the last.</summary>
    private DocumentNode Assignments(DocumentNode node, string path)
    {
        static string NameOf(DocumentNode item) => item is ScalarNode scalar ? scalar.Value.Split('=')[0] : "";
        if (node is not SequenceNode list)
            return node;
        var last = list.Items.Index().Where(item => item.Item is ScalarNode).GroupBy(item => NameOf(item.Item)).ToDictionary(named => named.Key, named => named.Last().Index, StringComparer.Ordinal);
        return list with
        {
            Items = [.. list.Items.Where((item, index) =>
            {
                if (item is not ScalarNode || last[NameOf(item)] == index)
                    return true;
                Pass(item, path, $"`{NameOf(item)}` is set again below, and the last one counts", "remove one of the two");
                return false;
            })],
        };
    }

    private DocumentNode SecurityOptions(DocumentNode node, string path) => Each(node, item =>
    {
        if (item is not ScalarNode option || !(option.Value.StartsWith("label:", StringComparison.Ordinal) || option.Value.StartsWith("label=", StringComparison.Ordinal)))
            return item;
        Pass(item, path, $"{Excerpts.Quote(option.Value)} is passed over: Incus labels nothing for SELinux");
        return null;
    });

    private DocumentNode Deploy(DocumentNode node, string path)
    {
        if (node is not MappingNode deploy || deploy.Entries.FirstOrDefault(entry => entry.Key.Value == "mode" && entry.Value is ScalarNode { Value: "global" }) is not { } mode)
            return node;
        report(Diagnostic.Warning("Approximated", mode.Key.Location, $"{path}.mode", "`global` becomes one instance, as on one host", "write one service for each member of a cluster"));
        return deploy with { Entries = [.. deploy.Entries.Where(entry => entry != mode)] };
    }

    private void Pass(DocumentNode node, string path, string message, string advice = "") =>
        report(Diagnostic.Warning("IgnoredWord", node.Location, path, message, advice));

    [GeneratedRegex("^(?<address>[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f.]*|::)(?<rest>:[0-9-]+:[0-9-]+(/[A-Za-z]+)?)\\z")]
    private static partial Regex PlainIpv6();

    [GeneratedRegex("[_.]+")]
    private static partial Regex Separators();
}
