using System.Runtime.ExceptionServices;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Resources.Storage;

/// <summary>
/// Moves a volume to another storage pool of its server, with its data and snapshots. The server does that to none that a
/// running instance uses, and has every instance that uses it name the new pool by itself. It would have profiles name it, too,
/// and fail half way where an instance has the volume by one: so a profile gives it away for the time of the move. Source:
/// Incus cmd/incusd/storage_volumes.go, storagePoolVolumeTypePostMove.
/// </summary>
internal static class VolumePoolMove
{
    /// <summary>The word of the file that says where a volume lies.</summary>
    private const string Word = "pool";

    /// <summary>True where a change brings a volume to another pool.</summary>
    public static bool Is(ResourceChange change) =>
        change is { Kind: VolumeKind.KindName, Action: ChangeAction.Update, Live.Id: var now } && now != change.Id;

    /// <summary>What is planned for a volume that lies in another pool than the file says.</summary>
    public static ResourceChange Refine(ResourceChange change)
    {
        if (change.Live!.Id == change.Id)
        {
            return change.Action == ChangeAction.None && StrayedVolumes.Is(change.Live)
                ? change with { Action = ChangeAction.Update, Reason = "was moved here with its data and snapshots, and not yet marked" }
                : change;
        }

        change = change with
        {
            Action = ChangeAction.Update,
            Reason = "moved with its data and snapshots",
            Properties = [.. change.Properties, new PropertyChange(Word, PropertyDifference.Changed, ChangeImpact.Live, change.Live.Id.Scope, change.Id.Scope)],
        };
        return InstanceKind.IsMove(change)
            ? change with { Refused = "it is not moved to another pool and to another member at once; change `pool` and `target` one after the other" }
            : change;
    }

    /// <summary>Sees to it that what uses a volume that is moved is the stack's own, and does not run.</summary>
    public static void WithTheirUsers(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server, string project)
    {
        foreach (var volume in changes.Values.Where(Is).ToList())
        {
            foreach (var address in ((StorageVolume)volume.Live!.Raw).UsedBy)
            {
                if (changes[volume.Id].Refused is not null)
                    break;
                var user = UserIn(address, project) is { } id ? changes.GetValueOrDefault(id) : null;
                changes[volume.Id] = user is null || (user.Desired is not { External: false } && !PlannedDeletions.Include(user.Id, changes))
                    ? changes[volume.Id] with { Refused = $"{Users.List([address])} uses it, which is not in the file; take it off that first (incus storage volume detach {volume.Live.Id.Scope} {volume.Name}), or leave the volume in its pool" }
                    : user.Kind == ProfileKind.KindName ? WithProfile(changes, changes[volume.Id], user, server, project)
                    : With(changes, changes[volume.Id], user);
            }
        }
    }

    /// <summary>What a resource is expected to be once the volumes of a plan are moved: the server itself writes their new pools.</summary>
    public static PropertyBag Expected(StackPlan plan, PropertyBag properties)
    {
        var expected = new PropertyBag(properties);
        foreach (var volume in plan.Resources.Where(Is))
        {
            foreach (var (path, value) in properties)
            {
                if (PropertyPath.IsDevice(path, out var device, out var option) && option == Word && value == volume.Live!.Id.Scope
                    && properties[PropertyPath.Device(device, "source")]?.Split('/')[0] == volume.Name)
                    expected.Add(path, volume.Id.Scope!);
            }
        }

        return expected;
    }

