using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Hooks;
using IncusCompose.Requirements;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Transactions;

namespace IncusCompose.Planning;

/// <summary>
/// Makes plans: from a definition and what is live, or from the stack's marks alone. Asks the server nothing and
/// knows no kind by name.
/// </summary>
internal static class StackPlanner
{
    /// <exception cref="StackFileException">The stack cannot be planned against this server; every reason is in it.</exception>
    public static StackPlan Plan(PlanningContext context, PlanOptions options, MetadataConfiguration? metadata, string serverName)
    {
        var planner = new ResourcePlanner(options, metadata);
        var desired = ResourceKinds.All
            .SelectMany(kind => kind.Desire(context).Select(resource => (kind, resource)))
            .ToList();
        foreach (var (_, resource) in desired)
            ServerRequirements.Check(resource, context);
        MissingNames.Check(desired, context);
        var holders = desired.Where(pair => pair.kind.ContainsAll).Select(pair => pair.resource.Id).ToList();
        var changes = new Dictionary<ResourceId, ResourceChange>();
        var missing = new List<(ResourceKind Kind, DesiredResource Resource)>();
        foreach (var (kind, resource) in desired)
        {
            var live = kind.Locate(resource, context.Server);
            // Whether an image that is not there matters is known once it is known what is created from it.
            if (resource is { External: true, OnDemand: true } && live is null)
            {
                missing.Add((kind, resource));
                continue;
            }

            if (context.Restricted?.CannotOwn(kind, resource, context) == true)
                continue;
            var adopted = Adoption.IsWanted(kind, resource, live, context, options);
            if (!adopted && !MayUse(kind, resource, live, context, options))
                continue;
            var change = (adopted ? planner.Adopt(kind, resource, live!) : planner.Plan(kind, resource, live)) with
            {
                DependsOn = [.. holders.Where(holder => holder != resource.Id).Concat(resource.DependsOn).Distinct()],
            };
            changes[resource.Id] = change;
        }

        foreach (var (kind, resource) in missing.Where(pair => IsNeeded(pair.Resource.Id, changes)))
            MayUse(kind, resource, null, context, options);
        GoWithWhatHoldsThem(changes, context.Server, planner);
        DropWhatNobodyNeeds(changes);
        MoveOrder.WithTheirUsers(changes, context.Project);
        ProfileDiskMove.WithTheirInstances(changes, context.Server, context.Project, planner);
        RestartWithWhatTheyDependOn(changes, planner);
        UpdateOrder.InTurn(changes);
        if (context.Restricted is not null)
        {
            foreach (var change in changes.Values)
                RestrictedClient.Check(ResourceKinds.Of(change.Id), change, context);
        }

        var orphans = Orphans(context, desired.Select(pair => pair.resource.Id).ToHashSet(), changes, options);
        VolumePoolMove.WithTheirUsers(changes, context.Server, context.Project);
        ProfileDiskMove.AfterDeletions(changes);
        LiveClaims.Check(changes, context);
        TightenLast(changes);
        // What cannot be planned for another reason is not there to be counted.
        if (context.Problems.All(problem => problem.Severity != DiagnosticSeverity.Error))
            ProjectRules.Check(context, changes);
        SilentMembers.Refuse(changes, context.Server);
        if (!options.AllowHostHooks)
            HookRefusal.Apply(changes);
        if (context.Problems.Any(problem => problem.Severity == DiagnosticSeverity.Error))
            throw new StackFileException(context.Problems);
        return new StackPlan
        {
            Stack = context.Stack.Name,
            Project = context.Project,
            Server = serverName,
            ProjectConfig = context.Stack.Project is { Create: true } project ? project.Config : null,
            Resources = Arrange(changes),
            Orphans = orphans,
            Diagnostics = [.. context.Problems, .. MovedImages.Notes(context, changes.Values, options), .. InactiveInstances.Notes(context), .. RenamedResources.Notes(context, changes), .. RootDiskMove.Notes(context.Server), .. TransactionNotes.Of(context.Server, context.Project, context.Stack.Name)],
            Planner = planner,
            AllowHostHooks = options.AllowHostHooks,
            HostFolder = context.Stack.Folder,
        };
    }

