using System.Collections.Concurrent;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Applying;

/// <summary>
/// Instances that are stopped so that disks of theirs can be moved, by the change of the disk: each once, however many disks of
/// it are moved. Its own change, which comes after those, starts it again; where that fails or never comes, this does. That all
/// of it is in one place is what keeps an instance from staying down.
/// </summary>
internal sealed class MoveStops
{
    private readonly ConcurrentDictionary<ResourceId, ApplyContext> _stopped = new();
    private readonly NamedTurns _turns = new();

    /// <summary>True for an instance that has been stopped, and whose own change is to start it.</summary>
    public bool Include(ResourceId instance) => _stopped.ContainsKey(instance);

    /// <summary>Stops an instance with its hooks, unless it is stopped.</summary>
    /// <param name="context">The context of the change for which it is stopped.</param>
    /// <param name="instance">The instance's own change.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public Task StopAsync(ApplyContext context, ResourceChange instance, CancellationToken cancellationToken) => _turns.AloneAsync(
        instance.Name,
        async () =>
        {
            if (!await InstancePower.IsUpAsync(context.Client, instance.Name, cancellationToken).ConfigureAwait(false))
                return;
            var own = _stopped.GetOrAdd(
                instance.Id, _ => context with { OwnStopTimeout = InstancePower.StopTimeoutOf(instance), Hooks = new ChangeHooks(context.HookRunner(), ChangeHooks.WithoutDropped(instance)) });
            await InstancePower.WakeAsync(own, instance.Live!, cancellationToken).ConfigureAwait(false);
            try
            {
                await InstancePower.StopAsync(own, instance.Name, cancellationToken).ConfigureAwait(false);
            }
            // What is told is told of the change of the disk.
            catch (HookFailedException error)
            {
                throw new HookFailedException($"The instance {instance.Name} is not stopped for the move: {error.Message}; mend what the hook does, take it out of the file, or stop {instance.Name} first, without hooks (incus stop {instance.Name})", error)
                {
                    Instance = error.Instance, Hook = error.Hook, Step = error.Step, ExitCode = error.ExitCode,
                };
            }
        },
        cancellationToken);

    /// <summary>Is told how an instance's own change ended. One that was not made does not start the instance.</summary>
    public Task EndAsync(ResourceId instance, bool isDone)
    {
        if (!isDone)
            return RunAgainAsync(instance);
        _stopped.TryRemove(instance, out _);
        return Task.CompletedTask;
    }

    /// <summary>Starts what is still stopped: its own change never came to an end.</summary>
    public Task EndAsync() => Task.WhenAll(_stopped.Keys.Select(RunAgainAsync));

    private async Task RunAgainAsync(ResourceId instance)
    {
        if (_stopped.TryRemove(instance, out var context))
            await InstanceKind.RunAgainAsync(context, instance.Name).ConfigureAwait(false);
    }
}
