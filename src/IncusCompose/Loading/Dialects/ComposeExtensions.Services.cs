using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Loading.Dialects;

/// <content>What services say.</content>
internal sealed partial class ComposeExtensions
{
    private static readonly string[] s_serviceWords = [Raw, Own, "x-incus-additional-profiles", "x-incus-cloud-init-user-data-file", "x-incus-storage", "x-incus-gpu", "x-incus-snapshot"];

    private static readonly string[] s_mountWords = [Raw, Own, "x-incus-shift"];

    private static readonly DialectTable s_ofService = new DialectTable().Same("devices");

    private static readonly DialectTable s_ofPort = new DialectTable().Same("nat");

    private static readonly DialectTable s_ofMount = new DialectTable().Same("seed");

    private static readonly DialectTable s_ofAttachment = new DialectTable()
        .Same("internal")
        .Passed("gateway", "the way out leads over the first interface that has one", "name its network first", "false");

    private DocumentNode OfService(string name, DocumentNode node)
    {
        if (node is not MappingNode service)
            return node;
        var words = Others(service, $"services.{name}");
        if (service.Find("networks") is MappingNode networks)
            words.Say("networks", OfAttachments(networks, words), service.Entries.First(entry => entry.Key.Value == "networks").Key);
        if (service.Find("ports") is SequenceNode ports)
            words.Say("ports", OfPorts(ports, service, words), service.Entries.First(entry => entry.Key.Value == "ports").Key);
        if (service.Find("volumes") is SequenceNode volumes)
            words.Say("volumes", OfMounts(volumes, words), service.Entries.First(entry => entry.Key.Value == "volumes").Key);
        foreach (var entry in service.Entries.Where(entry => IsOurs(entry.Key.Value)))
            OfService(entry, service, words);
        return words.In(service);
    }

    private void OfService(MappingEntry entry, MappingNode service, DialectWords words)
    {
        switch (entry.Key.Value)
        {
            case Raw:
                words.Fill("config", Config(entry, words), entry.Key);
                break;
            case Own:
                var own = s_ofService.Under(entry, words);
                if (own.Find("devices") is { } devices)
                {
                    if (devices.Value is MappingNode map)
                        Devices(map.Entries, devices.Key, words);
                    else if (devices.Value is not ScalarNode { IsNull: true })
                        own.Wrong(devices.Value, "devices", "a mapping such as `gpu0: {type: gpu}`");
                }

                break;
            case "x-incus-additional-profiles":
                if (Names(entry, words, "profiles' names") is { Count: > 0 } profiles)
                    words.Say(ProfilesWord, new SequenceNode(entry.Value.Location, [.. _profiles ?? [new ScalarNode(entry.Key.Location, DefaultProfile)], .. profiles]), entry.Key);
                break;
            case "x-incus-cloud-init-user-data-file":
                if (entry.Value is not ScalarNode { IsNull: true })
                    words.Fill("cloud_init", [new(entry.Key with { Value = "user_data" }, new MappingNode(entry.Value.Location, [new(entry.Key with { Value = "file" }, entry.Value)]))], entry.Key);
                break;
            case "x-incus-storage":
                words.Fill("disk", [new(entry.Key with { Value = "pool" }, entry.Value)], entry.Key);
                foreach (var source in Sources(service))
                {
                    if (Volume(source).Find("pool") is null)
                        Volume(source).Say("pool", entry.Value, entry.Key);
                }

                break;
            case "x-incus-gpu":
                if (IsTrue(entry.Value))
                    Devices([new(entry.Key with { Value = "gpu" }, new MappingNode(entry.Value.Location, [new(entry.Key with { Value = "type" }, new ScalarNode(entry.Value.Location, "gpu"))]))], entry.Key, words);
                break;
            case "x-incus-snapshot":
                words.Keep(entry with { Value = s_snapshots.Translate(entry.Value, words.At(entry.Key.Value), report) }, "snapshots");
                break;
            default:
                words.Unknown(entry, s_serviceWords);
                break;
        }
    }

    /// <summary>Adds devices by name, beside those that docker lists.</summary>
    private static void Devices(IEnumerable<MappingEntry> devices, DocumentNode at, DialectWords words)
    {
        if (words.Find("devices") is { Value: SequenceNode list } listed)
            words.Say("devices", ComposeWords.ByName(list), listed.Key);
        words.Fill("devices", devices, at);
    }

