using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Resources.Storage;

/// <summary>Storage pools. Source: Incus doc/reference/storage_drivers.md.</summary>
internal sealed class StoragePoolKind : ConfiguredKind<StoragePool>
{
    public const string KindName = "storage-pool";

    // Source: Incus doc/reference/storage_drivers.md, the options of each driver that have a default.
    private static readonly HashSet<string> DriverKeys =
    [
        "source", "size",
        "ceph.cluster_name", "ceph.osd.pg_num", "ceph.osd.pool_name", "ceph.user.name",
        "cephfs.cluster_name", "cephfs.osd_pg_num", "cephfs.path", "cephfs.user.name",
        "cephobject.cluster_name", "cephobject.radosgw.endpoint", "cephobject.user.name",
        "drbd.auto_add_quorum_tiebreaker", "drbd.on_no_quorum",
        "linstor.resource_group.name", "linstor.resource_group.place_count", "linstor.resource_group.storage_pool", "linstor.volume.prefix",
        "lvm.thinpool_name", "lvm.vg_name",
        "truenas.dataset", "truenas.host",
        "zfs.pool_name",
    ];

    public override string Name => KindName;

    public override string? AdviceWhenRestricted => "have an administrator make it, and mark it external: true";

    public override GraphShape Shape => GraphShape.Store;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var pool in context.Stack.StoragePools.Values)
        {
            if (context.Server.Find(IdOf(pool.Name))?.Raw is StoragePool { Status: "Unavailable" })
                context.Error("Unavailable", $"storage_pools.{pool.Name}", $"the server has the storage pool \"{pool.Name}\" and cannot reach what it lies on", "its log says why, and it tries again every minute: mount or connect that on the server's host");
            var properties = PoolMembers.PropertiesOf(pool, context);
            if (!string.IsNullOrEmpty(pool.Description))
                properties.Add(PropertyPath.Description, pool.Description);
            if (pool.Driver is not null)
                properties.Add(PropertyPath.Driver, pool.Driver);
            yield return new DesiredResource
            {
                Id = IdOf(pool.Name),
                DefinitionPath = $"storage_pools.{pool.Name}",
                External = pool.External,
                Properties = properties,
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        [.. await Task.WhenAll((await scope.PoolsAsync().ConfigureAwait(false)).Select(async pool =>
            Describe(IdOf(pool), scope.AsksMembers(IdOf(pool), pool) ? await PoolMembers.ReadAsync(scope.Client, pool, cancellationToken).ConfigureAwait(false) : pool))).ConfigureAwait(false)];

    // The driver writes out where and how it keeps the pool.
    public override bool IsServerFilled(string path) =>
        (PropertyPath.IsConfig(path, out var key) && DriverKeys.Contains(key)) || PoolMembers.IsOfMember(path, out _, out _);

    public override bool IsOnAllMembers => true;

    public override bool IsUnknown(string path, LiveResource live) => PoolMembers.IsOfMember(path, out var member, out _) && ((StoragePool)live.Raw).SilentMembers.Contains(member);

    // A device path is rewritten to a stable one when the pool is made.
    public override bool IsRewritten(string path) => path == PropertyPath.Config("source") || (PoolMembers.IsOfMember(path, out _, out var key) && key == "source");

    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        IsRewritten(path) ? ChangeImpact.Replace : base.ImpactOf(path, desired, live, metadata);

    /// <summary>A loop file grows; what lies in one that is cut off is lost.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner) =>
        Sizes.RefuseShrinking(KeepWhatIsUsed(base.Refine(change, planner)), "no storage pool can be made smaller; keep its size, or make another pool and move what is in it there");

    /// <summary>One of which a part failed holds nothing, unless somebody used the rest of it.</summary>
    private static ResourceChange KeepWhatIsUsed(ResourceChange change) =>
        change is { Action: ChangeAction.Replace, Refused: null, Live.Raw: StoragePool { UsedBy: { Count: > 0 } users } }
            ? change with { Refused = $"{change.Reason}, and it cannot be made anew while it is in use by {Users.List(users)}; take it off them, or mend it on the server's host" }
            : change;

    public override bool IsKept(RemovalOptions options) => !options.RemovePools;

    // Whoever may not see the list is answered by name.
    public override bool IsSeenInFull(PlanningContext context) => true;

    public override string? ReplacementRefusal(LiveResource live, PlanOptions options) =>
        "a storage pool is never replaced, since everything in it would be lost; delete it yourself once it is empty, or give the pool another name";

    /// <summary>What a pool is made with: as the file says, else as it is on the server; null where neither does.</summary>
    public static string? DriverOf(string pool, PlanningContext context) =>
        context.Stack.StoragePools.GetValueOrDefault(pool) is { External: false, Driver: { } driver } ? driver : (context.Server.Find(IdOf(pool))?.Raw as StoragePool)?.Driver;

    /// <summary>
    /// The pool for something that names none: the stack's only pool, else the server's <c>default</c>, else its only one.
    /// Null where there is no telling.
    /// </summary>
    public static string? DefaultPool(PlanningContext context)
    {
        if (context.Stack.StoragePools.Count == 1)
            return context.Stack.StoragePools.Keys.Single();
        var pools = context.Server.OfKind(KindName).Select(pool => pool.Id.Name).ToList();
        return pools.Contains("default") ? "default" : pools.Count == 1 ? pools[0] : null;
    }

    /// <summary>The pools that a stack names, wherever it does.</summary>
    public static IEnumerable<string> NamesIn(StackDefinition stack) =>
    [
        .. stack.StoragePools.Keys,
        .. stack.Volumes.Values.Select(volume => volume.Pool).OfType<string>(),
        .. stack.Buckets.Values.Select(bucket => bucket.Pool).OfType<string>(),
        .. stack.Instances.Values.Select(instance => instance.Disk?.Pool).OfType<string>(),
        .. stack.Profiles.Values.Select(profile => profile.Disk?.Pool).OfType<string>(),
        .. stack.Project is { Create: true } project ? ProjectKind.LimitedPools(project.Config) : [],
        .. stack.Projects.Values.SelectMany(other => ProjectKind.LimitedPools(other.Config)),
        .. stack.Profiles.Values.Select(profile => profile.Devices)
            .Concat(stack.Instances.Values.Select(instance => instance.Devices))
            .SelectMany(DeviceUses.Of)
            .Where(used => used.Kind == KindName)
            .Select(used => used.Name),
    ];

    /// <summary>The pools that a plan has to do with.</summary>
    public static IEnumerable<string> NamesIn(StackPlan plan) =>
        plan.Resources.Select(change => change.Kind == KindName ? change.Name : change.Kind is VolumeKind.KindName or BucketKind.KindName ? change.Id.Scope : null).OfType<string>();

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((StoragePool)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var (name, pool) = (live.Id.Name, new StoragePoolDefinition { Name = live.Id.Name, External = context.IsExternal(live) });
        if (pool.External)
            return stack with { StoragePools = ExportContext.With(stack.StoragePools, name, pool) };
        var (config, members) = ExportContext.Fold(ExportContext.ConfigOf(this, live, (key, value) => IsServersChoice(name, key, value)), SaidOfMembers(live));
        return stack with
        {
            StoragePools = ExportContext.With(stack.StoragePools, name, pool with
            {
                Driver = ((StoragePool)live.Raw).Driver,
                Description = ExportContext.Text(live),
                Config = config,
                Members = members,
            }),
        };
    }

    /// <summary>True for where the server put a pool, and the names that it gave.</summary>
    private static bool IsServersChoice(string name, string key, string value) => key switch
    {
        "source" => value == name || value.EndsWith($"/disks/{name}.img", StringComparison.Ordinal) || value.EndsWith($"/storage-pools/{name}", StringComparison.Ordinal),
        "zfs.pool_name" or "lvm.vg_name" or "ceph.osd.pool_name" => value == name,
        "lvm.thinpool_name" => value == "IncusThinPool",
        "ceph.cluster_name" => value == "ceph",
        "ceph.user.name" => value == "admin",
        "ceph.osd.pg_num" => value == "32",
        _ => false,
    };

    /// <summary>What a stack said of each member, or of a pool that no stack made somebody; the rest is what drivers chose there.</summary>
    private Dictionary<string, IReadOnlyDictionary<string, string>> SaidOfMembers(LiveResource live) => ((StoragePool)live.Raw).Members.ToDictionary(
        member => member.Key,
        IReadOnlyDictionary<string, string> (member) => member.Value.Where(entry => live.Mark is { Applied: var applied } ? applied.Contains(PoolMembers.PathOf(member.Key, entry.Key)) : !IsServersChoice(live.Id.Name, entry.Key, entry.Value)).ToDictionary(
            entry => entry.Key,
            entry => PoolMembers.PathOf(member.Key, entry.Key) is var path && IsRewritten(path) ? live.Mark?.Applied.Plain(path) ?? entry.Value : entry.Value));

    protected override ResourceId IdOf(StoragePool resource) => IdOf(resource.Name);

    protected override async Task<Versioned<StoragePool>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await client.StoragePools.FindAsync(id.Name, cancellationToken).ConfigureAwait(false) is { } found
            ? new Versioned<StoragePool>(await PoolMembers.ReadAsync(client, found.Value, cancellationToken).ConfigureAwait(false), found.ETag)
            : null;

    // A cluster says that it has failed from the beginning until it is done.
    protected override bool IsUnfinished(StoragePool resource) => resource.Status is "Pending" or "Errored";

    protected override ResourceFields FieldsOf(StoragePool resource)
    {
        var fields = base.FieldsOf(resource);
        fields.Set(PropertyPath.Driver, resource.Driver);
        foreach (var (member, config) in resource.Members)
        {
            foreach (var (key, value) in config)
                fields.Set(PoolMembers.PathOf(member, key), value);
        }

        return fields;
    }

    protected override StoragePool WithFields(StoragePool resource, ResourceFields fields) => base.WithFields(resource, fields) with { Members = PoolMembers.In(fields) };

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        PoolMembers.CreateAsync(
            context.Client,
            new StoragePool
            {
                Name = id.Name,
                Driver = fields.Word(PropertyPath.Driver),
                Description = fields.Word(PropertyPath.Description),
                Config = fields.Config,
                Members = PoolMembers.In(fields),
            },
            cancellationToken);

    /// <summary>What members have of their own comes first: until it is as wanted, nothing says that it is.</summary>
    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<StoragePool> found, StoragePool changed, CancellationToken cancellationToken)
    {
        await PoolMembers.UpdateAsync(client, found.Value, changed, cancellationToken).ConfigureAwait(false);
        await client.StoragePools.UpdateAsync(id.Name, changed, found.ETag, cancellationToken).ConfigureAwait(false);
    }

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.StoragePools.DeleteAsync(id.Name, cancellationToken);
}
