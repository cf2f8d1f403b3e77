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
            return change;
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
                if (UserIn(address, project) is not { } id || changes.GetValueOrDefault(id) is not { Desired.External: false } user)
                    changes[volume.Id] = volume with { Refused = $"{Users.List([address])} uses it, which is not in the file; take it off that first (incus storage volume detach {volume.Live.Id.Scope} {volume.Name}), or leave the volume in its pool" };
                else if (user.Kind == ProfileKind.KindName && user.DependsOn.Contains(volume.Id) && WhyNot((Profile)user.Live!.Raw, server, project) is { } why)
                    changes[volume.Id] = volume with { Refused = why };
                else
                    changes[volume.Id] = With(changes, changes[volume.Id], user);
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
        var before = (await context.Client.StorageVolumes.FindAsync(from.Scope!, from.Name, cancellationToken).ConfigureAwait(false))?.Value ?? throw new PlanOutdatedException([change.Id]);
        if (OwnershipMark.Read(from, before.Config) is not { } mark || !mark.BelongsTo(context.Plan.Stack, context.Plan.Project))
            throw new PlanOutdatedException([change.Id]);
        context.Say($"moving to the pool {change.Id.Scope}");
        // One at a time: for each the server writes the new pool into the devices of the instances that use it. And once begun
        // it is gone through with: what has been moved bears the mark of what it was.
        await context.Volumes.AloneAsync(Word, () => context.Commitments.SeeThroughAsync(() => MoveAsync(context, change, before, mark)), cancellationToken).ConfigureAwait(false);
    }

    private static async Task MoveAsync(ApplyContext context, ResourceChange change, StorageVolume before, OwnershipMark mark)
    {
        var (from, to) = (change.Live!.Id.Scope!, change.Id.Scope!);
        var client = context.Client.FinishingChanges();
        var profiles = await TakeOffAsync(context.Plan, client, from, before).ConfigureAwait(false);
        var pool = from;
        try
        {
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
            await GiveBackAsync(client, profiles, pool).ConfigureAwait(false);
        }
    }

    private static ResourceChange With(Dictionary<ResourceId, ResourceChange> changes, ResourceChange volume, ResourceChange user)
    {
        // What has it no more afterwards lets go of it first, as it runs.
        if (user.Action == ChangeAction.Update && user.Desired is not null && !user.DependsOn.Any(id => id == volume.Id || (id.Kind == ProfileKind.KindName && changes.GetValueOrDefault(id)?.DependsOn.Contains(volume.Id) == true)))
            return volume with { DependsOn = [.. volume.DependsOn.Append(user.Id).Distinct()] };
        return user.Live?.Raw is Instance { StatusCode: not StatusCode.Stopped }
            ? volume with { Refused = $"the instance {user.Name} uses it and runs, and the server moves no volume of what runs; stop it first (incus-compose stop {user.Name}, Stop-IncusInstance {user.Name}): the next apply moves the volume, and starts the instance again" }
            : volume;
    }

    /// <summary>Why a volume cannot be taken off a profile for a while; null where nothing stands in the way.</summary>
    private static string? WhyNot(Profile profile, ServerObservation server, string project)
    {
        foreach (var address in profile.UsedBy)
        {
            if (Users.InstanceIn(address) is not { } user)
                continue;
            if (user.Project != project)
                return $"the instance {user.Name} of the project {user.Project} has it by the profile {profile.Name}, which is not the stack's; leave the volume in its pool";
            if (server.Find(InstanceKind.IdOf(user.Name))?.Raw is Instance { StatusCode: not StatusCode.Stopped })
                return $"the instance {user.Name} has it by the profile {profile.Name} and runs, and the server moves no volume of what runs; stop it first (incus-compose stop {user.Name}, Stop-IncusInstance {user.Name}): the next apply moves the volume, and starts the instance again";
        }

        return null;
    }

    /// <summary>Takes a volume off the profiles that name it.</summary>
    /// <returns>The profiles as they were.</returns>
    private static async Task<IReadOnlyList<(Profile Profile, IReadOnlySet<string> Devices)>> TakeOffAsync(StackPlan plan, IncusClient client, string pool, StorageVolume volume)
    {
        var taken = new List<(Profile, IReadOnlySet<string>)>();
        foreach (var id in volume.UsedBy.Select(address => UserIn(address, plan.Project)).OfType<ResourceId>().Where(id => id.Kind == ProfileKind.KindName))
        {
            var profile = (await client.Profiles.GetAsync(id.Name, CancellationToken.None).ConfigureAwait(false)).Value;
            foreach (var user in profile.UsedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>())
            {
                if ((await client.ForProject(user.Project).Instances.FindAsync(user.Name, CancellationToken.None).ConfigureAwait(false))?.Value is { StatusCode: not StatusCode.Stopped })
                    throw new IncusException($"The volume {volume.Name} is not moved while the instance {user.Name} has it by the profile {profile.Name} and runs", $"Stop it first: incus stop {user.Name}");
            }

            var devices = profile.Devices.Where(device => DeviceUses.Of(new Dictionary<string, IReadOnlyDictionary<string, string>> { [device.Key] = device.Value }).Contains(VolumeKind.IdOf(pool, volume.Name)))
                .Select(device => device.Key).ToHashSet(StringComparer.Ordinal);
            taken.Add((profile, devices));
        }

        foreach (var (profile, devices) in taken)
            await client.Profiles.UpdateAsync(profile.Name, now => now with { Devices = now.Devices.Where(device => !devices.Contains(device.Key)).ToDictionary() }, CancellationToken.None).ConfigureAwait(false);
        return taken;
    }

    /// <summary>Gives the volume back to the profiles, in the pool that it is in now.</summary>
    private static async Task GiveBackAsync(IncusClient client, IReadOnlyList<(Profile Profile, IReadOnlySet<string> Devices)> profiles, string pool)
    {
        foreach (var (profile, devices) in profiles)
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
