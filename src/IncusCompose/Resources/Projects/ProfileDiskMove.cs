using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Projects;

/// <summary>
/// Moves the root disks that instances have from a profile, whose pool changes. The server takes no such change of a profile as
/// long as an instance goes by it; so each disk is moved first, by which its instance gets a root device of its own, then the
/// profile is changed, and then these devices are taken out again. Source: Incus cmd/incusd/profiles_utils.go, doProfileUpdate.
/// </summary>
internal static class ProfileDiskMove
{
    /// <summary>The pools between which a profile's change moves the disks of its instances; null where it moves none.</summary>
    public static RootDiskPools? Of(ResourceChange change) =>
        change is { Action: ChangeAction.Update, Live.Raw: Profile profile, Desired: DesiredProfile { RootDisks.Count: > 0 } desired }
        && RootDiskMove.RootOf(profile.Devices) is { } now && RootDiskMove.RootOf(ResourceFields.From(desired.Properties).DeviceMap()) is { } wanted
        && now.Pool != wanted.Pool && change.Steps.Any(step => step.Path == PropertyPath.Device(wanted.Name, "pool"))
            ? new RootDiskPools(now.Pool, wanted.Pool)
            : null;

    /// <summary>True for a change of a profile that moves the root disk of an instance.</summary>
    public static bool Moves(ResourceChange change, ResourceId instance) =>
        Of(change) is not null && ((DesiredProfile)change.Desired!).RootDisks.Any(disk => InstanceKind.IdOf(disk.Owner) == instance);

    /// <summary>
    /// Sees to it that the instances that have their root disks from a profile that gives them another pool, or none any more, are
    /// the stack's own, and stop for it, or are stopped. One that has its root disk from elsewhere in the end gets that first, and
    /// is not moved with the profile.
    /// </summary>
    public static void WithTheirInstances(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server, string project, ResourcePlanner planner)
    {
        foreach (var id in changes.Values.Where(change => (Of(change) is not null || TakesAway(change)) && change.Refused is null).Select(change => change.Id).ToList())
        {
            var (profile, desired) = (changes[id], (DesiredProfile)changes[id].Desired!);
            var going = desired.RootDisks.Where(disk => changes.GetValueOrDefault(InstanceKind.IdOf(disk.Owner)) is { Desired: DesiredInstance { External: false } instance } && !IsFrom(profile, instance, changes, server)).ToList();
            changes[id] = profile = profile with { Desired = desired with { RootDisks = [.. desired.RootDisks.Except(going)] } };
            foreach (var disk in going)
                LetGoFirst(changes, id, InstanceKind.IdOf(disk.Owner), planner);
            if (Of(profile) is { } pools)
                Stop(changes, server, id, pools, planner);
            // Those of other projects that share its profiles are not seen.
            if (((Profile)profile.Live!.Raw).UsedBy.FirstOrDefault(address => Users.InstanceIn(address) is { } user && user.Project != project) is { } other)
                Refuse(changes, id, $"{Users.List([other])} has it, which is not in the stack's project");
        }
    }

