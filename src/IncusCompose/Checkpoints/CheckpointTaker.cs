using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>
/// Takes a checkpoint: its record, which reserves the name, with all snapshots and copies at once; last of all the record is
/// completed. What fails or is cancelled in between is taken back.
/// </summary>
internal sealed partial class CheckpointTaker(IncusClient client, CheckpointOptions options, IProgress<CheckpointEvent>? progress)
{
    private static readonly CancellationToken NotCancelled = CancellationToken.None;

    private readonly ConcurrentBag<Func<Task>> _undo = [];

    public async Task<StackCheckpoint> TakeAsync(string stack, CancellationToken cancellationToken)
    {
        var name = options.Name ?? DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        if (!GoodName().IsMatch(name))
            throw new CheckpointException($"\"{name}\" cannot be a checkpoint's name: use at most 60 letters, digits, dots, dashes and underscores, and begin with a letter or digit.");
        var opening = client.Events.EnsureOpenAsync(cancellationToken);
        var server = (await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false)).SeenBy(stack, client.Project);
        await opening.ConfigureAwait(false);
        var owned = server.Resources.Where(live => live.Mark?.BelongsTo(stack, client.Project) == true).ToList();
        var members = (options.OfApply ? server.Resources : owned).Where(live => options.Only?.Contains(live.Id) ?? true).ToList();
        if (members.Count == 0 && !options.OfApply)
            throw new CheckpointException($"There is nothing of stack \"{stack}\" in project {client.Project} to take a checkpoint of.");
        var before = CheckpointStore.Read(server.Resources, client.Project, stack);
        if (before.Any(checkpoint => checkpoint.Name == name))
            throw CheckpointStore.NameTaken(stack, name, null);
        var record = Begin(stack, name, [.. owned.Union(members)], members, before.FirstOrDefault(checkpoint => checkpoint.IsLive));
        var pool = PoolOf(members) ?? server.OfKind(StoragePoolKind.KindName).Select(live => live.Id.Name).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new CheckpointException("The server has no storage pool to keep the checkpoint's record in.");
        var quiescence = options.Quiesce ? new Quiescence(client, stack, options.HostHooks, progress).Of(members) : null;
        var instances = members.Where(live => live.Raw is Instance).ToDictionary(live => live.Id.Name, live => (Instance)live.Raw);
        var recording = CheckpointStore.CreateAsync(client, pool, record, NotCancelled);
        StorageVolume completed;
        try
        {
            var snapping = SnapAllAsync(record, instances, quiescence, cancellationToken);
            await InOrder.AllOrFirstErrorAsync([recording, snapping]).ConfigureAwait(false);
            record = await snapping.ConfigureAwait(false) with { Complete = true };
            completed = await CheckpointStore.CompleteAsync(
                client, pool, await recording.ConfigureAwait(false), record, before.Select(checkpoint => checkpoint.LiveSince).DefaultIfEmpty().Max() + 1, NotCancelled).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException or HookFailedException or CheckpointException)
        {
            // Where the name was taken meanwhile, the record is somebody else's.
            var isOwn = recording.Exception?.InnerException is not CheckpointException;
            var left = await TakeBackAsync(pool, record, isOwn).ConfigureAwait(false);
            if (error is OperationCanceledException)
                throw;
            throw new CheckpointException(
                $"The checkpoint \"{name}\" was not taken: {Why(error).TrimEnd('.')}. "
                + (left is null ? "What was begun was taken back." : $"Not all that was begun could be taken back ({left.TrimEnd('.')}): remove the incomplete checkpoint.")
                + Afterwards(quiescence),
                error);
        }