    /// <summary>The volumes that a service mounts.</summary>
    private static IEnumerable<string> Sources(MappingNode service) => ((service.Find("volumes") as SequenceNode)?.Items ?? []).Select(item => item switch
    {
        ScalarNode { Value: var text } when text.IndexOf(':', StringComparison.Ordinal) is > 0 and var cut => text[..cut],
        MappingNode mount when mount.Find("source") is ScalarNode source => source.Value,
        _ => "",
    }).Where(source => source.Length > 0 && !IsPath(source));

    private MappingNode OfAttachments(MappingNode networks, DialectWords service) => networks with
    {
        Entries = [.. networks.Entries.Select(entry => entry.Value is MappingNode attachment ? entry with { Value = OfAttachment(entry.Key.Value, attachment, service) } : entry)],
    };

    private MappingNode OfAttachment(string network, MappingNode attachment, DialectWords service)
    {
        var words = Others(attachment, $"{service.Path}.networks.{network}");
        var raw = new List<MappingEntry>();
        foreach (var entry in attachment.Entries)
        {
            switch (entry.Key.Value)
            {
                // lxc/incus-compose wants the network's prefix length behind an address.
                case "ipv4_address" or "ipv6_address" when entry.Value is ScalarNode { Value: var address } written && address.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash:
                    words.Keep(entry with { Value = written with { Value = address[..slash] } });
                    break;
                case Raw:
                    raw = Config(entry, words);
                    break;
                case Own:
                    if (!IsTrue(s_ofAttachment.Under(entry, words).Find("internal")?.Value))
                        break;
                    raw.RemoveAll(said => said.Key.Value is "ipv4.gateway" or "ipv6.gateway");
                    raw.AddRange([new(entry.Key with { Value = "ipv4.gateway" }, new ScalarNode(entry.Value.Location, "none")), new(entry.Key with { Value = "ipv6.gateway" }, new ScalarNode(entry.Value.Location, "none"))]);
                    break;
                default:
                    if (IsOurs(entry.Key.Value))
                        words.Unknown(entry, s_networkWords);
                    break;
            }
        }

        // What an interface has a word for is said with it; the rest makes a device of it, once it is known where among the others it stands.
        var rest = new List<MappingEntry>();
        foreach (var entry in raw)
        {
            if (ComposeWhole.RawOfInterface.FirstOrDefault(pair => pair.Raw == entry.Key.Value) is { Foreign: { } word } && entry.Value is ScalarNode { Value: not ("none" or "auto" or "") } value)
                words.Keep(entry with { Key = entry.Key with { Value = word }, Value = value.Value.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && word != "acls" ? value with { Value = value.Value[..slash] } : value });
            else
                rest.Add(entry);
        }

        if (rest.Count > 0)
            words.Say(ComposeWhole.NicWord, new MappingNode(rest[0].Key.Location, rest), rest[0].Key);
        return words.In(attachment);
    }

    private SequenceNode OfPorts(SequenceNode ports, MappingNode service, DialectWords words)
    {
        var kept = new List<DocumentNode>();
        for (var index = 0; index < ports.Items.Count; index++)
        {
            if (ports.Items[index] is not MappingNode port || !port.Entries.Any(entry => IsOurs(entry.Key.Value)))
            {
                kept.Add(ports.Items[index]);
                continue;
            }

            var said = Others(port, words.At($"ports[{index}]"));
            kept.Add(said.In(port));
            foreach (var entry in port.Entries.Where(entry => IsOurs(entry.Key.Value)))
            {
                if (entry.Key.Value != Own)
                {
                    said.Unknown(entry, [Own]);
                    continue;
                }

                var own = s_ofPort.Under(entry, said);
                if (own.Find("nat") is not { } nat || !IsTrue(nat.Value))
                    continue;
                if (Nat(port, service) is { } device)
                {
                    kept.RemoveAt(kept.Count - 1);
                    Devices([device], nat.Key, words);
                }
                else
                {
                    own.Warn("Approximated", nat.Key, "nat", "the port is forwarded by a proxy, which hides the clients' addresses: for address translation the host's address and the instance's own must be known", "write `host_ip` for the port, and `ipv4_address` for the service's network");
                }
            }
        }

        return ports with { Items = kept };
    }

