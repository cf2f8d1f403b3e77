using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Validation;

namespace IncusCompose.Resources.Networks;

/// <summary>
/// What each member of a cluster has of its own of a network. The network is made known to each member, with that, and
/// then made on all of them. Source: Incus doc/howto/cluster_config_networks.md.
/// </summary>
internal static class NetworkMembers
{
    private const string Prefix = "members/";

    /// <summary>Types that are the same on all members. Source: Incus internal/server/network/driver_ovn.go, Info.</summary>
    private static readonly string[] s_shared = ["ovn"];

    /// <summary>The configuration of a network by path: that of each member where there are members, else that of the one server.</summary>
    public static PropertyBag PropertiesOf(NetworkDefinition network, PlanningContext context)
    {
        var properties = new PropertyBag();
        var path = $"networks.{network.Name}";
        if (network.External || context.Members is not { } members)
        {
            foreach (var (key, value) in network.Config)
                properties.Add(PropertyPath.Config(key), value);
            if (network is { External: false, Members.Count: > 0 } && context.About is not null)
                context.Error("NoCluster", $"{path}.members", "the server is in no cluster, so that no member has anything of its own", "write parent and the like beside type, without members");
            return properties;
        }

        foreach (var (key, value) in network.Config.Where(entry => !NetworkRules.MemberKeys.Contains(entry.Key)))
            properties.Add(PropertyPath.Config(key), value);
        foreach (var member in s_shared.Contains(network.Type) ? [] : members)
        {
            // What is said beside the type holds for the members that are not named.
            foreach (var (key, value) in network.Members.GetValueOrDefault(member) ?? OfMember(network.Config))
                properties.Add(PathOf(member, key), value);
        }

        if (NetworkRules.NeedsParent(network.Type))
        {
            foreach (var member in members.Where(member => properties[PathOf(member, "parent")] is null))
                context.Error("NoParent", path, $"a {network.Type} network stands on an interface of each member of the cluster, and none is named for {Excerpts.Quote(member)}", $"name it beside `type` with `parent` for all of them, or under `members: {{{member}: {{parent: …}}}}`");
        }

        foreach (var unknown in network.Members.Keys.Where(name => !members.Contains(name)))
            context.Error("UnknownMember", $"{path}.members.{unknown}", $"the cluster has no member {Excerpts.Quote(unknown)}", Suggestions.DidYouMean(unknown, members, $"its members: {string.Join(", ", members)}"));
        return properties;
    }

    /// <summary>A network with what the members of a cluster have of their own of it.</summary>
    public static async Task<Network> ReadAsync(IncusClient client, Network network, CancellationToken cancellationToken)
    {
        if (!client.Server.Environment.ServerClustered || s_shared.Contains(network.Type))
            return network;
        var (configs, silent) = await SilentMembers.AskAsync(
            network.Locations, async member => (await client.ForTarget(member).Networks.FindAsync(network.Name, cancellationToken).ConfigureAwait(false))?.Value.Config).ConfigureAwait(false);
        return network with { Members = configs.ToDictionary(pair => pair.Key, pair => OfMember(pair.Value)), SilentMembers = silent };
    }

    /// <summary>What members have of their own, as properties.</summary>
    public static IEnumerable<KeyValuePair<string, string>> ToProperties(Network network) =>
        network.Members.SelectMany(member => member.Value.Where(entry => entry.Value.Length > 0).Select(entry => new KeyValuePair<string, string>(PathOf(member.Key, entry.Key), entry.Value)));

    /// <summary>What the fields of a network say of each member.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> In(ResourceFields fields) => fields.Words
        .Where(word => word.Key.StartsWith(Prefix, StringComparison.Ordinal))
        // A member's name holds no slash.
        .Select(word => (Parts: word.Key[Prefix.Length..].Split('/', 2), word.Value))
        .GroupBy(word => word.Parts[0])
        .ToDictionary(member => member.Key, IReadOnlyDictionary<string, string> (member) => member.ToDictionary(word => word.Parts[1], word => word.Value));

    /// <summary>Makes a network known to each member, then makes it on all of them. Where that fails, nothing of it is left.</summary>
    public static async Task CreateAsync(IncusClient client, Network network, CancellationToken cancellationToken)
    {
        var begun = false;
        try
        {
            if (client.Server.Environment.ServerClustered && !s_shared.Contains(network.Type))
            {
                foreach (var member in await client.Cluster.ListMemberNamesAsync(cancellationToken).ConfigureAwait(false))
                {
                    await client.ForTarget(member).Networks.CreateAsync(
                        new Network { Name = network.Name, Type = network.Type, Config = network.Members.GetValueOrDefault(member) ?? new Dictionary<string, string>() }, cancellationToken).ConfigureAwait(false);
                    begun = true;
                }
            }

            var again = false;
            await NetworkKind.TryAgainAsync(
                async () =>
                {
                    var rest = again && begun && await IsBegunAsync(client, network.Name, cancellationToken).ConfigureAwait(false);
                    again = true;
                    await client.Networks.CreateAsync(rest ? network with { Config = new Dictionary<string, string>() } : network, cancellationToken).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch when (begun)
        {
            await TakeBackAsync(client, network.Name).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>True where the server has the configuration of all members already: it takes it once, and would say so instead of what is wrong.</summary>
    private static async Task<bool> IsBegunAsync(IncusClient client, string name, CancellationToken cancellationToken) =>
        (await client.Networks.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is { } now && (now.Status == "Errored" || now.Config.Count > 0);

    // What was only made known bears no mark: the next apply would take it for somebody else's.
    private static async Task TakeBackAsync(IncusClient client, string name)
    {
        try
        {
            await client.Networks.DeleteAsync(name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong.
        }
    }

    /// <summary>Writes what is different on members, one after the other.</summary>
    public static async Task UpdateAsync(IncusClient client, Network before, Network after, CancellationToken cancellationToken)
    {
        foreach (var member in before.Members.Keys.Union(after.Members.Keys))
        {
            var (old, config) = (Of(before, member), Of(after, member));
            if (old.Count == config.Count && config.All(entry => old.GetValueOrDefault(entry.Key) == entry.Value))
                continue;
            await client.ForTarget(member).Networks.UpdateAsync(
                after.Name,
                current =>
                {
                    var changed = current.Config.Where(entry => !NetworkRules.MemberKeys.Contains(entry.Key)).ToDictionary();
                    foreach (var (key, value) in config)
                        changed[key] = value;
                    return current with { Config = changed };
                },
                cancellationToken).ConfigureAwait(false);
        }

        static IReadOnlyDictionary<string, string> Of(Network network, string member) => network.Members.GetValueOrDefault(member) ?? new Dictionary<string, string>();
    }

    /// <summary>True for what a member has of its own that was asked and did not answer.</summary>
    public static bool IsUnknown(string path, IReadOnlyList<string> silent) =>
        silent.Count > 0 && path.StartsWith(Prefix, StringComparison.Ordinal) && silent.Contains(path[Prefix.Length..].Split('/')[0]);

    private static string PathOf(string member, string key) => $"{Prefix}{member}/{key}";

    private static IReadOnlyDictionary<string, string> OfMember(IReadOnlyDictionary<string, string> config) =>
        config.Where(entry => NetworkRules.MemberKeys.Contains(entry.Key)).ToDictionary();
}
