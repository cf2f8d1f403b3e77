using System.Collections.Concurrent;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Applying;

/// <summary>
/// The turns of the replicas of one definition that have to stop for a change though the plan could not know it: as many
/// at one time as their rolling update allows, and none any more once one of them has failed.
/// </summary>
internal sealed class UpdateTurns
{
    private readonly ConcurrentDictionary<string, Group> _groups = new(StringComparer.Ordinal);

    /// <summary>Makes a change once it is the instance's turn: at once where its update is not a rolling one.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="change">The change, and the wait until the instance is ready again: the next one's turn comes after it.</param>
    /// <param name="cancellationToken">Ends the wait for the turn.</param>
    /// <exception cref="TurnLostException">Another replica failed; nothing was done.</exception>
    public async Task TakeAsync(DesiredInstance instance, Func<Task> change, CancellationToken cancellationToken)
    {
        if (!IsRolling(instance))
        {
            await change().ConfigureAwait(false);
            return;
        }

        var group = _groups.GetOrAdd(instance.Group!, _ => new Group(instance.Update.Parallel));
        await group.Places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (group.Failed.Keys.FirstOrDefault(other => other != instance.Id) is { } failed)
                throw new TurnLostException(failed);
            try
            {
                await change().ConfigureAwait(false);
            }
            catch
            {
                group.Failed[instance.Id] = true;
                throw;
            }

            // It may be its second try.
            group.Failed.TryRemove(instance.Id, out _);
        }
        finally
        {
            group.Places.Release();
        }
    }

    /// <summary>True for a replica that is changed once the one before is ready.</summary>
    public static bool IsRolling(DesiredInstance instance) => instance is { Group: not null, Update.Strategy: UpdateStrategy.Rolling };

#pragma warning disable CA1001 // The semaphore holds nothing of the system's.
    private sealed class Group(int parallel)
#pragma warning restore CA1001
    {
        public SemaphoreSlim Places { get; } = new(parallel);

        public ConcurrentDictionary<ResourceId, bool> Failed { get; } = new();
    }
}

/// <summary>A change was not begun, since that of another replica of the same definition failed.</summary>
internal sealed class TurnLostException(ResourceId failed) : Exception($"not begun, since {failed} failed");
