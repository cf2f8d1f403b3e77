using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>Where in a cluster an instance or a volume is to be.</summary>
/// <param name="Target">The member that it is made on or moved to; for an instance also <c>@</c> and a group, of which the server chooses a member.</param>
internal sealed record Place(string Target)
{
    /// <summary>What counts as the stack's word for it: what the file says of it, or of what must be on the same member; null: nothing is said.</summary>
    public string? Wanted { get; init; }

    /// <summary>The members that it may be on as it is.</summary>
    public required IReadOnlySet<string> Good { get; init; }

    /// <summary>The members that it was allowed to be on until now: those that the target's group has on the server; none where it is no group's.</summary>
    public IReadOnlySet<string> WasGood { get; init; } = new HashSet<string>();

    /// <summary>True where volumes of a member's own keep it there.</summary>
    public bool WithVolumes { get; init; }
}

/// <summary>
/// Where in a cluster the instances and volumes of a stack are to be. Volumes of a pool that each member has for itself are
/// used on their own member only: what is connected by such volumes is on one member, and where the file says it of one,
/// that holds for all of them. Source: Incus doc/explanation/clustering.md.
/// </summary>
internal sealed class Placement
{
    // Source: Incus internal/server/storage/drivers, those that say isRemote.
    private static readonly HashSet<string> s_sharedDrivers = ["ceph", "cephfs", "cephobject", "linstor", "lvmcluster", "truenas"];

    private readonly PlanningContext _context;
    private readonly Dictionary<ResourceId, Place> _places = [];
    private readonly Dictionary<ResourceId, List<ResourceId>> _volumes = [];

    private Placement(PlanningContext context) => _context = context;

    /// <summary>Finds the places; what cannot be is reported.</summary>
    public static Placement Of(PlanningContext context)
    {
        var placement = new Placement(context);
        if (context.About is not { } about)
            return placement;
        if (about.Environment.ServerClustered)
            placement.FindAll();
        else
            placement.RefuseAll();
        return placement;
    }

    /// <summary>The place of an instance or volume; null where the server chooses.</summary>
    public Place? Of(ResourceId id) => _places.GetValueOrDefault(id);

    /// <summary>The volumes that keep an instance on their member.</summary>
    public IReadOnlyList<ResourceId> VolumesOf(ResourceId instance) => _volumes.GetValueOrDefault(instance, []);

    /// <summary>The group that a target names; null where it names a member.</summary>
    public static string? GroupOf(string? target) => target is ['@', .. var group] ? group : null;

    private IEnumerable<(ResourceId Id, string Path, string? Target)> Said() =>
    [
        .. _context.Stack.Instances.Values.Select(instance => (InstanceKind.IdOf(instance.Name), $"instances.{instance.Group ?? instance.Name}.target", instance.Target)),
        .. _context.Stack.Volumes.Values.Where(volume => !volume.External).Select(volume => (VolumeKind.IdOf(VolumeKind.PoolOf(volume, _context) ?? "", volume.Name), $"volumes.{volume.Name}.target", volume.Target)),
    ];

    private void RefuseAll()
    {
        foreach (var path in Said().Where(said => said.Target is not null).Select(said => said.Path).Distinct())
            RefuseWithoutCluster(_context, path);
    }

    /// <summary>Says that there are no members to choose from.</summary>
    public static void RefuseWithoutCluster(PlanningContext context, string path) =>
        context.Error("NotClustered", path, "the server is not part of a cluster, and so has no members to choose from", $"remove `{WordOf(context, path)}`, or name a cluster with `remote`");

    /// <summary>The word of the file that says where something is to be, below what it says it of.</summary>
    private static string WordOf(PlanningContext context, string path) =>
        context.Stack.Source.Said(path) is var said && said != path && said.Split('.', 3) is [_, _, var word] ? word : "target";

    private void FindAll()
    {
        var said = Said().ToDictionary(one => one.Id);
        var allowed = new Dictionary<ResourceId, IReadOnlySet<string>>();
        var sound = true;
        foreach (var (id, path, target) in said.Values.Where(one => one.Target is not null))
        {
            if (MembersOf(id, path, target!) is { } members)
                allowed[id] = members;
            else
                sound = false;
        }

        // What is unknown has been reported.
        if (!sound)
            return;
        var together = Connected();
        foreach (var group in together)
            Settle(group, said, allowed);
        foreach (var (id, members) in allowed.Where(pair => !_places.ContainsKey(pair.Key)))
            _places[id] = new Place(said[id].Target!) { Wanted = said[id].Target, Good = members, WasGood = GroupNow(said[id].Target) };
    }