    /// <summary>A plan that takes a stack down, from the marks alone.</summary>
    public static StackPlan PlanRemoval(string stack, string project, ServerObservation server, RemovalOptions options, string serverName)
    {
        server = server.SeenBy(stack, project);
        var owned = server.Resources.Where(live => live.Mark?.BelongsTo(stack, project) == true).ToList();
        var unreachable = owned.Where(live => !ResourceKinds.Of(live.Id).IsKept(options))
            .Select(live => (Live: live, Why: SilentMembers.WhyNot(live.Id, live, null, server))).Where(pair => pair.Why is not null).ToDictionary(pair => pair.Live.Id, pair => pair.Why!);
        var deleted = owned.Where(live => !ResourceKinds.Of(live.Id).IsKept(options) && !unreachable.ContainsKey(live.Id)).Select(live => ResourceKinds.Of(live.Id).AddressOf(live)).ToHashSet();
        var changes = owned.ToDictionary(live => live.Id, live =>
        {
            var why = ResourceKinds.Of(live.Id).IsKept(options) ? "kept"
                : unreachable.TryGetValue(live.Id, out var silent) ? $"kept, since {silent}"
                : ResourceKinds.Of(live.Id).WhyKept(live, deleted, server);
            return why is null ? Deletion(live) : new ResourceChange { Id = live.Id, Action = ChangeAction.None, Reason = why, Live = live };
        });
        foreach (var (live, user) in KeepWhatIsUsed(changes, server))
            changes[live.Id] = new ResourceChange { Id = live.Id, Action = ChangeAction.None, Reason = $"kept, since {user} uses it", Live = live };

        OrderDeletions(changes);
        if (options is { AllowHostHooks: false, SkipHooks: false })
            HookRefusal.Apply(changes);
        return new StackPlan
        {
            Stack = stack,
            IsRemoval = true,
            Project = project,
            Server = serverName,
            Resources = Arrange(changes),
            AllowHostHooks = options.AllowHostHooks,
            SkipHooks = options.SkipHooks,
            HostFolder = options.HostFolder,
            Diagnostics = [.. KeptCheckpoints(stack, project, server, changes), .. OnSilentMembers(server), .. Kept(unreachable), .. RenamedResources.Notes(server, stack, project)],
        };
    }

    /// <summary>Checkpoints outlive their stack. Whoever takes it down is told so.</summary>
    private static IReadOnlyList<Diagnostic> KeptCheckpoints(string stack, string project, ServerObservation server, Dictionary<ResourceId, ResourceChange> changes)
    {
        var checkpoints = CheckpointStore.Read(server.Resources, project, stack);
        if (checkpoints.Count == 0 || changes.Values.All(change => change.Action == ChangeAction.None))
            return [];
        var names = string.Join(", ", checkpoints.Select(checkpoint => checkpoint.KeepsCopies ? checkpoint.Name : $"{checkpoint.Name} (without copies: its instances go)"));
        return [Diagnostic.Warning("CheckpointsStay", SourceLocation.None, "", $"the checkpoints of the stack stay on the server: {names}", "remove them with Remove-IncusStackCheckpoint (checkpoint remove) where they are not needed")];
    }

    /// <summary>Whether what is on a member that does not answer is the stack's cannot be known, and it stays.</summary>
    private static IEnumerable<Diagnostic> OnSilentMembers(ServerObservation server) =>
        from live in server.Resources
        let member = ResourceKinds.Of(live.Id).SilentMemberOf(live)
        where member is not null
        orderby live.Id.Name
        select Diagnostic.Warning(
            "MemberSilent", SourceLocation.None, "", $"{SilentText(live, member)}: if it is the stack's, it stays", "bring the member back and take the stack down again");

    /// <summary>What is the stack's and cannot be deleted as long as a member does not answer.</summary>
    private static IEnumerable<Diagnostic> Kept(Dictionary<ResourceId, string> unreachable) =>
        from one in unreachable
        orderby one.Key.ToString()
        select Diagnostic.Warning(
            "MemberSilent", SourceLocation.None, "", $"{one.Key} stays: {one.Value}", "bring the member back and take the stack down again");

