using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Guests;
using IncusCompose.Persistence;
using IncusCompose.Planning;
using IncusCompose.Readiness;
using IncusCompose.Resources.Storage;
using IncusCompose.Ssh;

namespace IncusCompose.Resources.Instances;

/// <content>Making, changing and deleting instances.</content>
internal sealed partial class InstanceKind
{
    public override Task<string?> ReasonAsync(IncusClient client, ResourceId id, Exception error) => StartLog.ReasonAsync(client, id.Name, error);

    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken) =>
        await CreateAsync(context, desired, kept: null, cancellationToken).ConfigureAwait(false);

    public override async Task ApplyAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var files = new GuestDelivery(context, change);
        await files.BeforeAsync(cancellationToken).ConfigureAwait(false);
        await CarryOutAsync(context, change, cancellationToken).ConfigureAwait(false);
        await files.AfterAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task CarryOutAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var name = change.Name;
        switch (change.Action)
        {
            case ChangeAction.Resume:
            case ChangeAction.Start when ((Instance)change.Live!.Raw).StatusCode == StatusCode.Frozen:
                await InstancePower.ResumeAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Pause:
                await InstancePower.PauseAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Stop:
                await InstancePower.WakeAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await InstancePower.StopAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Kill:
                await InstancePower.PowerOffAsync(context with { Options = context.Options with { StopTimeout = TimeSpan.Zero } }, name, cancellationToken).ConfigureAwait(false);
                break;
            // Of no stack's own nothing is deleted to be made anew; what is at work on it has been waited for.
            case ChangeAction.Start when NeverFinished((Instance)change.Live!.Raw):
                throw new IncusException($"The creation of instance {name} did not finish, and it never ran", $"Delete it (incus delete {name}) and create it again");
            case ChangeAction.Start:
                // What was interrupted goes on.
                await RootDiskMove.EndAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await VolumeFilling.FillAsync(context, change.Desired, cancellationToken).ConfigureAwait(false);
                await InstancePower.StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            // What was stopped for a disk of it is not stopped once more.
            case ChangeAction.Restart when context.Stops.Include(change.Id):
                await InstancePower.StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Restart:
                await InstancePower.WakeAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await InstancePower.RestartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update when IsMovedNow(change):
                await MoveAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update when IsOnlyInside(change):
                break;
            case ChangeAction.Update when await UpdateRunningAsync(context, change, cancellationToken).ConfigureAwait(false):
                break;
            case ChangeAction.Update when change.Restarts && !context.Stops.Include(change.Id):
                await InstancePower.RestartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update when change.Starts || context.Stops.Include(change.Id):
                await InstancePower.StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update:
                break;
            case ChangeAction.Rebuild:
                // Before it is stopped for nothing.
                if (await context.Client.Instances.ListSnapshotsAsync(name, cancellationToken).ConfigureAwait(false) is { Count: > 0 } snapshots)
                    throw new IncusException(SnapshotsInTheWay(snapshots.Select(snapshot => snapshot.Name)), "Remove them first (checkpoints with Remove-IncusStackCheckpoint, or checkpoint remove), or let it be made anew with -AllowReplace (--allow-replace)");
                await InstancePower.StopAsync(context, name, cancellationToken).ConfigureAwait(false);
                if (IsMove(change) || RootDiskMove.Of(change) is not null)
                    change = await MoveStoppedAsync(context, change, cancellationToken).ConfigureAwait(false);
                var image = InstanceSource.FromFingerprint(context.ImageFor(change.Desired!));
                await context.Client.Instances.RebuildAsync(name, image, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                change = change with { Desired = await ProcessUsers.IntoRebuiltAsync(context, change.Desired!, cancellationToken).ConfigureAwait(false) };
                await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
                await new GuestDelivery(context, change).IntoNewAsync(cancellationToken).ConfigureAwait(false);
                await InstancePower.StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Replace:
                await DeleteAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await CreateAsync(context, change.Desired!, (Instance)change.Live!.Raw, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Create:
                await CreateAsync(context, change.Desired!, kept: null, cancellationToken).ConfigureAwait(false);
                break;
            default:
                await base.ApplyAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Why an instance with snapshots is not rebuilt.</summary>
    internal static string SnapshotsInTheWay(IEnumerable<string> snapshots) =>
        $"The server rebuilds no instance that has snapshots, and this one has {string.Join(", ", snapshots)}";

    /// <summary>Changes an instance; who may log in by SSH is changed inside it first, so that a failure there is tried again.</summary>
    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var instance = (Instance)change.Live!.Raw;
        // The disk of a rebuilt instance, and that of one that never ran, are for cloud-init to set up.
        if (change.Action != ChangeAction.Rebuild && (instance.LastUsedAt.Year > 1970 || RootDiskMove.IsUnfinished(instance))
            && change.Steps.FirstOrDefault(step => step.Path == PropertyPath.Config(RecordedWords.Ssh)) is { } step)
        {
            context.Say("changing the keys for SSH");
            await AuthorizedKeys.ChangeAsync(
                context.Client, change.Name, RecordedWords.ReadSsh(instance.Config), After(step), cancellationToken).ConfigureAwait(false);
        }

        var fields = ResourceFields.From(change.Desired!.Properties);
        var config = fields.Config;
        // A disk that was made anew has none of the files.
        if (change.Action == ChangeAction.Rebuild || change.Steps.Any(step => step.Path == PropertyPath.Config(RecordedWords.Names)))
            await GuestNames.WriteAsync(context.Client, change.Name, RecordedWords.ReadNames(config), cancellationToken).ConfigureAwait(false);
        await HostFolders.MakeAsync(context.Client, config, context.FolderMade, cancellationToken).ConfigureAwait(false);
        await HostFolders.MakeMissingAsync(context.Client, (change.Desired as DesiredInstance)?.Folders ?? [], context.FolderMade, cancellationToken).ConfigureAwait(false);
        await MountPoints.MakeAsync(context.Client, fields, context.FolderMade, cancellationToken).ConfigureAwait(false);
        await VolumeFilling.FillAsync(context, change.Desired, cancellationToken).ConfigureAwait(false);
        await base.UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);

        static SshDefinition? After(PropertyStep step) =>
            step.Value is { } text ? RecordedWords.ReadSsh(new Dictionary<string, string> { [RecordedWords.Ssh] = text }) : null;
    }

    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        await context.HookAsync(HookPoint.PreRemove, cancellationToken).ConfigureAwait(false);
        if (((Instance)live.Raw).StatusCode != StatusCode.Stopped)
        {
            await InstancePower.WakeAsync(context, live, cancellationToken).ConfigureAwait(false);
            await InstancePower.StopAsync(context, live.Id.Name, cancellationToken).ConfigureAwait(false);
        }

        await base.DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
        await context.HookAsync(HookPoint.PostRemove, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CreateAsync(ApplyContext context, DesiredResource desired, Instance? kept, CancellationToken cancellationToken)
    {
        var fields = ResourceFields.From(desired.Properties);
        context.MarkOf(desired)?.Write(desired.Id, fields.Config);
        // A replaced instance keeps its hardware addresses, and with them its leases.
        foreach (var (key, value) in kept?.Config.Where(IsHardwareAddress) ?? [])
            fields.Config.TryAdd(key, value);
        var names = RecordedWords.ReadNames(fields.Config);
        var files = new GuestDelivery(context, new ResourceChange { Id = desired.Id, Action = ChangeAction.Create, Desired = desired });
        // What starts finds its files.
        var oneStep = names is null && context.Client.HasExtension("instance_create_start") && !files.IsBeforeStart && !ProcessUsers.AreNamed(desired) && !VolumeFilling.IsDue(context, desired);
        var create = new InstanceCreate
        {
            Name = desired.Id.Name,
            Type = fields.Word(PropertyPath.Type),
            Description = fields.Word(PropertyPath.Description),
            Source = InstanceSource.FromFingerprint(context.ImageFor(desired)),
            Config = fields.Config,
            Devices = fields.DeviceMap(),
            Profiles = SplitList(fields.Word(PropertyPath.Profiles)),
            Ephemeral = fields.Word(PropertyPath.Ephemeral) == "true",
            Start = oneStep && context.Options.Start,
        };
        await context.HookAsync(HookPoint.PreCreate, cancellationToken).ConfigureAwait(false);
        await HostFolders.MakeAsync(context.Client, fields.Config, context.FolderMade, cancellationToken).ConfigureAwait(false);
        await HostFolders.MakeMissingAsync(context.Client, (desired as DesiredInstance)?.Folders ?? [], context.FolderMade, cancellationToken).ConfigureAwait(false);
        await MountPoints.MakeAsync(context.Client, fields, context.FolderMade, cancellationToken).ConfigureAwait(false);
        try
        {
            var target = (desired as DesiredInstance)?.Place?.Target;
            var there = context.Client.ForTarget(target);
            var begun = context.Client.Server.Environment.ServerClustered && (target is null || Placement.GroupOf(target) is not null)
                ? context.Placements.AloneAsync(() => there.Instances.CreateAsync(create, cancellationToken), cancellationToken)
                : there.Instances.CreateAsync(create, cancellationToken);
            await begun.CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
            await ProcessUsers.IntoNewAsync(context, desired, cancellationToken).ConfigureAwait(false);
            await VolumeFilling.FillAsync(context, desired, cancellationToken).ConfigureAwait(false);
            await GuestNames.WriteAsync(context.Client, desired.Id.Name, names, cancellationToken).ConfigureAwait(false);
            await files.IntoNewAsync(cancellationToken).ConfigureAwait(false);
            if (!oneStep && context.Options.Start)
                await InstancePower.PowerOnAsync(context, desired.Id.Name, cancellationToken).ConfigureAwait(false);
        }
        // A stack's next apply goes on with what does not start; nobody comes back to a single instance.
        catch (IncusOperationException error) when (context.Plan.Stack.Length == 0 && IsMade(error))
        {
            await TakeAwayAsync(context.Client, create.Name, error, cancellationToken).ConfigureAwait(false);
            throw;
        }

        await context.HookAsync(HookPoint.PostCreate, cancellationToken).ConfigureAwait(false);
        if (context.Options.Start)
            await context.HookAsync(HookPoint.PostStart, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>True for the failure of a creation that got beyond the name, which may be that of another one.</summary>
    private static bool IsMade(IncusOperationException error) =>
        error.ServerMessage?.StartsWith("Failed creating instance record", StringComparison.Ordinal) != true;

    /// <summary>Deletes an instance that was made right now and did not start.</summary>
    private static async Task TakeAwayAsync(IncusClient client, string name, IncusOperationException why, CancellationToken cancellationToken)
    {
        try
        {
            if ((await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.StatusCode is not StatusCode.Stopped)
                return;
            await UnprotectAsync(client, name, cancellationToken).ConfigureAwait(false);
            await client.Instances.DeleteAsync(name, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            throw new IncusOperationException(
                $"{why.Problem}; and what was made could not be deleted: {error.Problem}", $"Delete it (incus delete --force {name}) and create it again", why)
            {
                StatusCode = why.StatusCode,
                ServerMessage = why.ServerMessage,
                Operation = why.Operation,
                Request = why.Request,
            };
        }
    }

    /// <summary>
    /// Changes an instance as it is, before any restart, so that what the server refuses to accept stops nothing. Only what
    /// it refuses because the instance runs is changed while it is stopped, where that is allowed; true where that was so,
    /// and the instance runs again.
    /// </summary>
    private async Task<bool> UpdateRunningAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        try
        {
            await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
            return false;
        }
        // One that is ephemeral would be gone.
        catch (IncusOperationException error) when (StopHelps(error, change) && !((Instance)change.Live!.Raw).Ephemeral)
        {
            var options = context.Plan.Planner.Options;
            var advice = options.AllowRestart ? UpdateOrder.WhyNotNow(change, options) : "allow it to be stopped for this change with -AllowRestart (--allow-restart)";
            if (advice is not null)
            {
                throw new IncusOperationException(error.Problem, char.ToUpperInvariant(advice[0]) + advice[1..], error)
                {
                    StatusCode = error.StatusCode,
                    ServerMessage = error.ServerMessage,
                    Operation = error.Operation,
                    Request = error.Request,
                };
            }
        }

        await context.Turns.TakeAsync((DesiredInstance)change.Desired!, () => UpdateStoppedAsync(context, change, cancellationToken), cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Stops an instance, changes it and starts it again; one that others have to wait for is ready then.</summary>
    private async Task UpdateStoppedAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        context.Say("restarting, since the server does not change it while it runs");
        var before = (await context.Client.Instances.GetAsync(change.Name, cancellationToken).ConfigureAwait(false)).Value;
        await InstancePower.WakeAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
        await InstancePower.StopAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
        try
        {
            await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
            await InstancePower.StartAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            await RunAsBeforeAsync(context, before, context.PlanAgain(change, Describe(change.Id, before)), cancellationToken).ConfigureAwait(false);
            throw;
        }

        if (!UpdateTurns.IsRolling((DesiredInstance)change.Desired!))
            return;
        var waiter = new InstanceWaiter(context.Client, change.Name) { MustRun = true, Progress = new Relay<string>(text => context.Say($"waiting for {text}")) };
        // Steps that are still to come may be what makes it healthy.
        await (change.Properties.Any(property => property.IsStep)
            ? waiter.WaitForGatesAsync(context.Options.WaitTimeout, cancellationToken)
            : waiter.WaitForReadyAsync(context.Options.WaitTimeout, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>
    /// True for a refusal that a stop cures: of what cannot be changed while it runs, and of a proxy that cannot listen, where
    /// the one of this instance that a killed daemon left may listen still (only where a restart was planned anyway).
    /// </summary>
    private static bool StopHelps(IncusOperationException error, ResourceChange change)
    {
        // "Device cannot be added when instance is running", 'Key "raw.qemu" cannot be updated when VM is running'
        var message = error.ServerMessage ?? "";
        return message.Contains(" is running", StringComparison.Ordinal)
            || (change.Restarts && message.Contains("starting proxy device", StringComparison.Ordinal));
    }

    /// <summary>Takes back a change that an instance does not start with, and starts it as it was; what others changed meanwhile stays.</summary>
    private async Task RunAsBeforeAsync(ApplyContext context, Instance before, ResourceChange change, CancellationToken cancellationToken)
    {
        try
        {
            // What did not start takes a moment to end.
            await InstancePower.StopByForceAsync(context, before.Name, cancellationToken).ConfigureAwait(false);
            context.Say("starting it as it was before");
            await context.Client.Instances.UpdateAsync(before.Name, current => TakenBack(before, change, current), cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            await InstancePower.StartAsync(context, before.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // The first error says what is wrong.
        }
    }

    /// <summary>An instance as it is now, without what a change of it wrote.</summary>
    private Instance TakenBack(Instance before, ResourceChange change, Instance current)
    {
        var (was, fields) = (LiveBag(before), FieldsOf(current));
        foreach (var step in change.Steps)
            fields.Set(step.Path, was[step.Path]);
        OwnershipMark.Erase(fields.Config);
        foreach (var (key, value) in before.Config.Where(entry => entry.Key.StartsWith(OwnershipMark.Prefix, StringComparison.Ordinal)))
            fields.Config[key] = value;
        return WithFields(current, fields);
    }

    /// <summary>True where a change writes nothing but configuration, which can be taken back without the disk: nothing stops, starts or runs inside.</summary>
    public static bool IsOnlyConfiguration(ResourceChange change) =>
        change is { Action: ChangeAction.Update, Kind: KindName, Restarts: false, Starts: false }
        && !IsMove(change) && !change.Properties.Any(property => property.IsStep || property.IsFile) && change.Steps.All(step => step.Path != PropertyPath.Config(RecordedWords.Ssh));

    /// <summary>Takes back a change for which <see cref="IsOnlyConfiguration"/> holds, while the instance goes on.</summary>
    /// <returns>False where it has been stopped or started meanwhile: there is more to take back then.</returns>
    /// <exception cref="IncusException">The server does not do it while the instance runs.</exception>
    public async Task<bool> TakeBackAsync(IncusClient client, ResourceChange change, CancellationToken cancellationToken)
    {
        var before = (Instance)change.Live!.Raw;
        var now = (await client.Instances.FindAsync(change.Name, cancellationToken).ConfigureAwait(false))?.Value;
        if (now is null || now.StatusCode != before.StatusCode || now.LastUsedAt != before.LastUsedAt)
            return false;
        await client.Instances.UpdateAsync(change.Name, current => TakenBack(before, change, current), cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>True where nothing is written to the server: files are brought in or steps follow, and that is all.</summary>
    private static bool IsOnlyInside(ResourceChange change) =>
        change is { Starts: false, Restarts: false, PendingRestart: false } && !(change.Live?.Raw is Instance now && RootDiskMove.IsUnfinished(now)) && change.Properties.All(property => property.IsStep || property.IsFile || property.Difference == PropertyDifference.Unmanaged);

    private static bool IsHardwareAddress(KeyValuePair<string, string> entry) =>
        entry.Key.StartsWith("volatile.", StringComparison.Ordinal) && entry.Key.EndsWith(".hwaddr", StringComparison.Ordinal)
        && !entry.Key.EndsWith(".last_state.hwaddr", StringComparison.Ordinal);
}