    /// <summary>The members that a target stands for; null, with a problem reported, where there are none.</summary>
    private IReadOnlySet<string>? MembersOf(ResourceId id, string path, string target)
    {
        if (id.Kind == VolumeKind.KindName && !IsLocal(id))
        {
            if (DriverOf(id.Scope!) is { } driver)
                _context.Error("TargetOfShared", path, $"the storage pool \"{id.Scope}\" is one for all members ({driver}), so that its volumes lie on none of them", "remove `target`");
            return null;
        }

        var groups = _context.Stack.ClusterGroups.Values.Select(group => (group.Name, group.Members))
            .Concat(_context.Server.OfKind(ClusterGroupKind.KindName).Select(live => (live.Id.Name, ((ClusterGroup)live.Raw).Members)))
            .DistinctBy(group => group.Name).ToDictionary(group => group.Name, group => group.Members);
        if (GroupOf(target) is { } name)
        {
            if (!_context.Require("clustering_groups", path, "A group of members as target"))
                return null;
            if (!groups.TryGetValue(name, out var members))
                _context.Error("UnknownGroup", path, $"the cluster has no group {Excerpts.Quote(name)}", Suggestions.DidYouMean(name, groups.Keys, $"declare it under `cluster_groups`, or name one of: {List(groups.Keys.Select(group => "@" + group))}"));
            else if (members.Count == 0)
                _context.Error("EmptyGroup", path, $"no member of the cluster is in the group {Excerpts.Quote(name)}", "put members into it: cluster_groups: {" + name + ": {members: […]}}");
            else
                return members.ToHashSet(StringComparer.Ordinal);
            return null;
        }

        if (_context.Server.SilentMembers.Contains(target) && !LocationsOf(id).Contains(target))
        {
            _context.Error("MemberSilent", path, $"the cluster member {Excerpts.Quote(target)} does not answer, so that nothing can be made on it or moved to it", SilentMembers.Advice);
            return null;
        }

        // Whoever may not see the members has to rely on the server's own check.
        if (_context.Members is not { } all || all.Contains(target))
            return new HashSet<string>(StringComparer.Ordinal) { target };
        _context.Error("UnknownMember", path, $"the cluster has no member {Excerpts.Quote(target)}", groups.ContainsKey(target)
            ? $"there is a group of that name: write `\"@{target}\"`"
            : Suggestions.DidYouMean(target, all, $"its members: {List(all)}"));
        return null;
    }

    /// <summary>Instances and the local volumes that connect them.</summary>
    private List<List<ResourceId>> Connected()
    {
        var neighbours = new Dictionary<ResourceId, List<ResourceId>>();
        foreach (var instance in _context.Stack.Instances.Values)
        {
            var id = InstanceKind.IdOf(instance.Name);
            foreach (var volume in UsedBy(instance).Where(IsLocal).Distinct())
            {
                Neighbours(_volumes, id).Add(volume);
                Neighbours(neighbours, id).Add(volume);
                Neighbours(neighbours, volume).Add(id);
            }
        }

        var groups = new List<List<ResourceId>>();
        var seen = new HashSet<ResourceId>();
        foreach (var start in neighbours.Keys)
        {
            if (!seen.Add(start))
                continue;
            var group = new List<ResourceId> { start };
            for (var index = 0; index < group.Count; index++)
                group.AddRange(neighbours[group[index]].Where(seen.Add));
            groups.Add(group);
        }

        return groups;

        static List<ResourceId> Neighbours(Dictionary<ResourceId, List<ResourceId>> map, ResourceId id) =>
            map.TryGetValue(id, out var list) ? list : map[id] = [];
    }

    private IEnumerable<ResourceId> UsedBy(InstanceDefinition instance)
    {
        var named = instance.Volumes.Where(mount => mount is { IsHostPath: false, Tmpfs: null })
            .Select(mount => (mount.Source, Pools: InstanceForm.PoolsOf(mount.Source, _context)))
            // Where there is no telling, the volume itself is reported.
            .Where(mount => mount.Pools.Count == 1).Select(mount => VolumeKind.IdOf(mount.Pools[0], mount.Source));
        var devices = InstanceForm.ProfilesOf(instance).SelectMany(profile => InstanceForm.ProfileDevices(profile, _context))
            .Concat(instance.Devices)
            .GroupBy(device => device.Key).ToDictionary(device => device.Key, device => device.Last().Value);
        return named.Concat(DeviceUses.Of(devices).Where(used => used.Kind == VolumeKind.KindName));
    }

