using Incus.Client;
using IncusCompose.Operating;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Exporting;

/// <summary>
/// What goes into a file: what was asked for, and all that it uses. What nothing else uses is the stack's own; the rest is
/// named as external.
/// </summary>
internal sealed class ExportSelection
{
    private static readonly ResourceId s_defaultProfile = ProfileKind.IdOf("default");

    private readonly ServerObservation _server;
    private readonly string _project;
    private readonly HashSet<string> _inProject;

    /// <param name="server">What is live.</param>
    /// <param name="project">The project that is looked at.</param>
    public ExportSelection(ServerObservation server, string project)
    {
        _server = server;
        _project = project;
        _inProject = server.Find(ProjectKind.IdOf(project))?.Raw is Project { UsedBy: { } addresses } ? [.. addresses.Select(PathOf)] : [];
    }

    /// <summary>What the stack is to own.</summary>
    public HashSet<ResourceId> Owned { get; private set; } = [];

    /// <summary>What it uses besides.</summary>
    public HashSet<ResourceId> External { get; } = [];

    /// <summary>Resources of the project that are left out, since they are another stack's.</summary>
    public List<LiveResource> Others { get; } = [];

    /// <summary>An existing stack: what bears its mark.</summary>
    /// <exception cref="StackNotFoundException">There is none of that name.</exception>
    public void AddStack(string stack)
    {
        Owned = [.. _server.Resources.Where(live => live.Mark?.BelongsTo(stack, _project) == true && RecordedWords.ReadRun(live) is null).Select(live => live.Id)];
        if (Owned.Count == 0)
            throw new StackNotFoundException(stack, _project, [.. _server.Resources.Select(live => live.Mark).Where(mark => mark?.Project == _project).Select(mark => mark!.Stack).Distinct()]);
        External.UnionWith(Uses(Owned).Where(id => !Owned.Contains(id)));
        Finish();
    }

    /// <summary>Single instances, with all that they use.</summary>
    public void AddInstances(IEnumerable<string> names)
    {
        var chosen = names.Select(InstanceKind.IdOf).ToHashSet();
        Owned = [.. chosen];
        Owned.UnionWith(Reachable(chosen).Where(MayOwn));
        Shrink(chosen, chosen);
    }

    /// <summary>Everything in the project that is no other stack's.</summary>
    public void AddProject()
    {
        var all = _server.Resources
            .Where(live => live.Id.Kind is not (ImageKind.KindName or ProjectKind.KindName) && live.Id.Kind != StoragePoolKind.KindName && IsInProject(live))
            .ToList();
        Others.AddRange(all.Where(live => live.Mark is not null).OrderBy(live => ResourceKinds.RankOf(live.Id)).ThenBy(live => live.Id.ToString(), StringComparer.Ordinal));
        var chosen = all.Where(live => live.Mark is null).Select(live => live.Id).ToHashSet();
        var project = _server.Find(ProjectKind.IdOf(_project));
        // The default project is there in any case, and so is its default profile.
        if (_project == "default" || Others.Count > 0 || project is not { Mark: null })
            chosen.Remove(s_defaultProfile);
        else
            chosen.Add(project.Id);
        Owned = [.. chosen];
        Owned.UnionWith(Reachable(chosen).Where(MayOwn));
        // A network of the project that something else uses as well is named, not owned.
        Shrink(chosen, [.. chosen.Where(id => id.Kind is InstanceKind.KindName or ProjectKind.KindName)]);
    }

    /// <summary>What others use as well is not the stack's own; nor is what only such things use.</summary>
    /// <param name="chosen">What was asked for.</param>
    /// <param name="sure">What of it is owned whoever uses it.</param>
    private void Shrink(HashSet<ResourceId> chosen, HashSet<ResourceId> sure)
    {
        for (var before = -1; before != Owned.Count;)
        {
            before = Owned.Count;
            var users = Owned.SelectMany(id => AddressesOf(_server.Find(id))).ToHashSet();
            var reachable = Reachable(Owned.Where(chosen.Contains));
            Owned.RemoveWhere(id => !sure.Contains(id) && ((!chosen.Contains(id) && !reachable.Contains(id)) || !IsOnlyUsedBy(id, users)));
        }

        // What lies on a network or in a zone goes with it.
        Owned.UnionWith(_server.Resources.Where(live => live.Mark is null && ResourceKinds.Of(live.Id).HolderOf(live.Id) is { } holder && Owned.Contains(holder)).Select(live => live.Id));
        External.UnionWith(Uses(Owned).Where(id => !Owned.Contains(id)));
        Finish();
    }

    private void Finish()
    {
        // Other instances are no part of it; the default profile is every instance's anyway.
        External.RemoveWhere(id => id.Kind == InstanceKind.KindName || id == s_defaultProfile || _server.Find(id) is null);
    }

    private bool MayOwn(ResourceId id) => id.Kind != InstanceKind.KindName && id != s_defaultProfile && _server.Find(id) is { Mark: null } live && ResourceKinds.Of(id).CanAdopt(live);

    private bool IsOnlyUsedBy(ResourceId id, HashSet<string> users) =>
        _server.Find(id) is { } live && ResourceKinds.Of(id).UsersOf(live)
            .Select(PathAndProjectOf)
            // Images lie in pools as copies that the server makes anew.
            .All(user => users.Contains(user) || user.StartsWith("/1.0/images/", StringComparison.Ordinal));

    private HashSet<ResourceId> Reachable(IEnumerable<ResourceId> from)
    {
        var found = new HashSet<ResourceId>();
        var next = new Queue<ResourceId>(from);
        while (next.TryDequeue(out var id))
        {
            foreach (var used in Uses([id]).Where(used => used.Kind != InstanceKind.KindName && found.Add(used)))
                next.Enqueue(used);
        }

        return found;
    }

    // Of an instance what it has itself; what its profiles have is theirs.
    private IEnumerable<ResourceId> Uses(IEnumerable<ResourceId> ids) => ids.Select(_server.Find).OfType<LiveResource>().SelectMany(live => live.Raw is Instance instance
        ? [.. instance.Profiles.Select(ProfileKind.IdOf), .. DeviceUses.WithParents(instance.Devices)]
        : live.Uses).Where(id => _server.Find(id) is { } used && used.Raw is not Network { Managed: false });

    private bool IsInProject(LiveResource live) => _inProject.Contains(ResourceKinds.Of(live.Id).AddressOf(live));

    private IEnumerable<string> AddressesOf(LiveResource? live)
    {
        if (live is null)
            yield break;
        var address = ResourceKinds.Of(live.Id).AddressOf(live);
        yield return _project == "default" || !IsInProject(live) ? address : $"{address}?project={_project}";
    }

    private static string PathOf(string address) => Uri.UnescapeDataString(address.Split('?')[0]);

    private static string PathAndProjectOf(string address)
    {
        var cut = address.IndexOf('?', StringComparison.Ordinal);
        var path = PathOf(address);
        var snapshot = path.IndexOf("/snapshots/", StringComparison.Ordinal);
        if (snapshot >= 0)
            path = path[..snapshot];
        var project = cut < 0 ? "" : address[cut..].TrimStart('?').Split('&').FirstOrDefault(part => part.StartsWith("project=", StringComparison.Ordinal)) ?? "";
        return project.Length == 0 || project == "project=default" ? path : $"{path}?{Uri.UnescapeDataString(project)}";
    }
}