    private static string SilentText(LiveResource live, string member) =>
        $"the {ResourceKinds.Of(live.Id).Noun} \"{live.Id.Name}\" is on the cluster member \"{member}\", which does not answer, so that nothing can be known of it";

    /// <summary>False, with a problem reported, for what must exist and does not, and for what exists and is somebody else's.</summary>
    private static bool MayUse(ResourceKind kind, DesiredResource resource, LiveResource? live, PlanningContext context, PlanOptions options)
    {
        if (live is not null && kind.SilentMemberOf(live) is { } member)
        {
            context.Error("MemberSilent", resource.DefinitionPath, SilentText(live, member), SilentMembers.Advice);
            return false;
        }

        if (resource.External)
        {
            if (live is null)
                kind.ReportMissing(resource, context);
            return live is not null;
        }

        if (live is null || kind.IsShared || (options.KeepExisting && live.Mark is null) || live.Mark?.BelongsTo(context.Stack.Name, context.Project) == true)
            return true;
        var comesWithProject = context.LiveProject is { } project && kind.ComesWith(project, resource.Id);
        if (comesWithProject && live.Mark is null && context.LiveProject!.Mark?.BelongsTo(context.Stack.Name, context.Project) == true)
            return true;
        var owner = live.Mark is { } mark
            ? $"belongs to the stack \"{mark.Stack}\"" + (mark.Project == context.Project ? "" : $" in project \"{mark.Project}\"")
            : RenamedResources.NameIn(live, context.Stack.Name, context.Project) is { } name ? $"bears the mark of {name}: it was renamed, moved or copied"
            : "was not made by this stack";
        var article = "aeiou".Contains(kind.Noun[0], StringComparison.Ordinal) ? "an" : "a";
        context.Error(
            "NameTaken",
            resource.DefinitionPath,
            $"there is already {article} {kind.Noun} \"{kind.NameOf(live)}\" on the server, and it {owner}",
            comesWithProject ? "mark it external: true to use it as it is, or give the stack a project of its own with project: {create: true}" : kind.AdviceWhenTakenBy(live)
                + (live.Mark is null && kind.CanAdopt(live) ? "; or take it into the stack as it is with -Adopt (--adopt)" : ""));
        return false;
    }

    /// <summary>What lies in something that is made anew goes with it, and is made anew too; what is not the stack's stands in the way.</summary>
    private static void GoWithWhatHoldsThem(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server, ResourcePlanner planner)
    {
        foreach (var live in server.Resources)
        {
            var kind = ResourceKinds.Of(live.Id);
            if (kind.HolderOf(live.Id) is not { } holder || changes.GetValueOrDefault(holder) is not { Action: ChangeAction.Replace } replaced)
                continue;
            if (changes.GetValueOrDefault(live.Id)?.Desired is { } desired)
                changes[live.Id] = planner.Plan(kind, desired, null) with { DependsOn = changes[live.Id].DependsOn, Reason = $"goes with {holder}" };
            else if (replaced.Refused is null)
                changes[holder] = replaced with { Refused = $"{live.Id} would go with it, which the file does not name; delete it first" };
        }
    }