    /// <summary>Puts what is connected on one member: where the file says, or where it is.</summary>
    private void Settle(List<ResourceId> group, Dictionary<ResourceId, (ResourceId Id, string Path, string? Target)> said, Dictionary<ResourceId, IReadOnlySet<string>> allowed)
    {
        var words = new List<(ResourceId Id, IReadOnlySet<string> Members)>();
        IReadOnlySet<string>? left = null;
        foreach (var id in group)
        {
            // What is not the stack's own to move stays where it is: any member will do that has one of the name.
            var members = allowed.GetValueOrDefault(id)
                ?? (!said.ContainsKey(id) && LocationsOf(id) is { Count: > 0 } there ? there : null);
            if (members is null)
                continue;
            var narrower = left is null ? members : left.Intersect(members).ToHashSet(StringComparer.Ordinal);
            if (narrower.Count == 0)
            {
                Contradict(id, words, said, members);
                return;
            }

            left = narrower;
            words.Add((id, members));
        }

        var places = group.OrderBy(id => id.Kind != VolumeKind.KindName).Select(LocationOf).OfType<string>().Distinct().ToList();
        if (left is null && places.Count > 1)
        {
            var (volume, instance) = (group.First(id => id.Kind == VolumeKind.KindName && LocationOf(id) is not null), group.First(id => LocationOf(id) is { } place && place != places[0]));
            _context.Error("ApartFromVolume", PathOf(instance, said), $"{volume} is on {LocationOf(volume)}, and {instance} on {LocationOf(instance)}: {Rule}", $"say where both are to be with `target: {places[0]}`, which moves what is elsewhere, or use another volume");
            return;
        }

        // The member that is connected to makes what nothing is said of.
        var here = _context.About!.Environment.ServerName;
        var place = places.FirstOrDefault(member => left?.Contains(member) != false)
            ?? (left is null || left.Contains(here) ? here : left.OrderBy(_context.Server.SilentMembers.Contains).ThenBy(member => member, StringComparer.Ordinal).First());
        foreach (var id in group.Where(said.ContainsKey))
            _places[id] = new Place(place) { Wanted = said[id].Target ?? (left is null ? null : place), Good = new HashSet<string>(StringComparer.Ordinal) { place }, WasGood = GroupNow(said[id].Target), WithVolumes = true };
    }

    /// <summary>Who is in a target's group on the server, whatever the file says of it.</summary>
    private IReadOnlySet<string> GroupNow(string? target) =>
        (GroupOf(target) is { } group ? (_context.Server.Find(ClusterGroupKind.IdOf(group))?.Raw as ClusterGroup)?.Members ?? [] : []).ToHashSet(StringComparer.Ordinal);

    private void Contradict(
        ResourceId id, List<(ResourceId Id, IReadOnlySet<string> Members)> words, Dictionary<ResourceId, (ResourceId Id, string Path, string? Target)> said, IReadOnlySet<string> members)
    {
        var other = words.FirstOrDefault(word => !word.Members.Overlaps(members)) is { Members: not null } apart ? apart.Id : words[^1].Id;
        // What the file says is where it can be mended.
        var (at, against) = said.GetValueOrDefault(id).Target is null ? (other, id) : (id, other);
        _context.Error("TargetsApart", PathOf(at, said), $"{Says(at)}, and {Says(against)}: {Rule}", "give both the same `target`, or say it of one of them alone");

        string Says(ResourceId one) => said.GetValueOrDefault(one).Target is { } target ? $"{one} is to be on {target}" : $"{one}, which is not the stack's, is on {string.Join(", ", LocationsOf(one).Order(StringComparer.Ordinal))}";
    }

    private const string Rule = "a volume of a member's own storage pool can be used on that member only";

    private static string PathOf(ResourceId id, Dictionary<ResourceId, (ResourceId Id, string Path, string? Target)> said) =>
        said.TryGetValue(id, out var one) ? one.Target is null ? one.Path[..^".target".Length] : one.Path : $"volumes.{id.Name}";

    /// <summary>The member that something is on; null where it is on none or on several, or does not exist.</summary>
    private string? LocationOf(ResourceId id) => LocationsOf(id) is { Count: 1 } one ? one.Single() : null;

    /// <summary>The members that have one of an id; where one of them is the stack's own, its member alone.</summary>
    private IReadOnlySet<string> LocationsOf(ResourceId id)
    {
        var found = _context.Server.FindAll(id);
        if (found.Count > 1 && found[0].Mark?.BelongsTo(_context.Stack.Name, _context.Project) == true)
            found = [found[0]];
        return found.Select(live => live.Raw switch
        {
            Instance instance => MemberOf(instance.Location),
            StorageVolume volume => MemberOf(volume.Location),
            _ => null,
        }).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>A location as the server tells it; null for <c>none</c>, which is on no member in particular.</summary>
    public static string? MemberOf(string location) => location is "" or "none" ? null : location;

    private bool IsLocal(ResourceId volume) => _context.Server.Find(volume)?.Raw is StorageVolume live
        ? MemberOf(live.Location) is not null
        : DriverOf(volume.Scope!) is { } driver && !s_sharedDrivers.Contains(driver);

    private string? DriverOf(string pool) => StoragePoolKind.DriverOf(pool, _context);

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal)) is { Length: > 0 } list ? list : "(none)";
}
