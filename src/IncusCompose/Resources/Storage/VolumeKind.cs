using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Loading.Keys;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Storage;

/// <summary>A volume, and what it is made from.</summary>
internal sealed record DesiredVolume : DesiredResource
{
    /// <summary>What it is made from; null: it is made empty.</summary>
    public VolumeOrigin? Origin { get; init; }

    /// <summary>What it is filled with once an instance that mounts it is made, for a plan; null: nothing, or it is there already.</summary>
    public string? Filling { get; init; }

    /// <summary>Where it is now, where that is in another pool; null where it is to be made.</summary>
    public ResourceId? MovedFrom { get; init; }

    /// <summary>Where in a cluster it is to be; null where the member chooses that is connected to.</summary>
    public Place? Place { get; init; }
}

/// <summary>Custom storage volumes. Source: Incus doc/howto/storage_volumes.md.</summary>
internal sealed class VolumeKind : ConfiguredKind<StorageVolume>
{
    public const string KindName = "volume";

    // Source: Incus doc/reference/storage_drivers.md, the volumes' options of each driver.
    private static readonly string[] DriverKeys = ["block.", "lvm.", "zfs."];

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Cylinder;

    public override bool HasScope => true;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.storage.volumes", true);

    public static ResourceId IdOf(string pool, string name) => new(KindName, name, pool);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        var fillings = context.Stack.Instances.Values.SelectMany(instance => VolumeFilling.Of(instance, context).Select(fill => (fill.Volume, Text: $"what the image of {instance.Name} has at {fill.Target}")))
            .GroupBy(fill => fill.Volume).ToDictionary(fills => fills.Key, fills => string.Join(", or ", fills.Select(fill => fill.Text)));
        foreach (var volume in context.Stack.Volumes.Values)
        {
            var path = PathOf(volume);
            if (PoolOf(volume, context) is not { } pool)
            {
                context.Error("NoPool", path, "the server has several storage pools and none is called default", "name one with pool:");
                continue;
            }

            var properties = BagOf(volume.Description, volume.Config);
            properties.Add(PropertyPath.ContentType, volume.ContentType);
            foreach (var (key, value) in volume.Snapshots?.Config().Where(entry => !volume.Config.ContainsKey(entry.Key)) ?? [])
                properties.Add(PropertyPath.Config(key), value);
            if (volume.Size is not null)
                properties.Add(PropertyPath.Config("size"), volume.Size);
            var id = IdOf(pool, volume.Name);
            var movedFrom = volume.External || context.Server.Find(id) is not null ? null : InAnotherPool(volume, id, context);
            var origin = movedFrom is null ? VolumeOrigin.Of(volume) : null;
            // What it was made from matters no more once it is there.
            if (origin is not null && !volume.External && context.Server.Find(id) is null)
                origin = origin.Look(context, path);
            var place = volume.External ? null : context.Placement.Of(id);
            if (place?.Wanted is { } target)
            {
                properties.Add(PropertyPath.Target, target);
                if (context.Server.Find(id)?.Properties[PropertyPath.Target] is { } there && there != target)
                    context.Require("cluster_internal_custom_volume_copy", path, "Moving a volume to another member");
            }

            yield return new DesiredVolume
            {
                Id = id,
                DefinitionPath = path,
                External = volume.External,
                DependsOn = [StoragePoolKind.IdOf(pool)],
                Names = volume.Pool is null ? [] : [new NamedResource(StoragePoolKind.IdOf(pool), $"{path}.pool")],
                Properties = properties,
                Origin = origin,
                Filling = fillings.GetValueOrDefault(id),
                MovedFrom = movedFrom,
                Place = place,
            };
        }
    }

    public override LiveResource? Locate(DesiredResource desired, ServerObservation server) =>
        base.Locate(desired, server) ?? (desired is DesiredVolume { MovedFrom: { } there } ? server.Find(there) : null);

    /// <summary>Where the stack keeps a volume that the file has in another pool now. The image of a disc is made anew from its file.</summary>
    private static ResourceId? InAnotherPool(VolumeDefinition volume, ResourceId id, PlanningContext context) => context.Server.OfKind(KindName)
        .FirstOrDefault(live => live.Id.Name == id.Name && live.Mark is { } mark && mark.BelongsTo(context.Stack.Name, context.Project) && mark.Key == PathOf(volume)
            && !IsIso(live) && live.Properties[PropertyPath.ContentType] == volume.ContentType)?.Id;

    /// <summary>The pool of a volume that may not name one: where the stack already keeps it, else the default pool.</summary>
    public static string? PoolOf(VolumeDefinition volume, PlanningContext context) =>
        volume.Pool
        ?? context.Server.OfKind(KindName)
            .FirstOrDefault(live => live.Mark is { } mark && mark.BelongsTo(context.Stack.Name, context.Project) && mark.Key == PathOf(volume))?.Id.Scope
        ?? StoragePoolKind.DefaultPool(context);

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (scope.ViewFor("features.storage.volumes", isDefault: true) is not { } view)
            return [];
        var pools = await scope.PoolsAsync().ConfigureAwait(false);
        var lists = await Task.WhenAll(pools.Select(async pool =>
            (await view.StorageVolumes.ListAsync(pool.Name, cancellationToken).ConfigureAwait(false))
                // The server lists snapshots beside volumes; they go with theirs.
                .Where(volume => !volume.Name.Contains('/', StringComparison.Ordinal))
                .Select(volume => Describe(IdOf(pool.Name, volume.Name), volume)))).ConfigureAwait(false);
        // Several members may have one of the same name: a stack's comes first, and is what is seen where nobody's view is taken.
        return [.. lists.SelectMany(list => list).OrderBy(volume => volume.Mark is null)];
    }

    public override bool IsSeenInFull(PlanningContext context) => true;

    public override string AddressOf(LiveResource live) => $"/1.0/storage-pools/{live.Id.Scope}/volumes/custom/{live.Id.Name}";

    public override string? MemberOf(LiveResource? live) => live is null ? null : Placement.MemberOf(((StorageVolume)live.Raw).Location);

    public override string? MemberOf(DesiredResource desired) => (desired as DesiredVolume)?.Place?.Target;

    // Drivers write out a size and how they keep the volume.
    public override bool IsServerFilled(string path) =>
        path == PropertyPath.Target || IsFilledByDriver(path);

    public override bool StaysWhenDropped(string path) => path == PropertyPath.Target;

    private static bool IsFilledByDriver(string path) =>
        PropertyPath.IsConfig(path, out var key)
        && (key == "size" || Array.Exists(DriverKeys, prefix => key.StartsWith(prefix, StringComparison.Ordinal)));

    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        IsIso(live) ? ChangeImpact.Replace : base.ImpactOf(path, desired, live, metadata);

    /// <summary>Data that does not fit is cut off: what is smaller is another volume.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner)
    {
        change = base.Refine(change, planner);
        // The server takes no change of a disc's image, a new record of what was applied included.
        if (change.Action == ChangeAction.Update && IsIso(change.Live!))
            return change with { Action = ChangeAction.None, Properties = [] };
        // The server says that it has done it, and the volume is where it was.
        if (InstanceKind.IsMove(change) && ((StorageVolume)change.Live!.Raw).ContentType != "filesystem")
        {
            return change with
            {
                Refused = $"the server moves no {((StorageVolume)change.Live.Raw).ContentType} volume to another member; copy it there under another name (incus storage volume copy --target --destination-target), or keep it where it is",
            };
        }

        return Sizes.RefuseShrinking(
            VolumePoolMove.Refine(change),
            "shrinking a volume could cut off its data; keep its size, or make a volume of another name and copy the data. Where its file system can do that, shrink it yourself with: "
            + $"incus storage volume set {change.Id.Scope} {change.Name} size=…");
    }

    public override ResourceChange WithSteps(ResourceChange change) =>
        change is { Action: ChangeAction.Create or ChangeAction.Replace, Desired: DesiredVolume { Origin: { } origin } }
            ? change with { Properties = [.. change.Properties, new PropertyChange(origin.Word, PropertyDifference.Added, ChangeImpact.Live, null, origin.Describe())] }
            : change is { Action: ChangeAction.Create or ChangeAction.Replace, Desired: DesiredVolume { Filling: { } filling } }
                ? change with { Properties = [.. change.Properties, new PropertyChange("content", PropertyDifference.Added, ChangeImpact.Live, null, filling)] }
                : change;

    public override Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        // What was to be moved is gone: an empty one is nobody's wish.
        if (desired is DesiredVolume { MovedFrom: not null })
            throw new PlanOutdatedException([desired.Id]);
        if (desired is DesiredVolume { Place.Target: { } member })
            context = context with { Client = context.Client.ForTarget(member) };
        return desired is DesiredVolume { Origin: { } origin } volume ? origin.CreateAsync(context, volume, cancellationToken) : CreateEmptyAsync(context, desired, cancellationToken);
    }

    private Task CreateEmptyAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        if (desired is not DesiredVolume { Filling: not null })
            return base.CreateAsync(context, desired, cancellationToken);
        var fields = ResourceFields.From(desired.Properties);
        context.MarkOf(desired)?.Write(desired.Id, fields.Config);
        VolumeFilling.MarkNew(fields.Config);
        return PostAsync(context, desired.Id, fields, cancellationToken);
    }

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        if (VolumePoolMove.Is(change))
        {
            await VolumePoolMove.RunAsync(context, change, cancellationToken).ConfigureAwait(false);
            change = change with { Live = await FindAsync(context.Client, change.Id, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]) };
        }
        else if (StrayedVolumes.Is(change.Live!))
        {
            await VolumePoolMove.MarkAsync(context.Client, change.Live!, cancellationToken).ConfigureAwait(false);
            change = change with { Live = await FindAsync(context.Client, change.Id, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]) };
        }
        else if (InstanceKind.IsMove(change))
        {
            await VolumeMove.RunAsync(context, change, ((DesiredVolume)change.Desired!).Place!.Target, cancellationToken).ConfigureAwait(false);
            change = change with { Live = await FindAsync(context.Client, change.Id, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]) };
        }

        await base.UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<LiveResource?> FindAgainAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        StrayedVolumes.Known(await base.FindAgainAsync(context, change, cancellationToken).ConfigureAwait(false), change.Live);

    // The server takes no mark on a disc's image that is there already.
    public override bool CanAdopt(LiveResource live) => !IsIso(live) && base.CanAdopt(live);

    public override string AdviceWhenRenamed(ResourceId now, ResourceId before) =>
        $"bring it back while nothing uses it that runs: incus storage volume move {now.Scope}/{now.Name} {before.Scope}/{before.Name}";

    public override string LostByReplacement => "its data and snapshots are lost";

    public override bool IsKept(RemovalOptions options) => !options.RemoveVolumes;

    public override string? PruningRefusal(PlanOptions options) =>
        options is { Prune: true, RemoveVolumes: true } ? null : "its data stays in it; delete it and its data with -Prune -RemoveVolumes (--prune --remove-volumes)";

    public override string? ReplacementRefusal(LiveResource live, PlanOptions options) =>
        options.RemoveVolumes
            ? Users.Refusal(((StorageVolume)live.Raw).UsedBy)
            : "replacing a volume deletes its data; allow that as well with -RemoveVolumes (--remove-volumes)";

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((StorageVolume)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        if (stack.Volumes.TryGetValue(live.Id.Name, out var other))
        {
            context.Note("TwoVolumes", $"volumes.{live.Id.Name}", $"there is a volume \"{live.Id.Name}\" in another pool than {live.Id.Scope} too, and a file has room for one of that name", "rename one of the two: incus storage volume rename");
            return stack;
        }

        var planning = new PlanningContext(stack, context.Project, context.Server, context.Remotes);
        var volume = new VolumeDefinition { Name = live.Id.Name, External = context.IsExternal(live), Pool = StoragePoolKind.DefaultPool(planning) == live.Id.Scope ? null : live.Id.Scope };
        if (!volume.External)
        {
            var raw = (StorageVolume)live.Raw;
            var pool = (context.Server.Find(StoragePoolKind.IdOf(live.Id.Scope!))?.Raw as StoragePool)?.Config;
            var config = new SortedDictionary<string, string>(ExportContext.ConfigOf(this, live, (key, value) => value == (pool?.GetValueOrDefault($"volume.{key}") ?? DefaultOf(key, raw.ContentType))).ToDictionary(), StringComparer.Ordinal);
            var size = config.TryGetValue("size", out var text) && CommonShapes.Size.Accepts(text) && config.Remove("size") ? text : null;
            volume = volume with
            {
                ContentType = raw.ContentType,
                Description = ExportContext.Text(live),
                Target = live.Mark?.Applied.Plain(PropertyPath.Target),
                Size = size,
                Snapshots = SnapshotsExport.Take(config),
                Config = config.AsReadOnly(),
            };
        }

        return stack with { Volumes = ExportContext.With(stack.Volumes, volume.Name, volume) };
    }

    // Source: Incus internal/server/storage/drivers, the values that drivers fill in.
    private static string? DefaultOf(string key, string contentType) => key switch
    {
        "size" => contentType == "block" ? "10GiB" : null,
        "block.filesystem" => "ext4",
        "block.mount_options" => "discard",
        _ => null,
    };

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is { } found ? Describe(id, found.Value) : null;

    protected override ResourceId IdOf(StorageVolume resource) =>
        throw new NotSupportedException("A volume's object does not say which pool it is in.");

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, StorageVolume resource) => [StoragePoolKind.IdOf(id.Scope!)];

    protected override Task<Versioned<StorageVolume>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        OnItsMemberAsync(client, id, view => view.StorageVolumes.FindAsync(id.Scope!, id.Name, cancellationToken), cancellationToken);

    protected override ResourceFields FieldsOf(StorageVolume resource)
    {
        var fields = base.FieldsOf(resource);
        fields.Set(PropertyPath.ContentType, resource.ContentType);
        fields.Set(PropertyPath.Target, Placement.MemberOf(resource.Location));
        return fields;
    }

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.StorageVolumes.CreateAsync(
            id.Scope!,
            new StorageVolume
            {
                Name = id.Name,
                Type = "custom",
                ContentType = fields.Word(PropertyPath.ContentType),
                Description = fields.Word(PropertyPath.Description),
                Config = fields.Config,
            },
            cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<StorageVolume> found, StorageVolume changed, CancellationToken cancellationToken) =>
        OnItsMemberAsync(client, id, view => DoneAsync(view.StorageVolumes.UpdateAsync(id.Scope!, id.Name, changed, found.ETag, cancellationToken)), cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        OnItsMemberAsync(context.Client, id, view => DoneAsync(view.StorageVolumes.DeleteAsync(id.Scope!, id.Name, cancellationToken)), cancellationToken);

    private static async Task<bool> DoneAsync(Task request)
    {
        await request.ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Asks for a volume. Where several members of a cluster have one of the name, the server wants to be told which: the one
    /// that a stack made. Otherwise none is named, since a restricted client may not be allowed to.
    /// </summary>
    private static async Task<TAnswer> OnItsMemberAsync<TAnswer>(IncusClient client, ResourceId id, Func<IncusClient, Task<TAnswer>> request, CancellationToken cancellationToken)
    {
        try
        {
            return await request(client).ConfigureAwait(false);
        }
        catch (IncusException error) when (error.ServerMessage?.Contains("ore than one cluster member", StringComparison.Ordinal) == true)
        {
            var volumes = await client.StorageVolumes.ListAsync(id.Scope!, cancellationToken).ConfigureAwait(false);
            if (volumes.FirstOrDefault(volume => volume.Name == id.Name && OwnershipMark.Read(id, volume.Config) is not null) is not { } marked)
                throw;
            return await request(client.ForTarget(marked.Location)).ConfigureAwait(false);
        }
    }

    private static bool IsIso(LiveResource live) => live.Properties[PropertyPath.ContentType] == "iso";

    private static string PathOf(VolumeDefinition volume) => $"volumes.{volume.Name}";
}
