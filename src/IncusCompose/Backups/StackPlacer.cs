using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>
/// Says what a stack's resources will be in another place: what they are called there, what they refer to, and whether
/// they can be there at all. It looks at that place and changes nothing.
/// </summary>
internal sealed class StackPlacer
{
    private readonly IncusClient _target;
    private readonly string _stack;
    private readonly IReadOnlyList<LiveResource> _content;
    private readonly IReadOnlyDictionary<string, string> _pools;
    private readonly List<string> _problems = [];
    private Dictionary<ResourceId, ResourceId> _names = [];

    /// <param name="target">Where to, in the project to use.</param>
    /// <param name="stack">The stack's name there.</param>
    /// <param name="content">The resources as they were.</param>
    /// <param name="pools">Storage pools that have another name there.</param>
    public StackPlacer(IncusClient target, string stack, IReadOnlyList<LiveResource> content, IReadOnlyDictionary<string, string> pools)
    {
        _target = target;
        _stack = stack;
        _pools = pools;
        ReportUnknown("storage pool", pools.Keys, content.SelectMany(PoolsOf));
        // What is in another pool there needs none of its own.
        _content = [.. content.Where(live => !(live.Id.Kind == StoragePoolKind.KindName && pools.ContainsKey(live.Id.Name)))];
    }

    /// <summary>The name there of a resource that would be called as before; null: as before.</summary>
    public Func<LiveResource, ResourceId, ServerObservation, string>? Rename { get; init; }

    /// <summary>
    /// Changes the fields of a resource that is placed, beside the names that it refers to; is told what is there, where that
    /// is to be brought up to date.
    /// </summary>
    public Action<LiveResource, ResourceFields, LiveResource?>? Change { get; init; }

    /// <summary>True for what is there and is to be brought up to date; null: what is there is in the way.</summary>
    public Func<LiveResource, LiveResource, bool>? Renews { get; init; }

    /// <summary>What a resource of the stack is called there; known while it is planned.</summary>
    public string? NameOf(ResourceId id) => _names.GetValueOrDefault(id)?.Name;

    /// <summary>What else is in the way.</summary>
    public void Report(string problem) => _problems.Add(problem);

