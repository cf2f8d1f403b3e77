using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Validation;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// What each member of a cluster has of its own of a storage pool. The pool is made known to each member, with that, and
/// then made on all of them. Source: Incus doc/howto/cluster_config_storage.md.
/// </summary>
internal static class PoolMembers
{
    /// <summary>The configuration of a pool by path: that of each member where there are members, else that of the one server.</summary>
    public static PropertyBag PropertiesOf(StoragePoolDefinition pool, PlanningContext context)
    {
        var properties = new PropertyBag();
        var path = $"storage_pools.{pool.Name}";
        if (context.Members is not { } members)
        {
            foreach (var (key, value) in pool.Config)
                properties.Add(PropertyPath.Config(key), value);
            if (pool.Members.Count > 0 && context.About is not null)
                context.Error("NoCluster", $"{path}.members", "the server is in no cluster, so that no member has anything of its own", "write source, size and the like beside driver, without members");
            return properties;
        }

        foreach (var (key, value) in pool.Config.Where(entry => !StorageRules.MemberKeys.Contains(entry.Key)))
            properties.Add(PropertyPath.Config(key), value);
        foreach (var member in members)
        {
            // What is said beside the driver holds for all members.
            foreach (var (key, value) in pool.Members.GetValueOrDefault(member) ?? pool.Config.Where(entry => StorageRules.MemberKeys.Contains(entry.Key)).ToDictionary())
                properties.Add(PathOf(member, key), value);
        }

        // Source: Incus internal/server/storage/drivers, the drivers that make no source of their own.
        if (pool is { External: false, Driver: "cephfs" or "lvmcluster" })
        {
            foreach (var member in members.Where(member => properties[PathOf(member, "source")] is null && properties[PathOf(member, "lvm.vg_name")] is null))
                context.Error("NoSource", path, $"a {pool.Driver} pool needs a source on each member of the cluster, and none is said for {Excerpts.Quote(member)}", $"write `source` beside `driver` for all of them, or under `members: {{{member}: {{source: …}}}}`");
        }

        foreach (var unknown in pool.Members.Keys.Where(name => !members.Contains(name)))
            context.Error("UnknownMember", $"{path}.members.{unknown}", $"the cluster has no member {Excerpts.Quote(unknown)}", Suggestions.DidYouMean(unknown, members, $"its members: {string.Join(", ", members)}"));
        return properties;
    }

    /// <summary>The path of what a member has of its own. A member's name holds no slash.</summary>
    public static string PathOf(string member, string key) => $"{Prefix}{member}/{key}";

    /// <summary>True for what a member has of its own.</summary>
    public static bool IsOfMember(string path, out string member, out string key)
    {
        member = key = "";
        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var cut = path.LastIndexOf('/');
        member = path[Prefix.Length..Math.Max(cut, Prefix.Length)];
        key = path[(cut + 1)..];
        return true;
    }

    /// <summary>A pool with what the members of a cluster have of their own of it.</summary>
    public static async Task<StoragePool> ReadAsync(IncusClient client, StoragePool pool, CancellationToken cancellationToken)
    {
        if (!client.Server.Environment.ServerClustered)
            return pool;
        var (configs, silent) = await SilentMembers.AskAsync(
            pool.Locations, async member => (await client.ForTarget(member).StoragePools.FindAsync(pool.Name, cancellationToken).ConfigureAwait(false))?.Value.Config).ConfigureAwait(false);
        return pool with
        {
            Members = configs.ToDictionary(
                pair => pair.Key,
                IReadOnlyDictionary<string, string> (pair) => pair.Value.Where(entry => StorageRules.MemberKeys.Contains(entry.Key)).ToDictionary()),
            SilentMembers = silent,
        };
    }

    /// <summary>What the fields of a pool say of each member.</summary>
    public static Dictionary<string, IReadOnlyDictionary<string, string>> In(ResourceFields fields)
    {
        var members = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (path, value) in fields.Words)
        {
            if (!IsOfMember(path, out var member, out var key))
                continue;
            if (!members.TryGetValue(member, out var config))
                members[member] = config = new Dictionary<string, string>(StringComparer.Ordinal);
            ((Dictionary<string, string>)config)[key] = value;
        }

        return members;
    }

    /// <summary>Makes a pool known to each member, then makes it on all of them. Where that fails, nothing of it is left.</summary>
    public static async Task CreateAsync(IncusClient client, StoragePool pool, CancellationToken cancellationToken)
    {
        var begun = false;
        try
        {
            if (client.Server.Environment.ServerClustered)
            {
                foreach (var member in await client.Cluster.ListMemberNamesAsync(cancellationToken).ConfigureAwait(false))
                {
                    await client.ForTarget(member).StoragePools.CreateAsync(
                        new StoragePool { Name = pool.Name, Driver = pool.Driver, Config = pool.Members.GetValueOrDefault(member) ?? new Dictionary<string, string>() },
                        cancellationToken).ConfigureAwait(false);
                    begun = true;
                }
            }

            await client.StoragePools.CreateAsync(pool, cancellationToken).ConfigureAwait(false);
        }
        catch when (begun)
        {
            await TakeBackAsync(client, pool.Name).ConfigureAwait(false);
            throw;
        }
    }

    // What failed on one member may be there on others, and counts as the stack's.
    private static async Task TakeBackAsync(IncusClient client, string name)
    {
        try
        {
            await client.StoragePools.DeleteAsync(name, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong. What is left is made anew by the next apply.
        }
    }

    /// <summary>Writes what is different on members, one after the other.</summary>
    public static async Task UpdateAsync(IncusClient client, StoragePool before, StoragePool after, CancellationToken cancellationToken)
    {
        foreach (var (member, config) in after.Members)
        {
            if (before.Members.GetValueOrDefault(member) is { } old && old.Count == config.Count && config.All(entry => old.GetValueOrDefault(entry.Key) == entry.Value))
                continue;
            await client.ForTarget(member).StoragePools.UpdateAsync(
                after.Name,
                current =>
                {
                    var changed = current.Config.Where(entry => !StorageRules.MemberKeys.Contains(entry.Key)).ToDictionary();
                    foreach (var (key, value) in config)
                        changed[key] = value;
                    return current with { Config = changed };
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private const string Prefix = "members/";
}
