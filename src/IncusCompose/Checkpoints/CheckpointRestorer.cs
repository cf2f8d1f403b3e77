using System.Collections.Concurrent;
using System.Diagnostics;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>
/// Carries a restore out. Every step looks at nothing but the checkpoint and what is there, so that one that failed can be
/// run again. In this order: what runs stops; instances that are to go go; projects and pools, what networks name, networks,
/// what lies on them, profiles, volumes, instances; what else is to go goes; what ran starts.
/// </summary>
internal sealed class CheckpointRestorer(
    IncusClient client, ClientConfiguration remotes, RestorePlan plan, RestoreOptions options, IProgress<CheckpointEvent>? progress)
{
    // The owners of its files on the host, which a rebuild drops although they stay the same.
    private const string NextOwners = "volatile.idmap.next";

    // No image has a template for this: nothing in the restored disk is written anew at the first start.
    private const string NoTemplates = "restore";

    private readonly CheckpointRecord _record = plan.Checkpoint.Record;
    private readonly ConcurrentDictionary<ResourceId, RestoreStepResult> _ended = new();
    private readonly ConcurrentDictionary<ResourceId, bool> _stopped = new();
    private readonly ConcurrentDictionary<ResourceId, bool> _changed = new();
    private readonly ApplyContext _context = new(client, new StackPlan { Stack = plan.Checkpoint.Stack, Project = plan.Checkpoint.Project }, new ApplyOptions(), remotes);

    public async Task<RestoreResult> RestoreAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var slots = new SemaphoreSlim(Math.Max(1, options.ThrottleLimit));

        Task EachAsync(Func<RestoreStep, bool> chosen, Func<RestoreStep, Task> work) => Task.WhenAll(
            plan.Steps.Where(step => step.Action != RestoreAction.Delete && chosen(step)).Select(step => TryAsync(slots, step, work, cancellationToken)));

        await InstanceWork.SettleAsync(_context, plan.Steps.Where(step => step.Id.Kind == InstanceKind.KindName).Select(step => step.Id.Name), cancellationToken).ConfigureAwait(false);
        await EachAsync(step => step.Live?.Raw is Instance, step => StopAsync(step, cancellationToken)).ConfigureAwait(false);
        // Before anything needs the addresses, ports and volumes that they hold.
        await DeleteAddedAsync(step => step.Id.Kind == InstanceKind.KindName, cancellationToken).ConfigureAwait(false);
        await EachAsync(step => step.Id.Kind is ProjectKind.KindName or StoragePoolKind.KindName, step => PutHolderAsync(step, cancellationToken)).ConfigureAwait(false);
        await PutDefinitionsAsync(slots, id => !IsOnNetwork(id), cancellationToken).ConfigureAwait(false);
        await EachAsync(step => step.Id.Kind == NetworkKind.KindName, step => PutNetworkAsync(step, cancellationToken)).ConfigureAwait(false);
        await PutDefinitionsAsync(slots, IsOnNetwork, cancellationToken).ConfigureAwait(false);
        await EachAsync(step => step.Id.Kind == ProfileKind.KindName, step => PutProfileAsync(step, cancellationToken)).ConfigureAwait(false);
        await EachAsync(step => step.Id.Kind == VolumeKind.KindName, step => PutVolumeAsync(step, cancellationToken)).ConfigureAwait(false);
        await EachAsync(step => step.Id.Kind == InstanceKind.KindName, step => PutInstanceAsync(step, cancellationToken)).ConfigureAwait(false);
        await DeleteAddedAsync(step => step.Id.Kind != InstanceKind.KindName, cancellationToken).ConfigureAwait(false);
        await StartAllAsync(slots, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(plan.Steps.Where(IsStoppedForNothing).Select(StartAgainAsync)).ConfigureAwait(false);

        var results = plan.Steps.Select(step => _ended.GetValueOrDefault(step.Id) ?? new RestoreStepResult
        {
            Step = step,
            Outcome = step.Action == RestoreAction.None ? ChangeOutcome.Unchanged : ChangeOutcome.Done,
        }).ToList();
        var result = new RestoreResult { Plan = plan, Steps = results, Duration = clock.Elapsed };
        return result.Succeeded && !plan.IsPart && options.Only is null ? await MarkLiveAsync(result).ConfigureAwait(false) : result;
    }

    /// <summary>Does one thing of a step, unless an earlier one of it has failed; what goes wrong is the step's result.</summary>
    private async Task TryAsync(SemaphoreSlim slots, RestoreStep step, Func<RestoreStep, Task> work, CancellationToken cancellationToken)
    {
        if (_ended.ContainsKey(step.Id))
            return;
        try
        {
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            End(step, ChangeOutcome.Cancelled, "not begun, or not finished");
            return;
        }

        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await work(step).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            End(step, ChangeOutcome.Cancelled, "not begun, or not finished");
        }
        catch (Exception error) when (error is IncusException or CheckpointException)
        {
            End(step, ChangeOutcome.Failed, ServerAdvice.Complete(error.Message), error);
        }
        finally
        {
            slots.Release();
        }
    }

    private void End(RestoreStep step, ChangeOutcome outcome, string message, Exception? error = null) =>
        _ended[step.Id] = new RestoreStepResult { Step = step, Outcome = outcome, Message = message, Error = error };

    private void Tell(RestoreStep step, string text) => progress?.Report(new CheckpointEvent(step.Id, text));

    /// <summary>Stops an instance at once: what it holds in memory is what is to be forgotten.</summary>
    private async Task StopAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        var instance = (await client.Instances.FindAsync(step.Id.Name, cancellationToken).ConfigureAwait(false))?.Value;
        if (instance is null || instance.StatusCode == StatusCode.Stopped)
            return;
        Tell(step, "stopping");
        // An ephemeral one would be gone; the restored definition, or the start, says again what it is.
        if (instance.Ephemeral)
            await SetEphemeralAsync(instance.Name, false, cancellationToken).ConfigureAwait(false);
        _stopped[step.Id] = true;
        try
        {
            await client.Instances.StopAsync(instance.Name, null, force: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if ((await client.Instances.FindAsync(step.Id.Name, cancellationToken).ConfigureAwait(false))?.Value.StatusCode is not (null or StatusCode.Stopped))
                throw;
        }
    }

    private Task SetEphemeralAsync(string instance, bool ephemeral, CancellationToken cancellationToken) =>
        client.Instances.UpdateAsync(instance, now => now with { Ephemeral = ephemeral }, cancellationToken).CompleteAsync(null, cancellationToken);

    /// <summary>A project or a pool is there, whatever an apply did: it neither deletes nor replaces one that it may go back from.</summary>
    private async Task PutHolderAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        if (step.Action != RestoreAction.Update)
            return;
        Tell(step, step.Verb);
        if (step.Id.Kind == ProjectKind.KindName)
        {
            var kept = _record.Projects.First(project => project.Name == step.Id.Name);
            await client.Projects.UpdateAsync(kept.Name, now => now with { Description = kept.Description, Config = kept.Config }, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var kept = _record.StoragePools.First(pool => pool.Name == step.Id.Name);
            await client.StoragePools.UpdateAsync(
                kept.Name, now => now with { Description = kept.Description, Config = WithNotes(kept.Config, now.Config) }, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsOnNetwork(ResourceId id) => ResourceKinds.Of(id).HolderOf(id)?.Kind == NetworkKind.KindName;

    /// <summary>Puts back what there is no more to than its definition, each after what it names; of what lies on one network one after the other.</summary>
    private async Task PutDefinitionsAsync(SemaphoreSlim slots, Func<ResourceId, bool> chosen, CancellationToken cancellationToken)
    {
        var kept = _record.Definitions.Where(one => chosen(one.Id)).ToDictionary(one => one.Id, one => one.Read());
        var steps = plan.Steps.Where(step => kept.ContainsKey(step.Id) && step.Action is RestoreAction.Create or RestoreAction.Update).ToDictionary(step => step.Id);
        var before = new Dictionary<ResourceId, IReadOnlyList<ResourceId>>();
        foreach (var id in steps.Keys)
            before[id] = [.. kept[id].Uses, .. before.Keys.Where(other => id.Scope is not null && other.Scope == id.Scope)];
        foreach (var step in steps.Values.Where(step => step is { Action: RestoreAction.Create, Live: null }))
            await PutBeforeOthersAsync(kept[step.Id], cancellationToken).ConfigureAwait(false);
        await InOrder.EachAsync(before, id => TryAsync(slots, steps[id], step => PutDefinitionAsync(step, kept[id], cancellationToken), cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Makes what others of its kind may name, and it them, as it is before they are there.</summary>
    private async Task PutBeforeOthersAsync(LiveResource kept, CancellationToken cancellationToken)
    {
        var kind = ResourceKinds.Of(kept.Id);
        if (kind.BeforeOthers(kept) is not { } alone)
            return;
        try
        {
            await kind.PutBackAsync(_context, alone, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // What stands in the way is told when it is put back as a whole.
        }
    }

    private async Task PutDefinitionAsync(RestoreStep step, LiveResource kept, CancellationToken cancellationToken)
    {
        var kind = ResourceKinds.Of(step.Id);
        Tell(step, step.Verb);
        if (step is { Action: RestoreAction.Create, Live: { } other })
            await kind.DeleteAsync(_context, other, cancellationToken).ConfigureAwait(false);
        await kind.PutBackAsync(_context, kept, cancellationToken).ConfigureAwait(false);
    }

    private async Task PutNetworkAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        var kept = _record.Networks.First(network => network.Name == step.Id.Name);
        switch (step.Action)
        {
            case RestoreAction.Create:
                Tell(step, step.Verb);
                if (step.Live is not null)
                    await client.Networks.DeleteAsync(kept.Name, cancellationToken).OrGoneAsync().ConfigureAwait(false);
                await NetworkMembers.CreateAsync(client, kept.ToNetwork(), cancellationToken).ConfigureAwait(false);
                break;
            case RestoreAction.Update:
                Tell(step, step.Verb);
                if (kept.Members is not null)
                    await NetworkMembers.UpdateAsync(client, (Network)step.Live!.Raw, kept.ToNetwork(), cancellationToken).ConfigureAwait(false);
                await NetworkKind.TryAgainAsync(
                    () => client.Networks.UpdateAsync(kept.Name, now => now with { Description = kept.Description, Config = WithNotes(kept.Config, now.Config) }, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task PutProfileAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        var kept = _record.Profiles.First(profile => profile.Name == step.Id.Name);
        switch (step.Action)
        {
            case RestoreAction.Create:
                Tell(step, step.Verb);
                await client.Profiles.CreateAsync(
                    new Profile { Name = kept.Name, Description = kept.Description, Config = kept.Config, Devices = kept.Devices! }, cancellationToken).ConfigureAwait(false);
                break;
            case RestoreAction.Update:
                Tell(step, step.Verb);
                await client.Profiles.UpdateAsync(
                    kept.Name, now => now with { Description = kept.Description, Config = kept.Config, Devices = kept.Devices! }, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task PutVolumeAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        var kept = _record.Volumes.First(volume => volume.Id == step.Id);
        var volumes = client.StorageVolumes;
        var definition = new StorageVolume { Name = kept.Name, ContentType = kept.ContentType, Description = kept.Description, Config = kept.Config };
        Tell(step, step.Verb);
        if (step.Action == RestoreAction.RollBack)
        {
            await RollBackAsync(
                step,
                () => volumes.RestoreSnapshotAsync(kept.Pool, kept.Name, _record.Name, cancellationToken),
                () => FromSnapshotAsync(kept, definition, cancellationToken)).ConfigureAwait(false);
        }
        else
        {
            _changed[step.Id] = true;
            if (step is { Action: RestoreAction.Recreate, Live: not null })
                await volumes.DeleteAsync(kept.Pool, kept.Name, cancellationToken).ConfigureAwait(false);
            await volumes.CopyAsync(kept.Pool, kept.Copy!, definition, step.Action == RestoreAction.Refill, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }

        // None of this brings the configuration back as it was. How the owners of the files are to be read belongs to it.
        await volumes.UpdateAsync(kept.Pool, kept.Name, now => now with { Description = kept.Description, Config = kept.Config }, cancellationToken).ConfigureAwait(false);
    }

    private async Task PutInstanceAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        if (step.Action == RestoreAction.Pause)
            return;
        var kept = _record.Instances.First(instance => instance.Id == step.Id);
        Tell(step, step.Verb);
        if (step.Action == RestoreAction.RollBack)
        {
            await RollBackAsync(
                step,
                () => client.Instances.RestoreSnapshotAsync(kept.Name, _record.Name, cancellationToken).CompleteAsync(null, cancellationToken),
                () => FromSnapshotAsync(kept, cancellationToken)).ConfigureAwait(false);
            // The server leaves an instance the profiles that it has, and takes its description away.
            var now = (await client.Instances.GetAsync(kept.Name, cancellationToken).ConfigureAwait(false)).Value;
            var (profiles, description) = (kept.Profiles ?? now.Profiles, kept.Description ?? now.Description);
            if (!profiles.SequenceEqual(now.Profiles) || description != now.Description)
            {
                await client.Instances.UpdateAsync(kept.Name, instance => instance with { Profiles = profiles, Description = description }, cancellationToken)
                    .CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        _changed[step.Id] = true;
        if (step is { Action: RestoreAction.Recreate, Live: not null })
        {
            if (options.IsRollback)
                await InstanceKind.UnprotectAsync(client, kept.Name, cancellationToken).ConfigureAwait(false);
            await client.Instances.DeleteAsync(kept.Name, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }

        await FromCopyAsync(kept, step.Action == RestoreAction.Refill, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Rolls back to a snapshot. Some pools go back to the newest one only (zfs, unless told to drop the newer ones): there a
    /// copy is made of it, and the content taken from that. A copy without snapshots of its own would take the place of the
    /// whole disk on zfs, and the newer snapshots would be gone with it; so it gets one.
    /// </summary>
    /// <param name="step">What is rolled back.</param>
    /// <param name="rollBack">Goes back to the snapshot.</param>
    /// <param name="copy">Takes the content from a copy of it.</param>
    private async Task RollBackAsync(RestoreStep step, Func<Task> rollBack, Func<Task> copy)
    {
        try
        {
            await rollBack().ConfigureAwait(false);
            _changed[step.Id] = true;
        }
        catch (IncusException error) when (error.ServerMessage?.Contains("due to subsequent", StringComparison.Ordinal) == true)
        {
            Tell(step, "copying the snapshot, since newer ones are there");
            await copy().ConfigureAwait(false);
        }
        catch (IncusException error) when (error is IncusUnreachableException or OperationLostException)
        {
            // There is no telling whether it was done.
            _changed[step.Id] = true;
            throw;
        }
    }

    /// <summary>Gives an instance the content and the definition of its snapshot by way of a copy.</summary>
    private async Task FromSnapshotAsync(KeptInstance kept, CancellationToken cancellationToken)
    {
        var instances = client.Instances;
        var snapshot = await instances.FindSnapshotAsync(kept.Name, _record.Name, cancellationToken).ConfigureAwait(false)
            ?? throw new CheckpointException($"The snapshot {_record.Name} of instance {kept.Name} is gone.");
        var now = (await instances.GetAsync(kept.Name, cancellationToken).ConfigureAwait(false)).Value;
        var was = now with
        {
            Config = snapshot.Config,
            Devices = snapshot.Devices,
            Profiles = kept.Profiles ?? snapshot.Profiles,
            Description = kept.Description ?? now.Description,
            Ephemeral = snapshot.Ephemeral,
        };
        var copy = PassingCopyOf(kept.Name);
        await RemoveAsync().ConfigureAwait(false);
        try
        {
            await instances.CreateAsync(KeptCopies.Of(_record, copy, was), cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            await instances.CreateSnapshotAsync(copy, _record.Name, neverExpires: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            _changed[kept.Id] = true;
            await FromCopyAsync(kept with { Copy = copy }, refill: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await RemoveAsync().ConfigureAwait(false);
        }

        async Task RemoveAsync()
        {
            if ((await instances.FindAsync(copy, CancellationToken.None).ConfigureAwait(false))?.Value.Config.GetValueOrDefault(CheckpointRecord.CopyKey) == _record.Id)
                await instances.DeleteAsync(copy, CancellationToken.None).CompleteAsync(null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a volume the content of its snapshot by way of a copy.</summary>
    private async Task FromSnapshotAsync(KeptVolume kept, StorageVolume definition, CancellationToken cancellationToken)
    {
        var (volumes, pool) = (client.StorageVolumes, kept.Pool);
        var copy = PassingCopyOf(kept.Name);
        await RemoveAsync().ConfigureAwait(false);
        try
        {
            await volumes.CopyAsync(pool, $"{kept.Name}/{_record.Name}", KeptCopies.Of(_record, copy, kept), refresh: false, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            await volumes.CreateSnapshotAsync(pool, copy, _record.Name, neverExpires: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            _changed[kept.Id] = true;
            await volumes.CopyAsync(pool, copy, definition, refresh: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await RemoveAsync().ConfigureAwait(false);
        }

        async Task RemoveAsync()
        {
            if ((await volumes.FindAsync(pool, copy, CancellationToken.None).ConfigureAwait(false))?.Value.Config.GetValueOrDefault(CheckpointRecord.CopyKey) != _record.Id)
                return;
            foreach (var snapshot in await volumes.ListSnapshotsAsync(pool, copy, CancellationToken.None).ConfigureAwait(false))
                await volumes.DeleteSnapshotAsync(pool, copy, snapshot.Name, CancellationToken.None).CompleteAsync(null, CancellationToken.None).ConfigureAwait(false);
            await volumes.DeleteAsync(pool, copy, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The name of a copy that is there for the time of a restore; the same each time, so that one which was cut off leaves none for ever.</summary>
    private string PassingCopyOf(string name) => CheckpointRecord.CopyNameOf(_record.Id + "/passing", name);

    /// <summary>Makes an instance anew, or fills one, from its kept copy, and gives it the definition that it had, hardware addresses included.</summary>
    private async Task FromCopyAsync(KeptInstance kept, bool refill, CancellationToken cancellationToken)
    {
        var copy = (await client.Instances.GetAsync(kept.Copy!, cancellationToken).ConfigureAwait(false)).Value;
        var definition = KeptDefinition.Parse(copy.Config.GetValueOrDefault(CheckpointRecord.DefinitionKey))
            ?? throw new CheckpointException($"The copy {kept.Copy} has lost its note of what instance {kept.Name} was.");
        await client.Instances.CreateAsync(
            new InstanceCreate
            {
                Name = kept.Name,
                Type = copy.Type,
                Description = definition.Description,
                Source = InstanceSource.FromCopy(copy.Name, refill),
                Config = new Dictionary<string, string>(Identity(definition.Config))
                {
                    [CheckpointRecord.CopyKey] = "",
                    [CheckpointRecord.DefinitionKey] = "",
                    ["volatile.apply_template"] = NoTemplates,
                },
                Devices = definition.Devices,
                Profiles = definition.Profiles,
            },
            cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        await client.Instances.UpdateAsync(
            kept.Name,
            now => now with
            {
                Description = definition.Description,
                Ephemeral = definition.Ephemeral == true,
                Profiles = definition.Profiles!,
                Devices = definition.Devices!,
                Config = WithOwners(definition.Config, WithNotes(Identity(definition.Config), now.Config), refill),
            },
            cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
    }

    private static Dictionary<string, string> WithOwners(IReadOnlyDictionary<string, string> before, Dictionary<string, string> config, bool refill)
    {
        config["volatile.apply_template"] = NoTemplates;
        if (refill && before.TryGetValue(NextOwners, out var owners))
            config.TryAdd(NextOwners, owners);
        return config;
    }

    /// <summary>The settings, and of the server's notes those that make an instance the same machine to its neighbours and to itself.</summary>
    private static Dictionary<string, string> Identity(IReadOnlyDictionary<string, string> config) =>
        config.Where(entry => !entry.Key.StartsWith("volatile.", StringComparison.Ordinal)
            || entry.Key is "volatile.uuid" or "volatile.cloud-init.instance-id" or "volatile.base_image"
            || (entry.Key.EndsWith(".hwaddr", StringComparison.Ordinal) && !entry.Key.EndsWith(".last_state.hwaddr", StringComparison.Ordinal))).ToDictionary();

    /// <summary>A configuration with the server's notes about the resource as it is now, where it has none of its own.</summary>
    private static Dictionary<string, string> WithNotes(IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> now)
    {
        var complete = config.ToDictionary();
        foreach (var (key, value) in now.Where(entry => entry.Key.StartsWith("volatile.", StringComparison.Ordinal)))
            complete.TryAdd(key, value);
        return complete;
    }

    private async Task DeleteAddedAsync(Func<RestoreStep, bool> chosen, CancellationToken cancellationToken)
    {
        var added = plan.Steps.Where(step => step.Action == RestoreAction.Delete && chosen(step)).ToDictionary(step => step.Id);
        if (added.Count == 0 || cancellationToken.IsCancellationRequested)
        {
            foreach (var step in added.Values)
                End(step, ChangeOutcome.Cancelled, "not begun");
            return;
        }

        if (options.IsRollback)
            await Task.WhenAll(added.Keys.Where(id => id.Kind == InstanceKind.KindName).Select(id => InstanceKind.UnprotectAsync(client, id.Name, cancellationToken))).ConfigureAwait(false);
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        var removal = StackPlanner.PlanRemoval(
            _record.Stack, _record.Project, server, new RemovalOptions { RemoveVolumes = options.RemoveVolumes, RemovePools = options.RemoveVolumes, RemoveImages = true, SkipHooks = true }, plan.Checkpoint.Server);
        var wanted = removal with
        {
            Resources =
            [
                .. removal.Resources.Where(change => added.ContainsKey(change.Id))
                    .Select(change => change with { DependsOn = [.. change.DependsOn.Where(added.ContainsKey)] }),
            ],
        };
        // What is to be forgotten need not be shut down, nor told.
        var apply = new ApplyOptions { ThrottleLimit = options.ThrottleLimit, StopTimeout = TimeSpan.Zero };
        var telling = new Relay<ApplyEvent>(happened =>
        {
            if (happened.Kind == ApplyEventKind.Started)
                Tell(added[happened.Change.Id], "deleting");
        });
        var result = await new StackApplier(new ApplyContext(client, wanted, apply, remotes), telling).ApplyAsync(cancellationToken).ConfigureAwait(false);
        foreach (var one in result.Resources.Where(one => one.Outcome != ChangeOutcome.Done))
            _ended[one.Id] = new RestoreStepResult { Step = added[one.Id], Outcome = one.Outcome, Message = one.Message ?? one.Change.Reason, Error = one.Error };
    }

    /// <summary>Starts what ran, each after those that it depends on.</summary>
    private async Task StartAllAsync(SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var uses = _record.Instances.ToDictionary(instance => instance.Id, instance => instance.Uses);
        var waiting = plan.Steps.Where(step => step.Id.Kind == InstanceKind.KindName && step.Starts).ToDictionary(step => step.Id);
        var before = waiting.Keys.ToDictionary(id => id, IReadOnlyList<ResourceId> (id) => [.. waiting.Keys.Where(other => NeededBy(id).Contains(other.ToString()))]);

        IReadOnlyList<string> NeededBy(ResourceId id) => uses.GetValueOrDefault(id) ?? [];

        await InOrder.EachAsync(before, async id =>
        {
            if (_ended.ContainsKey(id))
                return;
            if (_ended.Values.FirstOrDefault(other => NeededBy(id).Contains(other.Id.ToString()) && other.Outcome != ChangeOutcome.Unchanged) is { } failed)
            {
                End(waiting[id], ChangeOutcome.Skipped, $"not started, since {failed.Id} was not restored");
                return;
            }

            await TryAsync(slots, waiting[id], step => StartAsync(step, cancellationToken), cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private Task StartAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        Tell(step, "starting");
        return RunAsync(step.Id.Name, step is { Action: RestoreAction.Pause, Live.Raw: Instance { Ephemeral: true } }, step.Status == "Frozen", cancellationToken);
    }

    /// <summary>True for an instance that was stopped to be restored, and neither it nor a volume of it was.</summary>
    private bool IsStoppedForNothing(RestoreStep step) =>
        _stopped.ContainsKey(step.Id) && _ended.ContainsKey(step.Id) && !_changed.ContainsKey(step.Id) && !step.Live!.Uses.Any(_changed.ContainsKey);

    /// <summary>Lets an instance go on as it was. Nothing cancels that.</summary>
    private async Task StartAgainAsync(RestoreStep step)
    {
        var was = (Instance)step.Live!.Raw;
        string end;
        try
        {
            await RunAsync(was.Name, was.Ephemeral, was.StatusCode == StatusCode.Frozen, CancellationToken.None).ConfigureAwait(false);
            end = "it runs again, as it was";
        }
        catch (IncusException error)
        {
            end = $"it does not run again: {error.Message}";
        }

        var ended = _ended[step.Id];
        _ended[step.Id] = ended with { Message = $"{ended.Message?.TrimEnd('.')}; {end}" };
    }

    private async Task RunAsync(string name, bool ephemeral, bool frozen, CancellationToken cancellationToken)
    {
        if (ephemeral)
            await SetEphemeralAsync(name, true, cancellationToken).ConfigureAwait(false);
        await client.Instances.StartAsync(name, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        if (frozen)
            await client.Instances.FreezeAsync(name, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes that the stack now stands on this checkpoint.</summary>
    private async Task<RestoreResult> MarkLiveAsync(RestoreResult result)
    {
        var all = await CheckpointStore.ListAsync(client, _record.Stack, CancellationToken.None).ConfigureAwait(false);
        await CheckpointStore.SetLiveAsync(client, plan.Checkpoint, all.Select(checkpoint => checkpoint.LiveSince).DefaultIfEmpty().Max() + 1, CancellationToken.None).ConfigureAwait(false);
        return result;
    }
}