    /// <summary>Reports names that somebody gave for something of the stack, and that are none.</summary>
    /// <param name="what">What they are to be, in a word or two.</param>
    /// <param name="given">The names.</param>
    /// <param name="known">Those that there are.</param>
    public void ReportUnknown(string what, IEnumerable<string> given, IEnumerable<string> known)
    {
        var all = known.Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var name in given.Except(all))
            Report($"the stack has no {what} {Excerpts.Quote(name)}; {(all.Count == 0 ? "it has none at all" : "there is: " + string.Join(", ", all))}");
    }

    /// <exception cref="StackConflictException">It cannot be there.</exception>
    public async Task<StackCopyPlan> PlanAsync(IStackSource source, Func<IReadOnlyList<string>> warnings, CancellationToken cancellationToken)
    {
        var own = _content.FirstOrDefault(live => live.Id.Kind == ProjectKind.KindName);
        var exists = _target.Project == IncusClient.DefaultProject
            || await _target.Projects.FindAsync(_target.Project, cancellationToken).ConfigureAwait(false) is not null;
        if (!exists && own is null)
            throw new StackConflictException(_stack, [$"there is no project {_target.Project}: create it (incus project create {_target.Project}), or name another one"]);
        var server = await StackObserver.ObserveAsync(
            _target, exists ? null : ((Project)own!.Raw).Config, _pools.Values, cancellationToken).ConfigureAwait(false);
        // What holds others stands before them.
        _names = [];
        foreach (var live in _content)
            _names[live.Id] = NameThere(live, server);
        var placed = _content.Select(live => Place(live, server)).ToList();
        var ids = placed.Select(resource => resource.Id).ToHashSet();
        foreach (var resource in placed)
        {
            if (resource is { Exists: false, IsRenewed: false } && Taken(resource, server, _target.Project) is { } taken)
                _problems.Add(taken);
            foreach (var needed in NeedsOf(resource).Where(needed => !ids.Contains(needed) && server.Find(needed) is null))
                _problems.Add(Missing(resource, needed, server));
        }

        foreach (var twice in placed.GroupBy(resource => resource.Id).Where(group => group.Count() > 1))
            _problems.Add($"two resources would be called {twice.Key}");
        if (_problems.Count > 0)
            throw new StackConflictException(_stack, [.. _problems.Distinct()]);
        return new StackCopyPlan
        {
            Stack = _stack,
            Project = _target.Project,
            Resources = [.. placed.Select(resource => resource.Kind == InstanceKind.KindName ? resource with { RootPool = RootPoolOf(resource, placed, server) } : resource)],
            Warnings = warnings(),
            Source = source,
        };
    }

    private ResourceId NameThere(LiveResource live, ServerObservation server)
    {
        if (live.Id.Kind == ProjectKind.KindName)
            return ProjectKind.IdOf(_target.Project);
        var there = live.Id with { Scope = ScopeThere(live.Id) };
        // What lies in another resource has its name from the outside: an address, a name in the DNS.
        if (ResourceKinds.Of(live.Id).HolderOf(live.Id) is not null)
            return there;
        return live.Id.Kind == StoragePoolKind.KindName || Rename is null ? there : there with { Name = Rename(live, there, server) };
    }

    private string? ScopeThere(ResourceId id)
    {
        if (ResourceKinds.Of(id).HolderOf(id) is { } holder)
            return _names.GetValueOrDefault(holder)?.Name ?? id.Scope;
        return id.Scope is { } pool ? PoolOf(pool) : null;
    }

    private PlacedResource Place(LiveResource live, ServerObservation server)
    {
        var id = _names[live.Id];
        var fields = ResourceFields.From(live.Properties);
        foreach (var device in fields.Devices.Values)
            Translate(device);
        ResourceKinds.Of(live.Id).Translate(fields, id => _names.GetValueOrDefault(id)?.Name);
        if (fields.Words.TryGetValue(PropertyPath.Profiles, out var profiles) && profiles.Length > 0)
            fields.Set(PropertyPath.Profiles, string.Join(",", profiles.Split(',').Select(name => _names.GetValueOrDefault(ProfileKind.IdOf(name))?.Name ?? name)));
        if (fields.Words.TryGetValue(PropertyPath.DependsOn, out var dependencies))
        {
            fields.Set(PropertyPath.DependsOn, DependencyText.Write(DependencyText.Read(dependencies)
                .Select(dependency => dependency with { Instance = _names.GetValueOrDefault(InstanceKind.IdOf(dependency.Instance))?.Name ?? dependency.Instance })));
        }

        var mark = live.Mark!;
        // Where the server chose to keep a pool is that server's own matter.
        if (live.Id.Kind == StoragePoolKind.KindName && !mark.Applied.Contains(PropertyPath.Config("source")))
            fields.Set(PropertyPath.Config("source"), null);
        // And so is which member of a cluster something is on.
        if (live.Id.Kind is InstanceKind.KindName or VolumeKind.KindName)
            fields.Set(PropertyPath.Target, null);
        var there = server.Find(id);
        var exists = there is not null && live.Id.Kind is ProjectKind.KindName or StoragePoolKind.KindName;
        var renewed = !exists && there is not null && Renews?.Invoke(live, there) == true;
        Change?.Invoke(live, fields, renewed ? there : null);
        var properties = fields.ToBag();
        return new PlacedResource
        {
            Id = id,
            From = live.Id,
            Stack = _stack,
            Exists = exists,
            IsRenewed = renewed,
            Starts = live.Raw is Instance { StatusCode: StatusCode.Running or StatusCode.Ready },
            Origin = live,
            Desired = new DesiredResource
            {
                Id = id,
                // "instances.web": the last word is the name.
                DefinitionPath = DefinitionThere(mark.Key, live.Id, id),
                Properties = properties,
                Applied = mark.Applied.Moved(live.Properties, properties),
            },
        };
    }

    private static string DefinitionThere(string key, ResourceId from, ResourceId there)
    {
        if (!key.EndsWith("." + from.Name, StringComparison.Ordinal))
            return key;
        var before = key[..^from.Name.Length];
        // "networks.front.forwards.192.0.2.10": what it lies in may have another name, too.
        if (from.Scope is { } scope && there.Scope is { } scopeThere && before.IndexOf($".{scope}.", StringComparison.Ordinal) is >= 0 and var at)
            before = before[..(at + 1)] + scopeThere + before[(at + 1 + scope.Length)..];
        return before + there.Name;
    }

    /// <summary>Gives the options of a device the names that what they refer to has there.</summary>
    public void Translate(SortedDictionary<string, string> device)
    {
        if (device.TryGetValue("network", out var network) && _names.TryGetValue(NetworkKind.IdOf(network), out var otherNetwork))
            device["network"] = otherNetwork.Name;
        if (device.TryGetValue("security.acls", out var acls))
            device["security.acls"] = NetworkText.Translated(acls, NetworkAclKind.IdOf, id => _names.GetValueOrDefault(id)?.Name);
        if (!device.TryGetValue("pool", out var pool))
            return;
        if (device.TryGetValue("source", out var source) && source.Length > 0)
        {
            var volume = source.Split('/')[0];
            if (_names.TryGetValue(VolumeKind.IdOf(pool, volume), out var other))
                device["source"] = other.Name + source[volume.Length..];
        }

        device["pool"] = PoolOf(pool);
    }

    private static IEnumerable<string> PoolsOf(LiveResource live) =>
    [
        .. live.Id.Kind == StoragePoolKind.KindName ? [live.Id.Name] : live.Id.Scope is { } pool && ResourceKinds.Of(live.Id).HolderOf(live.Id) is null ? [pool] : Enumerable.Empty<string>(),
        .. ((live.Raw as Instance)?.ExpandedDevices.Values ?? ResourceFields.From(live.Properties).DeviceMap().Values)
            .Select(device => device.GetValueOrDefault("pool")).OfType<string>(),
    ];

    private string PoolOf(string pool) => _pools.GetValueOrDefault(pool, pool);

    /// <summary>What a resource stands on. Waiting for an instance that is not there harms nothing: it is only noted.</summary>
    private static IEnumerable<ResourceId> NeedsOf(PlacedResource resource)
    {
        var fields = ResourceFields.From(resource.Desired.Properties);
        var profiles = fields.Word(PropertyPath.Profiles);
        return
        [
            .. DeviceUses.Of(fields.DeviceMap()),
            .. resource.Kind == InstanceKind.KindName && profiles.Length > 0 ? profiles.Split(',').Select(ProfileKind.IdOf) : [],
            .. resource.Kind == VolumeKind.KindName ? [StoragePoolKind.IdOf(resource.Id.Scope!)] : Enumerable.Empty<ResourceId>(),
            .. ResourceKinds.Of(resource.Id).HolderOf(resource.Id) is { } holder ? [holder] : Enumerable.Empty<ResourceId>(),
        ];
    }

    /// <summary>False for what Incus itself made with the project, and nobody has put anything into: a stack may have it.</summary>
    public static bool IsInTheWay(LiveResource there) =>
        there is not { Mark: null, Raw: Profile { Name: "default", Config.Count: 0, Devices.Count: 0 } };

    private static string? Taken(PlacedResource resource, ServerObservation server, string project)
    {
        if (server.Find(resource.Id) is not { } there || !IsInTheWay(there))
            return null;
        var owner = there.Mark is { } mark ? $", of stack {mark.Stack}{(mark.Project == project ? "" : $" in project {mark.Project}")}" : "";
        return $"{resource.Id} exists already{owner}";
    }

    private static string Missing(PlacedResource resource, ResourceId needed, ServerObservation server) =>
        $"{resource.Id} needs {needed}, which is not there"
        + (needed.Kind == StoragePoolKind.KindName
            ? $"; say which pool takes its place ({string.Join(", ", server.OfKind(StoragePoolKind.KindName).Select(pool => pool.Id.Name).Order(StringComparer.Ordinal))})"
            : "");

    /// <summary>The pool of an instance's root disk there: its own word, else that of its profiles as they will be.</summary>
    private static string? RootPoolOf(PlacedResource instance, IReadOnlyList<PlacedResource> placed, ServerObservation server)
    {
        var fields = ResourceFields.From(instance.Desired.Properties);
        if (fields.DeviceMap().Values.FirstOrDefault(InstanceForm.IsRootDisk) is { } own)
            return own["pool"];
        return fields.Word(PropertyPath.Profiles).Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(ProfileKind.IdOf)
            .SelectMany(id => placed.FirstOrDefault(resource => resource.Id == id) is { } made
                ? ResourceFields.From(made.Desired.Properties).DeviceMap().Values
                : (server.Find(id)?.Raw as Profile)?.Devices.Values ?? [])
            .LastOrDefault(InstanceForm.IsRootDisk)?["pool"];
    }
}
