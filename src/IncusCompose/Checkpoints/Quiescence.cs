using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Readiness;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>
/// Holds the running instances of a checkpoint still: their <c>pre_checkpoint</c> hooks, dependants first, then all are
/// frozen. However the work in between ends, they go on, and <c>post_checkpoint</c> is run, dependencies first.
/// </summary>
internal sealed class Quiescence(IncusClient client, string stack, HostHooks? host, IProgress<CheckpointEvent>? progress)
{
    private static readonly CancellationToken NotCancelled = CancellationToken.None;
    private static readonly HookPoint[] Points = [HookPoint.PreCheckpoint, HookPoint.PostCheckpoint];

    private readonly Dictionary<ResourceId, LiveResource> _running = [];
    private readonly ConcurrentBag<HookFailedException> _failedAfterwards = [];

    /// <summary>The hooks that failed once the snapshots were there.</summary>
    public IReadOnlyCollection<HookFailedException> FailedAfterwards => _failedAfterwards;

    /// <exception cref="CheckpointException">A hook would run a command on this machine, which was not allowed; nothing was done.</exception>
    public Quiescence Of(IEnumerable<LiveResource> members)
    {
        foreach (var live in members.Where(live => live.Raw is Instance instance && GateCheck.IsRunning(instance.StatusCode)))
        {
            _running[live.Id] = live;
            var onHost = HookRunner.HostHooksOf((Instance)live.Raw, Points);
            if (host is null && onHost.Count > 0)
            {
                throw new CheckpointException(
                    $"{live.Id}: its {(onHost.Count == 1 ? "hook" : "hooks")} {string.Join(", ", onHost.Select(HooksDefinition.WordOf))} would run commands on this machine; {HookRefusal.Advice}.");
            }
        }

        return this;
    }

    /// <exception cref="HookFailedException">A <c>pre_checkpoint</c> hook failed; the work was not begun.</exception>
    public async Task DuringAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        var begun = new ConcurrentDictionary<ResourceId, bool>();
        try
        {
            await RunHooksAsync(begun, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            await FrozenAsync(work).ConfigureAwait(false);
        }
        finally
        {
            await RunHooksAfterwardsAsync(begun.Keys).ConfigureAwait(false);
        }
    }

    private Task RunHooksAsync(ConcurrentDictionary<ResourceId, bool> begun, CancellationToken cancellationToken)
    {
        var dependants = _running.Keys.ToDictionary(id => id, IReadOnlyList<ResourceId> (id) => [.. _running.Keys.Where(other => _running[other].Uses.Contains(id))]);
        var failed = false;
        return InOrder.EachAsync(dependants, async id =>
        {
            // What comes later is not disturbed for nothing.
            if (Volatile.Read(ref failed) || !HasHooks(id))
                return;
            cancellationToken.ThrowIfCancellationRequested();
            begun[id] = true;
            try
            {
                await RunAsync(id, HookPoint.PreCheckpoint, cancellationToken).ConfigureAwait(false);
            }
            catch (HookFailedException)
            {
                Volatile.Write(ref failed, true);
                throw;
            }
        });
    }

    private Task RunHooksAfterwardsAsync(ICollection<ResourceId> begun)
    {
        var dependencies = _running.Keys.ToDictionary(id => id, IReadOnlyList<ResourceId> (id) => _running[id].Uses);
        return InOrder.EachAsync(dependencies, async id =>
        {
            if (!begun.Contains(id))
                return;
            try
            {
                await RunAsync(id, HookPoint.PostCheckpoint, NotCancelled).ConfigureAwait(false);
            }
            catch (HookFailedException error)
            {
                _failedAfterwards.Add(error);
            }
        });
    }

    private bool HasHooks(ResourceId id) => RecordedWords.ReadHooks(((Instance)_running[id].Raw).Config) is { } hooks && Points.Any(point => hooks.At(point).Count > 0);

    private Task RunAsync(ResourceId id, HookPoint point, CancellationToken cancellationToken) =>
        new HookRunner(client, stack)
        {
            AllowHost = host is not null,
            HostFolder = host?.Folder,
            Output = line => progress?.Report(new CheckpointEvent(id, line)),
        }.RunAsync((Instance)_running[id].Raw, point, cancellationToken);

    private async Task FrozenAsync(Func<Task> work)
    {
        var frozen = new ConcurrentBag<string>();
        try
        {
            await InOrder.AllOrFirstErrorAsync(_running.Keys.Select(async id =>
            {
                progress?.Report(new CheckpointEvent(id, "freezing"));
                // Before it is asked for: an answer that is lost on the way may mean that it is frozen.
                frozen.Add(id.Name);
                await client.Instances.FreezeAsync(id.Name, NotCancelled).CompleteAsync(null, NotCancelled).ConfigureAwait(false);
            })).ConfigureAwait(false);
            await work().ConfigureAwait(false);
        }
        finally
        {
            await Task.WhenAll(frozen.Select(UnfreezeAsync)).ConfigureAwait(false);
        }
    }

    private async Task UnfreezeAsync(string name)
    {
        try
        {
            await client.Instances.UnfreezeAsync(name, NotCancelled).CompleteAsync(null, NotCancelled).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // Not frozen after all, or gone: only one that stands still is a failure.
            if ((await client.Instances.FindAsync(name, NotCancelled).ConfigureAwait(false))?.Value.StatusCode == StatusCode.Frozen)
                throw;
        }
    }
}
