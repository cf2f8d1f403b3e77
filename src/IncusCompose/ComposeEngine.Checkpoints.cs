using Incus.Client;
using IncusCompose.Checkpoints;

namespace IncusCompose;

/// <content>Checkpoints.</content>
public sealed partial class ComposeEngine
{
    /// <summary>Takes a checkpoint of a stack: one snapshot of the same name of all it owns. What fails is taken back.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="options">How to take it.</param>
    /// <param name="progress">Is told what is being done; called on any thread.</param>
    /// <param name="cancellationToken">Stops the work; what is at work by then is waited for and taken back.</param>
    /// <exception cref="CheckpointException">It was not taken; the message says why.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<StackCheckpoint> TakeCheckpointAsync(
        IncusClient client, string stack, CheckpointOptions? options = null, IProgress<CheckpointEvent>? progress = null, CancellationToken cancellationToken = default) =>
        new CheckpointTaker(client, options ?? new CheckpointOptions(), progress).TakeAsync(stack, cancellationToken);

    /// <summary>The checkpoints of a project as trees: each after the one that it was taken from.</summary>
    /// <param name="client">The server, in the project to look at.</param>
    /// <param name="stack">A stack's name; null for all.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<IReadOnlyList<StackCheckpoint>> GetCheckpointsAsync(IncusClient client, string? stack = null, CancellationToken cancellationToken = default) =>
        CheckpointStore.ListAsync(client, stack, cancellationToken);

    /// <summary>A checkpoint of a stack.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="name">The checkpoint's name.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="CheckpointException">There is none of that name; where there are snapshots of it, the message says how to go back to those.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackCheckpoint> GetCheckpointAsync(IncusClient client, string stack, string name, CancellationToken cancellationToken = default)
    {
        var all = await GetCheckpointsAsync(client, stack, cancellationToken).ConfigureAwait(false);
        return all.FirstOrDefault(one => one.Name == name) ?? throw await ServerSnapshots.NotFoundAsync(client, stack, name, all, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says what restoring a checkpoint would do. Changes nothing.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="checkpoint">One of <see cref="GetCheckpointsAsync"/>.</param>
    /// <param name="options">What to restore, and what may go.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="CheckpointException">It is incomplete, or holds no instance of a name.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<RestorePlan> CompareCheckpointAsync(
        IncusClient client, StackCheckpoint checkpoint, RestoreOptions? options = null, CancellationToken cancellationToken = default) =>
        new RestorePlanner(client, checkpoint, options ?? new RestoreOptions()).PlanAsync(cancellationToken);

    /// <summary>
    /// Puts a stack back to a checkpoint; instances run or not as they did. What fails is in the result, not thrown, and
    /// the same can be run again.
    /// </summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="plan">A plan of <see cref="CompareCheckpointAsync"/>.</param>
    /// <param name="options">The options that it was made with.</param>
    /// <param name="progress">Is told what is being done; called on any thread.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="CheckpointException">Something in the plan is refused; nothing was done.</exception>
    public Task<RestoreResult> RestoreCheckpointAsync(
        IncusClient client, RestorePlan plan, RestoreOptions? options = null, IProgress<CheckpointEvent>? progress = null, CancellationToken cancellationToken = default) =>
        plan.IsRefused
            ? throw new CheckpointException(
                "Nothing was restored. " + string.Join(" ", plan.Steps.Where(step => step.Refused is not null).Select(step => $"{step.Id}: {step.Refused}.")))
            : new CheckpointRestorer(client, _connector.Load(), plan, options ?? new RestoreOptions(), progress).RestoreAsync(cancellationToken);

    /// <summary>Deletes a checkpoint with its snapshots and copies; the stack itself stays as it is.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="checkpoint">One of <see cref="GetCheckpointsAsync"/>.</param>
    /// <param name="progress">Is told what is being done; called on any thread.</param>
    /// <param name="cancellationToken">Stops the work; the same can be run again.</param>
    /// <exception cref="IncusException">Something could not be deleted; the checkpoint is still listed.</exception>
    public Task RemoveCheckpointAsync(
        IncusClient client, StackCheckpoint checkpoint, IProgress<CheckpointEvent>? progress = null, CancellationToken cancellationToken = default) =>
        new CheckpointRemover(client, progress).RemoveAsync(checkpoint, cancellationToken);
}