    /// <summary>Moves a volume once nothing that uses it runs; its mark is written for where it is at once.</summary>
    public static async Task RunAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var from = change.Live!.Id;
        await MovesUnderWay.EndAsync(context.Client, context.Say, cancellationToken).ConfigureAwait(false);
        // Where it is half copied when all ends, what there is of it in the other pool must not pass for the stack's own.
        if (StrayedVolumes.Is(change.Live))
            await MarkAsync(context.Client, change.Live, cancellationToken).ConfigureAwait(false);
        var before = (await context.Client.StorageVolumes.FindAsync(from.Scope!, from.Name, cancellationToken).ConfigureAwait(false))?.Value ?? throw new PlanOutdatedException([change.Id]);
        if (OwnershipMark.Read(from, before.Config) is not { } mark || !mark.BelongsTo(context.Plan.Stack, context.Plan.Project))
            throw new PlanOutdatedException([change.Id]);
        context.Say($"moving to the pool {change.Id.Scope}");
        // One at a time: for each the server writes the new pool into the devices of the instances that use it. And once begun
        // it is gone through with; where that comes to nothing, the mark of where it was tells the next plan whose it is.
        await context.Volumes.AloneAsync(Word, () => context.Commitments.SeeThroughAsync(() => MoveAsync(context, change, before, mark)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the mark of a volume that bears that of another pool for where it is.</summary>
    public static Task MarkAsync(IncusClient client, LiveResource strayed, CancellationToken cancellationToken) =>
        client.StorageVolumes.UpdateAsync(
            strayed.Id.Scope!,
            strayed.Id.Name,
            now =>
            {
                if (StrayedVolumes.Known(new VolumeKind().Describe(strayed.Id, now), strayed)?.Mark is not { } mark)
                    throw new PlanOutdatedException([strayed.Id]);
                var config = new Dictionary<string, string>(now.Config);
                mark.Write(strayed.Id, config);
                return now with { Config = config };
            },
            cancellationToken);

    private static async Task MoveAsync(ApplyContext context, ResourceChange change, StorageVolume before, OwnershipMark mark)
    {
        var (from, to) = (change.Live!.Id.Scope!, change.Id.Scope!);
        var client = context.Client.FinishingChanges();
        var having = await HavingAsync(context.Plan, client, from, before).ConfigureAwait(false);
        var taken = new List<(Profile, IReadOnlySet<string>)>();
        var pool = from;
        try
        {
            foreach (var (profile, devices) in having)
            {
                // Before it is asked for: what comes of that may remain unknown.
                taken.Add((profile, devices));
                await client.Profiles.UpdateAsync(profile.Name, now => now with { Devices = now.Devices.Where(device => !devices.Contains(device.Key)).ToDictionary() }, CancellationToken.None).ConfigureAwait(false);
            }

            await client.StorageVolumes.MoveToPoolAsync(from, change.Name, to, CancellationToken.None).CompleteAsync(context.Progress, CancellationToken.None).ConfigureAwait(false);
            pool = to;
            await client.StorageVolumes.UpdateAsync(
                to,
                change.Name,
                now =>
                {
                    var config = new Dictionary<string, string>(now.Config);
                    mark.Write(change.Id, config);
                    return now with { Description = before.Description, Config = config };
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            await GiveBackAsync(client, taken, pool).ConfigureAwait(false);
        }
    }

    private static ResourceChange WithProfile(Dictionary<ResourceId, ResourceChange> changes, ResourceChange volume, ResourceChange user, ServerObservation server, string project)
    {
        var isDeleted = user.Action == ChangeAction.Delete;
        if (isDeleted && PlannedDeletions.MayComeBefore(volume.Id, user.Id, changes))
            return After(volume, user.Id);
        if (!isDeleted && OnlyThere(user, volume) is { } device)
            return volume with { Refused = $"the profile {user.Name} has it by the device {device}, which is not in the file as it is; write that into the file, or take it off (incus profile device remove {user.Name} {device}): it would be lost, should the move be cut short" };
        if (isDeleted || user.DependsOn.Contains(volume.Id))
        {
            var (refused, first) = WhyNot((Profile)user.Live!.Raw, changes, volume, server, project);
            return refused is null ? After(volume, [.. first]) : volume with { Refused = refused };
        }

        return With(changes, volume, user);
    }

    /// <summary>A device by which a profile has a volume and of which the next apply would not write everything again; null where there is none.</summary>
    private static string? OnlyThere(ResourceChange profile, ResourceChange volume)
    {
        var devices = DevicesOf((Profile)profile.Live!.Raw, volume.Live!.Id);
        foreach (var path in profile.Live.Properties.Paths)
        {
            if (PropertyPath.IsDevice(path, out var device, out _) && devices.Contains(device)
                && !profile.Desired!.Properties.Contains(path) && profile.Live.Mark?.Applied.Contains(path) != true)
                return device;
        }

        return null;
    }

    private static HashSet<string> DevicesOf(Profile profile, ResourceId volume) =>
        profile.Devices.Where(device => DeviceUses.Of(new Dictionary<string, IReadOnlyDictionary<string, string>> { [device.Key] = device.Value }).Contains(volume))
            .Select(device => device.Key).ToHashSet(StringComparer.Ordinal);

    private static ResourceChange After(ResourceChange volume, params ResourceId[] first) =>
        first.Length == 0 ? volume : volume with { DependsOn = [.. volume.DependsOn.Union(first)] };

    private static ResourceChange With(Dictionary<ResourceId, ResourceChange> changes, ResourceChange volume, ResourceChange user)
    {
        if (user.Action == ChangeAction.Delete)
        {
            return PlannedDeletions.MayComeBefore(volume.Id, user.Id, changes)
                ? After(volume, user.Id)
                : volume with { Refused = $"{user.Id} uses it, which can only be deleted afterwards; leave the volume in its pool for this apply, and move it with the next one" };
        }

        // What has it no more afterwards lets go of it first, as it runs.
        if (user.Action == ChangeAction.Update && user.Desired is not null && !user.DependsOn.Any(id => id == volume.Id || (id.Kind == ProfileKind.KindName && changes.GetValueOrDefault(id)?.DependsOn.Contains(volume.Id) == true)))
            return After(volume, user.Id);
        return user.Live?.Raw is Instance { StatusCode: not StatusCode.Stopped }
            ? volume with { Refused = Running(user.Name, "uses it") }
            : volume;
    }

    private static string Running(string instance, string hasIt) =>
        $"the instance {instance} {hasIt} and runs, and the server moves no volume of what runs; stop it first (incus-compose stop {instance}, Stop-IncusInstance {instance}): the next apply moves the volume, and starts the instance again";

    /// <summary>Why a volume cannot be taken off a profile for a while; null where nothing stands in the way once some are deleted.</summary>
    private static (string? Refused, List<ResourceId> First) WhyNot(Profile profile, Dictionary<ResourceId, ResourceChange> changes, ResourceChange volume, ServerObservation server, string project)
    {
        var first = new List<ResourceId>();
        foreach (var address in profile.UsedBy)
        {
            if (Users.InstanceIn(address) is not { } user)
                continue;
            if (user.Project != project)
                return ($"the instance {user.Name} of the project {user.Project} has it by the profile {profile.Name}, which is not the stack's; leave the volume in its pool", first);
            var id = InstanceKind.IdOf(user.Name);
            if (PlannedDeletions.Include(id, changes) && PlannedDeletions.MayComeBefore(volume.Id, id, changes))
                first.Add(id);
            else if (server.Find(id)?.Raw is Instance { StatusCode: not StatusCode.Stopped })
                return (Running(user.Name, $"has it by the profile {profile.Name}"), first);
        }

        return (null, first);
    }

    /// <summary>The profiles that name a volume, as they are, and by which devices.</summary>
    private static async Task<IReadOnlyList<(Profile Profile, IReadOnlySet<string> Devices)>> HavingAsync(StackPlan plan, IncusClient client, string pool, StorageVolume volume)
    {
        var having = new List<(Profile, IReadOnlySet<string>)>();
        foreach (var id in volume.UsedBy.Select(address => UserIn(address, plan.Project)).OfType<ResourceId>().Where(id => id.Kind == ProfileKind.KindName))
        {
            var profile = (await client.Profiles.GetAsync(id.Name, CancellationToken.None).ConfigureAwait(false)).Value;
            foreach (var user in profile.UsedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>())
            {
                if (await InstancePower.IsUpAsync(client.ForProject(user.Project), user.Name, CancellationToken.None).ConfigureAwait(false))
                    throw new IncusException($"The volume {volume.Name} is not moved while the instance {user.Name} has it by the profile {profile.Name} and runs", $"Stop it first: incus stop {user.Name}");
            }

            having.Add((profile, DevicesOf(profile, VolumeKind.IdOf(pool, volume.Name))));
        }

        return having;
    }

    /// <summary>Gives the volume back to the profiles, in the pool that it is in now.</summary>
    private static async Task GiveBackAsync(IncusClient client, IReadOnlyList<(Profile Profile, IReadOnlySet<string> Devices)> profiles, string pool)
    {
        var failed = new List<Exception>();
        foreach (var (profile, devices) in profiles)
        {
            try
            {
                await client.Profiles.UpdateAsync(
                    profile.Name,
                    now =>
                    {
                        var all = now.Devices.ToDictionary();
                        foreach (var name in devices)
                            all[name] = new Dictionary<string, string>(profile.Devices[name]) { [Word] = pool };
                        return now with { Devices = all };
                    },
                    CancellationToken.None).ConfigureAwait(false);
            }
            catch (IncusException error)
            {
                // The others get theirs.
                failed.Add(error);
            }
        }

        if (failed.Count > 0)
            ExceptionDispatchInfo.Throw(failed[0]);
    }

    private static ResourceId? UserIn(string address, string project)
    {
        const string profiles = "/1.0/profiles/";
        if (Users.InstanceIn(address) is { } instance)
            return instance.Project == project ? InstanceKind.IdOf(instance.Name) : null;
        if (!address.StartsWith(profiles, StringComparison.Ordinal))
            return null;
        var parts = address[profiles.Length..].Split("?project=");
        return (parts is [_, var other] ? Uri.UnescapeDataString(other) : "default") == project ? ProfileKind.IdOf(Uri.UnescapeDataString(parts[0])) : null;
    }
}