    /// <summary>
    /// Has the deletions of a plan come before the changes of the profiles that the deleted have their root disks from. What stays
    /// beside the file stands in the way.
    /// </summary>
    public static void AfterDeletions(Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var id in changes.Values.Where(change => change is { Action: ChangeAction.Update, Desired: DesiredProfile, Live.Raw: Profile now } && RootDiskMove.RootOf(now.Devices)?.Pool != RootDiskMove.RootOf(ResourceFields.From(change.Desired.Properties).DeviceMap())?.Pool).Select(change => change.Id).ToList())
        {
            // Moves of volumes are put in their order after it.
            if (changes[id].DependsOn.Any(first => !PlannedDeletions.MayComeBefore(id, first, changes)))
                Refuse(changes, id, "what has to come before it in this plan would have to come after it, too; change the profile and what uses it in two steps");
            if (Of(changes[id]) is null && !TakesAway(changes[id]))
                continue;
            foreach (var disk in ((DesiredProfile)changes[id].Desired!).RootDisks)
            {
                var owner = InstanceKind.IdOf(disk.Owner);
                if (PlannedDeletions.Include(owner, changes))
                    AfterDeletion(changes, id, owner);
                else if (changes.GetValueOrDefault(owner) is not { Desired: DesiredInstance { External: false } })
                    Refuse(changes, id, $"the instance {disk.Owner} has its root disk from it, and is not in the file; give that one a root disk of its own first (incus config device override {disk.Owner} root), or delete it (where it was the stack's: -Prune, --prune)");
                // The server lets none go without: it does not look what others would bring.
                else if (TakesAway(changes[id]))
                    Refuse(changes, id, $"the instance {disk.Owner} has its root disk from it, and the server takes that from nobody; give {disk.Owner} a `disk` with a `pool` of its own, or keep the profile's");
            }
        }
    }

    private static void AfterDeletion(Dictionary<ResourceId, ResourceChange> changes, ResourceId profile, ResourceId owner)
    {
        var (change, desired) = (changes[profile], (DesiredProfile)changes[profile].Desired!);
        if (!PlannedDeletions.MayComeBefore(profile, owner, changes))
        {
            Refuse(changes, profile, $"the instance {owner.Name} has its root disk from it, and is deleted only after it in this plan; delete that one first (incus delete {owner.Name}), and apply again");
            return;
        }

        change = change with { DependsOn = [.. change.DependsOn.Append(owner).Distinct()], Desired = desired with { RootDisks = [.. desired.RootDisks.Where(disk => disk.Owner != owner.Name)] } };
        // Nothing is left to be moved.
        changes[profile] = Of(change) is null ? change with { Reason = "" } : change;
    }

    /// <summary>True for a change of a profile that takes its root disk away.</summary>
    private static bool TakesAway(ResourceChange change) =>
        change is { Action: ChangeAction.Update, Live.Raw: Profile profile, Desired: DesiredProfile { RootDisks.Count: > 0 } desired }
        && RootDiskMove.RootOf(profile.Devices) is { } now && RootDiskMove.RootOf(ResourceFields.From(desired.Properties).DeviceMap()) is null
        && change.Steps.Any(step => step.Path == PropertyPath.Device(now.Name, "pool"));

    /// <summary>True where an instance has its root disk from a profile in the end, too.</summary>
    private static bool IsFrom(ResourceChange profile, DesiredInstance instance, Dictionary<ResourceId, ResourceChange> changes, ServerObservation server)
    {
        var fields = ResourceFields.From(instance.Properties);
        return RootDiskMove.RootOf(fields.DeviceMap()) is null
            && fields.Word(PropertyPath.Profiles).Split(',').LastOrDefault(name => name == profile.Name || RootDiskMove.RootOf(DevicesOf(ProfileKind.IdOf(name))) is not null) == profile.Name;

        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> DevicesOf(ResourceId id) =>
            changes.GetValueOrDefault(id) is { Desired: { External: false } desired } ? ResourceFields.From(desired.Properties).DeviceMap()
            : (server.Find(id)?.Raw as Profile)?.Devices ?? new Dictionary<string, IReadOnlyDictionary<string, string>>();
    }

    /// <summary>Has an instance get its root disk from elsewhere before the profile changes that it has it from.</summary>
    private static void LetGoFirst(Dictionary<ResourceId, ResourceChange> changes, ResourceId profile, ResourceId owner, ResourcePlanner planner)
    {
        var (change, instance) = (changes[profile], changes[owner]);
        var own = RootDiskMove.RootOf(ResourceFields.From(instance.Desired!.Properties).DeviceMap())?.Name;
        var isWritten = instance.Action == ChangeAction.Replace
            || instance.Steps.Any(step => step.Path == (own is null ? PropertyPath.Profiles : PropertyPath.Device(own, "pool")));
        // What else comes with the profile would come after the instance has started.
        var isMore = change.Steps.Any(step => !(PropertyPath.IsDevice(step.Path, out var device, out _) && device == RootDiskMove.RootOf(((Profile)change.Live!.Raw).Devices)!.Value.Name));
        var freed = instance with { DependsOn = [.. instance.DependsOn.Where(id => id != profile)] };
        if (!isWritten)
            Refuse(changes, profile, $"the instance {owner.Name} has its root disk from it, and is not given another one in this plan{(UpdateOrder.WhyNotNow(instance, planner.Options) is { } manual ? $": {manual}" : "")}; leave the profile's pool until that is done");
        else if ((instance.DependsOn.Contains(profile) && isMore && (instance.Restarts || instance.Starts)) || !PlannedDeletions.MayComeBefore(profile, owner, new Dictionary<ResourceId, ResourceChange>(changes) { [owner] = freed }))
            Refuse(changes, profile, $"the instance {owner.Name} has its root disk from it and gets another one, which has to come first, and cannot in this plan; change the instance first and apply that, then the profile");
        else
            (changes[owner], changes[profile]) = (freed, change with { DependsOn = [.. change.DependsOn.Append(owner).Distinct()] });
    }

    private static void Refuse(Dictionary<ResourceId, ResourceChange> changes, ResourceId profile, string why) =>
        changes[profile] = changes[profile] with { Refused = changes[profile].Refused ?? why };

    /// <summary>Has the instances whose disks are moved with a profile stop for that.</summary>
    private static void Stop(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server, ResourceId profile, RootDiskPools pools, ResourcePlanner planner)
    {
        changes[profile] = changes[profile] with { Reason = pools.ToString() };
        foreach (var disk in ((DesiredProfile)changes[profile].Desired!).RootDisks)
        {
            // What is not in the file may yet be deleted.
            if (changes.GetValueOrDefault(InstanceKind.IdOf(disk.Owner)) is not { Desired.External: false } instance || server.Find(instance.Id)?.Raw is not Instance { StatusCode: not StatusCode.Stopped } live)
                continue;
            if (live.Ephemeral)
                Refuse(changes, profile, $"the instance {live.Name} has its root disk from it, is ephemeral, and would be gone once it is stopped for that; delete it first");
            else if (UpdateOrder.WhyNotNow(instance, planner.Options) is { } manual)
                Refuse(changes, profile, $"the instance {live.Name} has its root disk from it and runs, and {manual}");
            else if (!planner.Options.AllowRestart)
                Refuse(changes, profile, $"the instance {live.Name} has its root disk from it and runs, and is stopped while that is moved to the pool {pools.To}; allow that with -AllowRestart (--allow-restart)");
            // One that is paused is to go on anyway.
            else if (instance.Action is ChangeAction.None or ChangeAction.Start or ChangeAction.Restart or ChangeAction.Update)
                changes[instance.Id] = instance with { Action = instance.Action == ChangeAction.Update ? ChangeAction.Update : ChangeAction.Restart, Starts = false, Restarts = true, PendingRestart = false, Reason = Because(instance) };
        }

        string Because(ResourceChange instance) =>
            (instance.Reason.Length > 0 ? instance.Reason + "; " : "") + $"stopped while the root disk that it has from {profile} is moved";
    }

    /// <summary>Moves the disks of a profile's instances one after the other; those that run are stopped, and started by their own changes.</summary>
    public static async Task RunAsync(ApplyContext context, ResourceChange profile, CancellationToken cancellationToken)
    {
        if (Of(profile) is not { } pools)
            return;
        var names = new List<string>();
        foreach (var disk in ((DesiredProfile)profile.Desired!).RootDisks)
        {
            if (await FindAsync(disk.Owner).ConfigureAwait(false) is null)
                continue;
            names.Add(disk.Owner);
            await RootDiskMove.RequireMovableAsync(context.Client, disk.Owner, cancellationToken).ConfigureAwait(false);
        }

        foreach (var name in names)
        {
            if (await FindAsync(name).ConfigureAwait(false) is not { } instance)
                continue;
            if (instance.StatusCode != StatusCode.Stopped)
            {
                if (context.Plan.Resources.FirstOrDefault(change => change.Id == InstanceKind.IdOf(name)) is not { Restarts: true } own)
                    throw new PlanOutdatedException([InstanceKind.IdOf(name)]);
                await context.Stops.StopAsync(context, own, cancellationToken).ConfigureAwait(false);
            }

            await RootDiskMove.RunAsync(context, name, pools.To, cancellationToken).ConfigureAwait(false);
        }

        // Null where somebody has deleted it, moved it, or given it its root disk from elsewhere.
        async Task<Instance?> FindAsync(string name)
        {
            if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is not { } instance
                || RootDiskMove.RootOf(instance.ExpandedDevices)?.Pool != pools.From || RootDiskMove.RootOf(instance.Devices) is not null)
                return null;
            foreach (var other in instance.Profiles.Reverse())
            {
                if (other == profile.Name)
                    return instance;
                if ((await context.Client.Profiles.FindAsync(other, cancellationToken).ConfigureAwait(false))?.Value is { } used && RootDiskMove.RootOf(used.Devices) is not null)
                    return null;
            }

            return null;
        }
    }

    /// <summary>Takes the root devices out again that the moves left in the instances: from now on the profile has the same.</summary>
    public static async Task EndAsync(ApplyContext context, ResourceChange profile)
    {
        if (Of(profile) is not { } pools)
            return;
        var client = context.Client.FinishingChanges();
        foreach (var disk in ((DesiredProfile)profile.Desired!).RootDisks)
        {
            if ((await client.Instances.FindAsync(disk.Owner, CancellationToken.None).ConfigureAwait(false))?.Value is { } now && RootDiskMove.RootOf(now.Devices) is { } root && root.Pool == pools.To)
            {
                await client.Instances.UpdateAsync(
                    disk.Owner,
                    instance =>
                    {
                        var devices = instance.Devices.Where(device => device.Key != root.Name).ToDictionary();
                        return instance with { Config = RootDiskMove.Recorded(instance, devices), Devices = devices };
                    },
                    CancellationToken.None).CompleteAsync(null, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
