using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Loading.Keys;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Storage buckets with their keys. A key has no configuration in which a mark could stand: it is what its bucket has, at
/// a path of its own. Source: Incus doc/howto/storage_buckets.md.
/// </summary>
internal sealed class BucketKind : ConfiguredKind<StorageBucket>
{
    public const string KindName = "bucket";

    // What the server gives to every bucket when it makes it.
    private const string FirstKey = "admin";

    private const string Role = "role";
    private const string Description = "description";
    private const string AccessKey = "access_key";
    private const string SecretKey = "secret_key";

    public override string Name => KindName;

    public override bool HasScope => true;

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.storage.buckets", true);

    public static ResourceId IdOf(string pool, string name) => new(KindName, name, pool);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var bucket in context.Stack.Buckets.Values)
        {
            var path = PathOf(bucket);
            if (!context.Require("storage_buckets", path, "a storage bucket"))
                continue;
            if (PoolOf(bucket, context) is not { } pool)
            {
                context.Error("NoPool", path, "the server has several storage pools and none is called default", "name one with pool:");
                continue;
            }

            if (!bucket.External && (bucket.Size ?? bucket.Config.GetValueOrDefault("size")) is not null && StoragePoolKind.DriverOf(pool, context) == "dir")
                context.Error("NoBucketSize", bucket.Size is null ? path : $"{path}.size", $"the pool {pool} is a folder of the host (dir), and its buckets have no size", "remove it, or name a pool of another driver with pool:");

            var properties = BagOf(bucket.Description, bucket.Config);
            if (bucket.Size is not null && !bucket.Config.ContainsKey("size"))
                properties.Add(PropertyPath.Config("size"), bucket.Size);
            foreach (var key in bucket.Keys.Values)
            {
                properties.Add(PropertyPath.BucketKey(key.Name, Role), key.Role);
                foreach (var (field, value) in new[] { (Description, key.Description), (AccessKey, key.AccessKey), (SecretKey, key.SecretKey) })
                {
                    if (value is not null)
                        properties.Add(PropertyPath.BucketKey(key.Name, field), value);
                }
            }

            yield return new DesiredResource
            {
                Id = IdOf(pool, bucket.Name),
                DefinitionPath = path,
                External = bucket.External,
                DependsOn = [StoragePoolKind.IdOf(pool)],
                Names = bucket.Pool is null ? [] : [new NamedResource(StoragePoolKind.IdOf(pool), $"{path}.pool")],
                Properties = properties,
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (scope.ViewFor("features.storage.buckets", isDefault: true) is not { } view || !view.HasExtension("storage_buckets"))
            return [];
        // What uses a pool tells whether there is anything to ask for: most have no buckets, and some drivers can have none.
        var pools = (await scope.PoolsAsync().ConfigureAwait(false))
            .Where(pool => pool.UsedBy.Any(user => user.StartsWith($"/1.0/storage-pools/{Uri.EscapeDataString(pool.Name)}/buckets/", StringComparison.Ordinal)));
        var lists = await Task.WhenAll(pools.Select(async pool =>
        {
            var buckets = await view.StorageBuckets.ListAsync(pool.Name, cancellationToken).ConfigureAwait(false);
            return await Task.WhenAll(buckets.Select(async bucket =>
                Describe(IdOf(pool.Name, bucket.Name), await WithKeysAsync(view, pool.Name, bucket, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        })).ConfigureAwait(false);
        return [.. lists.SelectMany(list => list)];
    }

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is { } found ? Describe(id, found.Value) : null;

    public override string AddressOf(LiveResource live) => $"/1.0/storage-pools/{live.Id.Scope}/buckets/{live.Id.Name}";

    // The server chooses what a key is made of where the file does not say it, and gives every bucket a first one.
    public override bool IsServerFilled(string path) =>
        path == PropertyPath.Config("size")
        || (PropertyPath.IsBucketKey(path, out var key, out var field) && (key == FirstKey || field is AccessKey or SecretKey));

    public override bool IsKept(RemovalOptions options) => !options.RemoveVolumes;

    public override string? PruningRefusal(PlanOptions options) =>
        options is { Prune: true, RemoveVolumes: true } ? null : "delete it and its data with -Prune -RemoveVolumes (--prune --remove-volumes)";

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        if (stack.Buckets.ContainsKey(live.Id.Name))
        {
            // Those of one pool are on several members of a cluster.
            var where = Placement.MemberOf(((StorageBucket)live.Raw).Location) is { } member ? $" on the cluster member {member}" : "";
            context.Note("TwoBuckets", $"buckets.{live.Id.Name}", $"there is a bucket \"{live.Id.Name}\" in the pool {live.Id.Scope}{where} too, which is not written: a file has room for one of that name");
            return stack;
        }

        var planning = new PlanningContext(stack, context.Project, context.Server, context.Remotes);
        var bucket = new BucketDefinition { Name = live.Id.Name, External = context.IsExternal(live), Pool = StoragePoolKind.DefaultPool(planning) == live.Id.Scope ? null : live.Id.Scope };
        var config = ExportContext.ConfigOf(this, live);
        var size = config.GetValueOrDefault("size") is { } text && CommonShapes.Size.Accepts(text) ? text : null;
        return stack with
        {
            Buckets = ExportContext.With(stack.Buckets, bucket.Name, bucket.External ? bucket : bucket with
            {
                Size = size,
                Description = ExportContext.Text(live),
                Config = size is null ? config : config.With("size", null),
                Keys = ((StorageBucket)live.Raw).Keys.Where(key => IsSaid(live, key.Name, Role)).ToDictionary(key => key.Name, key => new BucketKeyDefinition
                {
                    Name = key.Name,
                    Role = key.Role,
                    Description = ExportContext.Word(key.Description),
                    AccessKey = IsSaid(live, key.Name, AccessKey) ? key.AccessKey : null,
                    SecretKey = IsSaid(live, key.Name, SecretKey) ? key.SecretKey : null,
                }),
            }),
        };
    }

    /// <summary>True for what of a key is a file's word, and not the server's own choice.</summary>
    private bool IsSaid(LiveResource live, string key, string field) =>
        PropertyPath.BucketKey(key, field) is var path && (live.Mark?.Applied.Contains(path) == true || !IsServerFilled(path));

    protected override ResourceId IdOf(StorageBucket resource) =>
        throw new NotSupportedException("A bucket's object does not say which pool it is in.");

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, StorageBucket resource) => [StoragePoolKind.IdOf(id.Scope!)];

    protected override async Task<Versioned<StorageBucket>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await client.StorageBuckets.FindAsync(id.Scope!, id.Name, cancellationToken).ConfigureAwait(false) is { } found
            ? new Versioned<StorageBucket>(await WithKeysAsync(client, id.Scope!, found.Value, cancellationToken).ConfigureAwait(false), found.ETag)
            : null;

    protected override ResourceFields FieldsOf(StorageBucket resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var key in resource.Keys)
        {
            foreach (var (field, value) in new[] { (Role, key.Role), (Description, key.Description), (AccessKey, key.AccessKey), (SecretKey, key.SecretKey) })
                fields.Set(PropertyPath.BucketKey(key.Name, field), value.Length == 0 ? null : value);
        }

        return fields;
    }

    protected override StorageBucket WithFields(StorageBucket resource, ResourceFields fields) => base.WithFields(resource, fields) with { Keys = KeysIn(fields) };

    protected override async Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken)
    {
        var bucket = new StorageBucket { Name = id.Name, Description = fields.Word(PropertyPath.Description), Config = fields.Config };
        await context.Client.StorageBuckets.CreateAsync(id.Scope!, bucket, cancellationToken).ConfigureAwait(false);
        var made = await context.Client.StorageBuckets.ListKeysAsync(id.Scope!, id.Name, cancellationToken).ConfigureAwait(false);
        var wanted = KeysIn(fields);
        // The first key stays whether the file speaks of it or not.
        var first = made.Where(key => key.Name == FirstKey && wanted.All(other => other.Name != key.Name));
        await ChangeKeysAsync(context.Client, id, made, [.. wanted, .. first], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The keys come first: until they are as wanted, nothing says that they are.</summary>
    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<StorageBucket> found, StorageBucket changed, CancellationToken cancellationToken)
    {
        await ChangeKeysAsync(client, id, found.Value.Keys, changed.Keys, cancellationToken).ConfigureAwait(false);
        await client.StorageBuckets.UpdateAsync(id.Scope!, id.Name, changed, found.ETag, cancellationToken).ConfigureAwait(false);
    }

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.StorageBuckets.DeleteAsync(id.Scope!, id.Name, cancellationToken);

    private static async Task<StorageBucket> WithKeysAsync(IncusClient client, string pool, StorageBucket bucket, CancellationToken cancellationToken) =>
        bucket with { Keys = await client.StorageBuckets.ListKeysAsync(pool, bucket.Name, cancellationToken).ConfigureAwait(false) };

    private static async Task ChangeKeysAsync(
        IncusClient client, ResourceId id, IReadOnlyList<StorageBucketKey> current, IReadOnlyList<StorageBucketKey> wanted, CancellationToken cancellationToken)
    {
        foreach (var gone in current.Where(key => wanted.All(other => other.Name != key.Name)))
            await client.StorageBuckets.DeleteKeyAsync(id.Scope!, id.Name, gone.Name, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        foreach (var key in wanted)
        {
            if (current.FirstOrDefault(other => other.Name == key.Name) is not { } before)
            {
                await client.StorageBuckets.CreateKeyAsync(id.Scope!, id.Name, key, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // What the file leaves to the server stays as it was chosen.
            var after = before with
            {
                Role = key.Role,
                Description = key.Description,
                AccessKey = key.AccessKey.Length > 0 ? key.AccessKey : before.AccessKey,
                SecretKey = key.SecretKey.Length > 0 ? key.SecretKey : before.SecretKey,
            };
            if ((after.Role, after.Description, after.AccessKey, after.SecretKey) != (before.Role, before.Description, before.AccessKey, before.SecretKey))
                await client.StorageBuckets.UpdateKeyAsync(id.Scope!, id.Name, after, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The keys among the properties; one that has no role any more is to go, with what the server chose for it.</summary>
    private static List<StorageBucketKey> KeysIn(ResourceFields fields)
    {
        var keys = new Dictionary<string, StorageBucketKey>(StringComparer.Ordinal);
        foreach (var (path, value) in fields.Words)
        {
            if (!PropertyPath.IsBucketKey(path, out var name, out var field))
                continue;
            var key = keys.GetValueOrDefault(name) ?? new StorageBucketKey { Name = name };
            keys[name] = field switch
            {
                Role => key with { Role = value },
                AccessKey => key with { AccessKey = value },
                SecretKey => key with { SecretKey = value },
                _ => key with { Description = value },
            };
        }

        return [.. keys.Values.Where(key => key.Role.Length > 0)];
    }

    /// <summary>The pool of a bucket that may not name one: where the stack already keeps it, else the default pool.</summary>
    private static string? PoolOf(BucketDefinition bucket, PlanningContext context) =>
        bucket.Pool
        ?? context.Server.OfKind(KindName)
            .FirstOrDefault(live => live.Mark is { } mark && mark.BelongsTo(context.Stack.Name, context.Project) && mark.Key == PathOf(bucket))?.Id.Scope
        ?? StoragePoolKind.DefaultPool(context);

    private static string PathOf(BucketDefinition bucket) => $"buckets.{bucket.Name}";
}