    /// <summary>What holds everything comes first; where it is to allow less than before, the rest has to fit in before.</summary>
    private static void TightenLast(Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var holder in changes.Values.Where(change => ResourceKinds.Of(change.Id) is { ContainsAll: true } kind && kind.ComesLast(change)).ToList())
        {
            foreach (var change in changes.Values.Where(change => change.DependsOn.Contains(holder.Id)).ToList())
                changes[change.Id] = change with { DependsOn = [.. change.DependsOn.Where(id => id != holder.Id)] };
            changes[holder.Id] = holder with { DependsOn = [.. changes.Keys.Where(id => id != holder.Id)] };
        }
    }

    /// <summary>An instance whose file says so is restarted with what it depends on, and in turn whatever depends on it.</summary>
    private static void RestartWithWhatTheyDependOn(Dictionary<ResourceId, ResourceChange> changes, ResourcePlanner planner)
    {
        foreach (var change in Arrange(changes))
        {
            if (change is not { Live: not null, Starts: false, Restarts: false, Action: ChangeAction.None or ChangeAction.Update })
                continue;
            var cause = change.Conditions.Where(condition => condition.Restart)
                .Select(condition => changes.GetValueOrDefault(change.Id with { Name = condition.Instance }))
                .FirstOrDefault(other => other is { Restarts: true } or { Action: ChangeAction.Restart or ChangeAction.Rebuild or ChangeAction.Replace });
            if (cause is null)
                continue;
            changes[change.Id] = UpdateOrder.PostponedUnlessNamed(
                changes[change.Id] with
                {
                    Action = change.Action == ChangeAction.None ? ChangeAction.Restart : change.Action,
                    Restarts = true,
                    PendingRestart = false,
                    Reason = $"{cause.Id} is restarted, which it depends on",
                },
                planner.Options);
        }
    }

    /// <summary>An image that nothing is created from is not fetched.</summary>
    private static void DropWhatNobodyNeeds(Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var change in changes.Values.Where(change => change is { Desired.OnDemand: true, Action: ChangeAction.Create }).ToList())
        {
            if (!IsNeeded(change.Id, changes))
                changes.Remove(change.Id);
        }
    }

    private static bool IsNeeded(ResourceId image, Dictionary<ResourceId, ResourceChange> changes) =>
        changes.Values.Any(other =>
            other.Action is ChangeAction.Create or ChangeAction.Rebuild or ChangeAction.Replace && other.DependsOn.Contains(image));

    /// <summary>Plans or lists what the stack once made and the file no longer names.</summary>
    private static List<OrphanedResource> Orphans(
        PlanningContext context, HashSet<ResourceId> desired, Dictionary<ResourceId, ResourceChange> changes, PlanOptions options)
    {
        var orphans = new List<OrphanedResource>();
        // What goes on under another name is no orphan.
        var located = changes.Values.Select(change => change.Live?.Id).OfType<ResourceId>().ToHashSet();
        var found = context.Server.Resources
            .Where(live => live.Mark?.BelongsTo(context.Stack.Name, context.Project) == true && !desired.Contains(live.Id) && !located.Contains(live.Id) && !InactiveInstances.Include(context.Stack, live))
            .OrderByDescending(live => ResourceKinds.RankOf(live.Id))
            .ThenBy(live => live.Id.ToString(), StringComparer.Ordinal);
        foreach (var live in found)
        {
            // A scale is a word of its own for those with higher numbers.
            if (options.Scale.Keys.Any(group => live.Mark!.Key == $"instances.{group}" && Replicas.NumberOf(group, live.Id.Name) is not null))
                changes[live.Id] = Deletion(live) with { Reason = "more than the replicas that are wanted" };
            else if (ResourceKinds.Of(live.Id).PruningRefusal(options) is { } advice)
                orphans.Add(new OrphanedResource(live.Id, advice));
            else if (SilentMembers.WhyNot(live.Id, live, null, context.Server) is { } silent)
                orphans.Add(new OrphanedResource(live.Id, $"it stays, since {silent}"));
            else if (ResourceKinds.Of(live.Id) is { StaysWhereRefused: true } kind && kind.DeletionRefusal(live) is { } why)
                orphans.Add(new OrphanedResource(live.Id, $"it stays, since {why}"));
            else
                changes[live.Id] = Deletion(live) with { Reason = "no longer in the file" };
        }

        // What is shared, and something stays with that was made from it, by whatever name.
        var deleted = changes.Values.Where(change => change is { Action: ChangeAction.Delete or ChangeAction.Rebuild or ChangeAction.Replace, Live: not null }).Select(change => ResourceKinds.Of(change.Id).AddressOf(change.Live!)).ToHashSet();
        foreach (var change in changes.Values.Where(change => change is { Action: ChangeAction.Delete, Live: not null } && ResourceKinds.Of(change.Id).IsShared).ToList())
        {
            if (ResourceKinds.Of(change.Id).WhyKept(change.Live!, deleted, context.Server) is not { } why)
                continue;
            changes.Remove(change.Id);
            orphans.Add(new OrphanedResource(change.Id, $"it stays: {why}"));
        }

        orphans.AddRange(KeepWhatIsUsed(changes, context.Server).Select(kept => new OrphanedResource(kept.Live.Id, $"it stays, since {kept.User} uses it")));
        OrderDeletions(changes);
        return orphans;
    }

    private static ResourceChange Deletion(LiveResource live) => new()
    {
        Id = live.Id,
        Action = ChangeAction.Delete,
        Live = live,
        Refused = ResourceKinds.Of(live.Id).DeletionRefusal(live),
    };

    /// <summary>Takes deletions back out of a plan where something that stays uses the resource; the server would refuse them.</summary>
    private static List<(LiveResource Live, ResourceId User)> KeepWhatIsUsed(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server)
    {
        var kept = new List<(LiveResource, ResourceId)>();
        for (var count = -1; count != kept.Count;)
        {
            count = kept.Count;
            // What is changed in the same plan may use it no more afterwards.
            var elsewhere = changes.Values.Where(change => change.Live is not null && change.Live.Id != change.Id).GroupBy(change => change.Live!.Id).ToDictionary(moved => moved.Key, moved => moved.First());
            var uses = server.Resources.Select(live => (Live: live, Uses: UsesInTheEnd(live, changes.GetValueOrDefault(live.Id) ?? elsewhere.GetValueOrDefault(live.Id)))).ToList();
            foreach (var deletion in changes.Values.Where(change => change.Action == ChangeAction.Delete).ToList())
            {
                if (uses.FirstOrDefault(user => user.Uses.Contains(deletion.Id) && ResourceKinds.Of(deletion.Id).MayBeMeant(deletion.Live!, user.Live)) is not { Live: { } user })
                    continue;
                changes.Remove(deletion.Id);
                kept.Add((deletion.Live!, user.Id));
            }
        }

        return kept;
    }

    private static IReadOnlyList<ResourceId> UsesInTheEnd(LiveResource live, ResourceChange? change) => change switch
    {
        { Action: ChangeAction.Delete or ChangeAction.Replace } => [],
        { Action: ChangeAction.Update or ChangeAction.Rebuild } => ResourceKinds.Of(live.Id).UsesAfter(change),
        _ => live.Uses,
    };

    /// <summary>Something is deleted once nothing uses it any more: after every change of what was using it.</summary>
    private static void OrderDeletions(Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var deletion in changes.Values.Where(change => change.Action == ChangeAction.Delete).ToList())
        {
            var users = changes.Values
                .Where(other => other.Id != deletion.Id && other.Action != ChangeAction.None)
                .Where(other => ResourceKinds.Of(deletion.Id).ContainsAll || other.Live?.Uses.Contains(deletion.Id) == true)
                .Select(other => other.Id);
            changes[deletion.Id] = deletion with { DependsOn = [.. users] };
        }
    }

    /// <summary>Dependencies first; among those that do not depend on each other, by kind and name, so that a plan always reads the same.</summary>
    private static List<ResourceChange> Arrange(Dictionary<ResourceId, ResourceChange> changes)
    {
        var arranged = new List<ResourceChange>();
        var seen = new HashSet<ResourceId>();

        void Visit(ResourceChange change)
        {
            if (!seen.Add(change.Id))
                return;
            foreach (var id in change.DependsOn.Where(changes.ContainsKey))
                Visit(changes[id]);
            arranged.Add(change with { DependsOn = [.. change.DependsOn.Where(changes.ContainsKey)] });
        }

        foreach (var change in changes.Values
            .OrderBy(change => change.Action == ChangeAction.Delete)
            .ThenBy(change => ResourceKinds.RankOf(change.Id))
            .ThenBy(change => change.Id.ToString(), StringComparer.Ordinal))
            Visit(change);
        return arranged;
    }
}