        var all = CheckpointStore.Read([.. server.Resources, CheckpointStore.Describe(pool, completed)], client.Project, stack);
        // By itself it stands in no tree.
        var taken = all.First(checkpoint => checkpoint.Record.Id == record.Id) with { Branch = "" };
        return quiescence is { FailedAfterwards.Count: > 0 }
            ? throw new CheckpointException($"The checkpoint \"{name}\" was taken.{Afterwards(quiescence)}")
            : taken;
    }

    private static string Why(Exception error) => error is HookFailedException hook ? Of(hook) : ServerAdvice.Complete(error.Message);

    private static string Of(HookFailedException hook) => $"{InstanceKind.IdOf(hook.Instance)}: {hook.Message}";

    /// <summary>What went wrong once the instances went on, as sentences.</summary>
    private static string Afterwards(Quiescence? quiescence) =>
        string.Concat((quiescence?.FailedAfterwards ?? []).Select(hook => $" {Of(hook).TrimEnd('.')}."));

    private CheckpointRecord Begin(string stack, string name, List<LiveResource> owned, List<LiveResource> members, StackCheckpoint? live)
    {
        var id = CheckpointRecord.NewId();
        string? CopyOf(LiveResource resource) => options.KeepCopies && options.CopiesOf?.Contains(resource.Id) != false ? CheckpointRecord.CopyNameOf(id, resource.Id.Name) : null;
        return new CheckpointRecord
        {
            Id = id,
            Name = name,
            Stack = stack,
            Project = client.Project,
            Description = options.Description,
            Quiesced = options.Quiesce,
            Copies = options.KeepCopies && options.CopiesOf is null,
            OfApply = options.OfApply,
            Ancestors = live is null ? [] : [live.Record.Id, .. live.Record.Ancestors],
            Present = [.. owned.Select(resource => resource.Id.ToString()).Order(StringComparer.Ordinal)],
            Instances =
            [
                .. members.Where(member => member.Raw is Instance).Select(member => new KeptInstance
                {
                    Name = member.Id.Name,
                    Definition = member.Mark?.InstanceDefinition,
                    Status = ((Instance)member.Raw).Status,
                    Type = ((Instance)member.Raw).Type,
                    Pool = KeptInstance.PoolOf((Instance)member.Raw),
                    Profiles = ((Instance)member.Raw).Profiles,
                    Description = ((Instance)member.Raw).Description,
                    Copy = CopyOf(member),
                    Uses = [.. member.Uses.Select(used => used.ToString()).Distinct()],
                }),
            ],
            Volumes =
            [
                .. members.Where(member => member.Raw is StorageVolume).Select(member => new KeptVolume
                {
                    Pool = member.Id.Scope!,
                    Name = member.Id.Name,
                    Copy = CopyOf(member),
                    ContentType = ((StorageVolume)member.Raw).ContentType,
                    Description = ((StorageVolume)member.Raw).Description,
                    Config = ((StorageVolume)member.Raw).Config,
                }),
            ],
            Definitions =
            [
                .. members.Where(member => ResourceKinds.Of(member.Id) is { IsKeptAsDefinition: true } kind && (options.OfApply || !kind.IsOfServer))
                    .OrderBy(member => ResourceKinds.RankOf(member.Id)).Select(KeptResource.Of),
            ],
            Networks = [.. members.Select(member => member.Raw).OfType<Network>().Select(KeptDefinition.Of)],
            Profiles = [.. members.Select(member => member.Raw).OfType<Profile>().Select(KeptDefinition.Of)],
            Projects = !options.OfApply ? [] : [.. members.Where(member => member.Id.Kind == ProjectKind.KindName).Select(member => member.Raw).OfType<Project>().Select(KeptDefinition.Of)],
            StoragePools = !options.OfApply ? [] : [.. members.Select(member => member.Raw).OfType<StoragePool>().Select(KeptDefinition.Of)],
        };
    }

    /// <summary>All snapshots, then or meanwhile all copies; the record with what only the server knew.</summary>
    private async Task<CheckpointRecord> SnapAllAsync(CheckpointRecord record, Dictionary<string, Instance> instances, Quiescence? quiescence, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(Math.Max(1, options.ThrottleLimit));
        var kept = new ConcurrentDictionary<ResourceId, DateTimeOffset>();

        Task AllAsync(bool snapshots, bool copies) => InOrder.AllOrFirstErrorAsync(
            [
                .. record.Volumes.Select(volume => InTurnAsync(slots, volume.Id, async () =>
                {
                    if (snapshots)
                        kept[volume.Id] = await SnapAsync(record, volume).ConfigureAwait(false);
                    if (copies && volume.Copy is not null && !cancellationToken.IsCancellationRequested)
                        await CopyAsync(record, volume).ConfigureAwait(false);
                }, cancellationToken)),
                .. record.Instances.Select(instance => InTurnAsync(slots, instance.Id, async () =>
                {
                    if (snapshots)
                        kept[instance.Id] = await SnapAsync(record, instance).ConfigureAwait(false);
                    if (copies && instance.Copy is not null && !cancellationToken.IsCancellationRequested)
                        await CopyAsync(record, instance, instances[instance.Name]).ConfigureAwait(false);
                    if (options.WithoutSnapshot.Contains(instance.Id) && !cancellationToken.IsCancellationRequested)
                        await client.Instances.DeleteSnapshotAsync(instance.Name, record.Name, NotCancelled).CompleteAsync(null, NotCancelled).OrGoneAsync().ConfigureAwait(false);
                }, cancellationToken)),
            ]);

        if (quiescence is not null)
        {
            await quiescence.DuringAsync(() => AllAsync(snapshots: true, copies: false), cancellationToken).ConfigureAwait(false);
            if (options.KeepCopies)
                await AllAsync(snapshots: false, copies: true).ConfigureAwait(false);
        }
        else
        {
            await AllAsync(snapshots: true, copies: options.KeepCopies).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return record with
        {
            Volumes = [.. record.Volumes.Select(volume => volume with { Taken = kept[volume.Id] })],
            Instances = [.. record.Instances.Select(instance => instance with { Taken = kept[instance.Id] })],
        };
    }

    private async Task<DateTimeOffset> SnapAsync(CheckpointRecord record, KeptInstance instance)
    {
        var instances = client.Instances;
        return await SnapAsync(
            record,
            instance.Id,
            () => instances.CreateSnapshotAsync(instance.Name, record.Name, neverExpires: true, NotCancelled),
            () => instances.DeleteSnapshotAsync(instance.Name, record.Name, NotCancelled),
            async () => (await instances.FindSnapshotAsync(instance.Name, record.Name, NotCancelled).ConfigureAwait(false))?.CreatedAt).ConfigureAwait(false);
    }

    private async Task<DateTimeOffset> SnapAsync(CheckpointRecord record, KeptVolume volume)
    {
        var volumes = client.StorageVolumes;
        return await SnapAsync(
            record,
            volume.Id,
            () => volumes.CreateSnapshotAsync(volume.Pool, volume.Name, record.Name, neverExpires: true, NotCancelled),
            () => volumes.DeleteSnapshotAsync(volume.Pool, volume.Name, record.Name, NotCancelled),
            async () => (await volumes.FindSnapshotAsync(volume.Pool, volume.Name, record.Name, NotCancelled).ConfigureAwait(false))?.CreatedAt).ConfigureAwait(false);
    }

    /// <returns>When it was taken.</returns>
    private async Task<DateTimeOffset> SnapAsync(
        CheckpointRecord record, ResourceId id, Func<Task<IncusOperation>> create, Func<Task<IncusOperation>> delete, Func<Task<DateTimeOffset?>> find)
    {
        progress?.Report(new CheckpointEvent(id, "snapshot"));
        try
        {
            await create().CompleteAsync(null, NotCancelled).ConfigureAwait(false);
        }
        catch (IncusException error) when (IsUncertain(error))
        {
            _undo.Add(() => delete().CompleteAsync(null, NotCancelled));
            throw;
        }
        catch (IncusException error)
        {
            // One that fails leaves none, so that one which is there is somebody else's.
            if (await find().ConfigureAwait(false) is null)
                throw;
            throw new IncusException($"there is a snapshot \"{record.Name}\" already, which is none of a checkpoint; choose another name", null, error);
        }

        _undo.Add(() => delete().CompleteAsync(null, NotCancelled));
        return await find().ConfigureAwait(false) ?? throw new IncusException($"The snapshot {record.Name} of {id} vanished again");
    }

    private async Task CopyAsync(CheckpointRecord record, KeptInstance kept, Instance instance)
    {
        progress?.Report(new CheckpointEvent(kept.Id, "copy"));
        await UndoablyAsync(
            client.Instances.CreateAsync(KeptCopies.Of(record, kept.Copy!, instance), NotCancelled).CompleteAsync(null, NotCancelled),
            () => client.Instances.DeleteAsync(kept.Copy!, NotCancelled).CompleteAsync(null, NotCancelled)).ConfigureAwait(false);
    }

    private async Task CopyAsync(CheckpointRecord record, KeptVolume volume)
    {
        progress?.Report(new CheckpointEvent(volume.Id, "copy"));
        await UndoablyAsync(
            client.StorageVolumes.CopyAsync(volume.Pool, $"{volume.Name}/{record.Name}", KeptCopies.Of(record, volume.Copy!, volume), refresh: false, NotCancelled).CompleteAsync(null, NotCancelled),
            () => client.StorageVolumes.DeleteAsync(volume.Pool, volume.Copy!, NotCancelled)).ConfigureAwait(false);
    }

    /// <summary>Notes how to take something back once it is made, and where nobody knows whether it was. What the server refuses was not made: its name is somebody else's.</summary>
    private async Task UndoablyAsync(Task making, Func<Task> undo)
    {
        try
        {
            await making.ConfigureAwait(false);
        }
        catch (IncusException error) when (IsUncertain(error))
        {
            _undo.Add(undo);
            throw;
        }

        _undo.Add(undo);
    }

    /// <summary>True where nobody knows whether it was done.</summary>
    private static bool IsUncertain(IncusException error) => error is IncusUnreachableException or OperationLostException;

    /// <summary>Takes back what was made; the first thing that stays, as a sentence, else null.</summary>
    private async Task<string?> TakeBackAsync(string pool, CheckpointRecord record, bool isOwn)
    {
        string? left = null;
        try
        {
            // What lost its connection on the way may be at work still.
            var names = record.Instances.SelectMany(instance => (string?[])[instance.Name, instance.Copy])
                .Concat(record.Volumes.SelectMany(volume => (string?[])[volume.Name, volume.Copy])).OfType<string>().ToHashSet(StringComparer.Ordinal);
            await InstanceWork.SettleAsync(
                client, operation => operation.Resources.Values.Any(addresses => addresses.Any(address => address.Split('?')[0].Split('/').Any(names.Contains))), _ => { }, NotCancelled).ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            return error.Message;
        }

        await Task.WhenAll(_undo.Select(async undo =>
        {
            try
            {
                await undo().OrGoneAsync().ConfigureAwait(false);
            }
            catch (IncusException error)
            {
                left ??= error.Message;
            }
        })).ConfigureAwait(false);
        try
        {
            // The record stays as long as anything does that it leads to.
            if (left is null && isOwn)
                await CheckpointStore.DeleteAsync(client, pool, record, NotCancelled).ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            left = error.Message;
        }

        return left;
    }

    private static async Task InTurnAsync(SemaphoreSlim slots, ResourceId id, Func<Task> work, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await work().ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            throw new IncusException($"{id}: {error.Problem}", error.Advice, error) { StatusCode = error.StatusCode, ServerMessage = error.ServerMessage };
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>The pool of the first instance's root disk, else of the first volume.</summary>
    private static string? PoolOf(List<LiveResource> members) =>
        members.Select(member => member.Raw).OfType<Instance>()
            .OrderBy(instance => instance.Name, StringComparer.Ordinal)
            .Select(KeptInstance.PoolOf)
            .FirstOrDefault(pool => pool is not null)
        ?? members.Where(member => member.Raw is StorageVolume).Select(member => member.Id.Scope).FirstOrDefault();

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9._-]{0,59}\\z")]
    private static partial Regex GoodName();
}
