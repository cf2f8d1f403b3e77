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

    /// <summary>Sees to it that the instances of such a profile are the stack's own, and stop for it, or are stopped.</summary>
    public static void WithTheirInstances(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server, string project, ResourcePlanner planner)
    {
        foreach (var profile in changes.Values.Where(change => Of(change) is not null && change.Refused is null).ToList())
        {
            var pools = Of(profile)!.Value;
            changes[profile.Id] = profile with { Reason = pools.ToString() };
            foreach (var disk in ((DesiredProfile)profile.Desired!).RootDisks)
            {
                var id = InstanceKind.IdOf(disk.Owner);
                if (changes.GetValueOrDefault(id) is not { Desired.External: false } instance)
                    Refuse($"the instance {disk.Owner} has its root disk from it, and is not in the file; give that one a root disk of its own first (incus config device override {disk.Owner} root), or delete it");
                else if (server.Find(id)?.Raw is Instance { StatusCode: not StatusCode.Stopped } live)
                    Stop(instance, live);
            }

            // Those of other projects that share its profiles are not seen.
            if (((Profile)profile.Live!.Raw).UsedBy.FirstOrDefault(address => Users.InstanceIn(address) is { } user && user.Project != project) is { } other)
                Refuse($"{Users.List([other])} has it, which is not in the stack's project");

            void Stop(ResourceChange instance, Instance live)
            {
                if (live.Ephemeral)
                    Refuse($"the instance {live.Name} has its root disk from it, is ephemeral, and would be gone once it is stopped for that; delete it first");
                else if (UpdateOrder.WhyNotNow(instance, planner.Options) is { } manual)
                    Refuse($"the instance {live.Name} has its root disk from it and runs, and {manual}");
                else if (!planner.Options.AllowRestart)
                    Refuse($"the instance {live.Name} has its root disk from it and runs, and is stopped while that is moved to the pool {pools.To}; allow that with -AllowRestart (--allow-restart)");
                // One that is paused is to go on anyway.
                else if (instance.Action is ChangeAction.None or ChangeAction.Start or ChangeAction.Restart or ChangeAction.Update)
                    changes[instance.Id] = instance with { Action = instance.Action == ChangeAction.Update ? ChangeAction.Update : ChangeAction.Restart, Starts = false, Restarts = true, PendingRestart = false, Reason = Because(instance) };
            }

            void Refuse(string why) => changes[profile.Id] = changes[profile.Id] with { Refused = changes[profile.Id].Refused ?? why };

            string Because(ResourceChange instance) =>
                (instance.Reason.Length > 0 ? instance.Reason + "; " : "") + $"stopped while the root disk that it has from {profile.Id} is moved";
        }
    }

    /// <summary>Moves the disks of a profile's instances one after the other; those that run are stopped, and started by their own changes.</summary>
    public static async Task RunAsync(ApplyContext context, ResourceChange profile, CancellationToken cancellationToken)
    {
        if (Of(profile) is not { } pools)
            return;
        var names = ((DesiredProfile)profile.Desired!).RootDisks.Select(disk => disk.Owner).ToList();
        foreach (var name in names)
            await RootDiskMove.RequireMovableAsync(context.Client, name, cancellationToken).ConfigureAwait(false);
        foreach (var name in names)
        {
            // Somebody may have deleted it, or moved it.
            if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is not { } instance || RootDiskMove.RootOf(instance.ExpandedDevices)?.Pool != pools.From)
                continue;
            if (instance.StatusCode != StatusCode.Stopped)
            {
                if (context.Plan.Resources.FirstOrDefault(change => change.Id == InstanceKind.IdOf(name)) is not { Restarts: true } own)
                    throw new PlanOutdatedException([InstanceKind.IdOf(name)]);
                await context.Stops.StopAsync(context, own, cancellationToken).ConfigureAwait(false);
            }

            await RootDiskMove.RunAsync(context, name, pools.To, cancellationToken).ConfigureAwait(false);
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