    /// <summary>A port as a device that translates addresses; null where Incus could not.</summary>
    private static MappingEntry? Nat(MappingNode port, MappingNode service)
    {
        var own = ((service.Find("networks") as MappingNode)?.Entries ?? []).Select(entry => entry.Value).OfType<MappingNode>()
            .Select(attachment => (attachment.Find("ipv4_address") ?? (attachment.Find(Raw) as MappingNode)?.Find("ipv4.address")) as ScalarNode)
            .FirstOrDefault(address => address is { IsNull: false })?.Value.Split('/')[0];
        if (own is null || Text(port, "host_ip") is not ({ Length: > 0 } and not "0.0.0.0" and var host) || host.Contains(':', StringComparison.Ordinal) || Text(port, "published") is not { Length: > 0 } published || Text(port, "target") is not { Length: > 0 } target)
            return null;
        var protocol = Text(port, "protocol") ?? "tcp";
        ScalarNode At(string text) => new(port.Location, text);
        return new(At(InstanceForm.PortDeviceName(protocol, host, published)), new MappingNode(port.Location,
        [
            new(At("type"), At("proxy")), new(At("listen"), At($"{protocol}:{host}:{published}")), new(At("connect"), At($"{protocol}:{own}:{target}")), new(At("nat"), At("true")),
        ]));
    }

    private SequenceNode OfMounts(SequenceNode mounts, DialectWords service)
    {
        var kept = new List<DocumentNode>();
        for (var index = 0; index < mounts.Items.Count; index++)
        {
            if (mounts.Items[index] is MappingNode mount && mount.Entries.Any(entry => IsOurs(entry.Key.Value)))
            {
                if (OfMount(mount, $"volumes[{index}]", service) is { } plain)
                    kept.Add(plain);
            }
            else
            {
                kept.Add(mounts.Items[index]);
            }
        }

        return mounts with { Items = kept };
    }

    private MappingNode? OfMount(MappingNode mount, string at, DialectWords service)
    {
        var words = Others(mount, service.At(at));
        var source = Text(mount, "source") ?? "";
        var isFolder = Text(mount, "type") is { } type ? type == "bind" : IsPath(source);
        var seeds = false;
        foreach (var entry in mount.Entries.Where(entry => IsOurs(entry.Key.Value)))
        {
            switch (entry.Key.Value)
            {
                case Raw when isFolder:
                    foreach (var key in Config(entry, words))
                    {
                        if (key.Key.Value == "security.shifted")
                            words.Keep(key, "shift");
                        else
                            words.Warn("IgnoredWord", key.Key, $"{Raw}.{key.Key.Value}", $"{Excerpts.Quote(key.Key.Value)} is passed over: it is an option of volumes, and this is a path of the host");
                    }

                    break;
                case Raw when source.Length > 0:
                    Volume(source).Fill("config", Config(entry, words), entry.Key);
                    break;
                case "x-incus-shift" when isFolder:
                    words.Keep(entry, "shift");
                    break;
                case "x-incus-shift" when source.Length > 0:
                    if (IsTrue(entry.Value))
                        Volume(source).Fill("config", [new(entry.Key with { Value = "security.shifted" }, new ScalarNode(entry.Value.Location, "true", ScalarStyle.Quoted))], entry.Key);
                    break;
                case Own:
                    var own = s_ofMount.Under(entry, words);
                    if (own.Find("seed") is { } seed && IsTrue(seed.Value))
                    {
                        seeds = isFolder;
                        own.Warn(isFolder ? "Approximated" : "IgnoredWord", seed.Key, "seed", isFolder
                            ? "what lies there becomes `files`: it is in the instance itself, and kept as it is here"
                            : "`seed` is passed over: a volume has no files of this machine", isFolder ? "write a volume with `content` in a stack file for what is written there later" : "write `content` for the volume in a stack file");
                    }

                    break;
                case Raw or "x-incus-shift":
                    break;
                default:
                    words.Unknown(entry, s_mountWords);
                    break;
            }
        }

        if (!seeds)
            return words.In(mount);
        var file = new MappingNode(mount.Location, [.. mount.Entries.Where(entry => entry.Key.Value is "source" or "target")]);
        var files = service.Find("files");
        service.Say("files", files?.Value is SequenceNode list ? list with { Items = [.. list.Items, file] } : new SequenceNode(mount.Location, [file]), files?.Key ?? (DocumentNode)mount);
        return null;
    }

    private static bool IsPath(string source) => source.StartsWith('/') || source.StartsWith('.') || source.StartsWith('~');

    private static string? Text(MappingNode mapping, string key) => mapping.Find(key) is ScalarNode { IsNull: false } scalar ? scalar.Value : null;
}
