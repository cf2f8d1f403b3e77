using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>Deletes checkpoints: snapshots and copies first, the record last, so that one that fails can be removed again.</summary>
internal sealed class CheckpointRemover(IncusClient client, IProgress<CheckpointEvent>? progress)
{
    // The snapshots of a checkpoint are begun together with its record.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    public async Task RemoveAsync(StackCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var record = checkpoint.Record;
        // Nobody restores what is half gone.
        if (checkpoint.IsComplete)
            await CheckpointStore.SetIncompleteAsync(client, checkpoint, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        // All are waited for, whatever becomes of one.
        await Task.WhenAll(
            [
                .. record.Instances.Select(instance => RemoveAsync(checkpoint, instance, cancellationToken)),
                .. record.Volumes.Select(volume => RemoveAsync(checkpoint, volume, cancellationToken)),
            ]).ConfigureAwait(false);
        await HandOnAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        await CheckpointStore.DeleteAsync(client, checkpoint.Pool, record, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The stack stands on the nearest checkpoint below the one that goes.</summary>
    private async Task HandOnAsync(StackCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var all = await CheckpointStore.ListAsync(client, checkpoint.Stack, cancellationToken).ConfigureAwait(false);
        if (all.FirstOrDefault(other => other.Record.Id == checkpoint.Record.Id) is not { IsLive: true } live)
            return;
        if (all.FirstOrDefault(other => other.Name == live.Parent) is { } parent)
        {
            await CheckpointStore.SetLiveAsync(client, parent, live.LiveSince + 1, cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (var other in all.Where(other => other.LiveSince > 0 && other.Record.Id != live.Record.Id))
            await CheckpointStore.SetLiveAsync(client, other, 0, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveAsync(StackCheckpoint checkpoint, KeptInstance instance, CancellationToken cancellationToken)
    {
        progress?.Report(new CheckpointEvent(instance.Id, "removing"));
        var record = checkpoint.Record;
        var instances = client.Instances;
        if (instance.Copy is { } copy && (await instances.FindAsync(copy, cancellationToken).ConfigureAwait(false))?.Value is { } kept && IsOwn(record, kept.Config))
            await instances.DeleteAsync(copy, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        if (await instances.FindSnapshotAsync(instance.Name, record.Name, cancellationToken).ConfigureAwait(false) is { } snapshot
            && IsOwn(checkpoint, instance.Taken, snapshot.CreatedAt))
            await instances.DeleteSnapshotAsync(instance.Name, record.Name, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync().ConfigureAwait(false);
    }

    private async Task RemoveAsync(StackCheckpoint checkpoint, KeptVolume volume, CancellationToken cancellationToken)
    {
        progress?.Report(new CheckpointEvent(volume.Id, "removing"));
        var record = checkpoint.Record;
        var volumes = client.StorageVolumes;
        if (volume.Copy is { } copy && (await volumes.FindAsync(volume.Pool, copy, cancellationToken).ConfigureAwait(false))?.Value is { } kept && IsOwn(record, kept.Config))
            await volumes.DeleteAsync(volume.Pool, copy, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        if (await volumes.FindSnapshotAsync(volume.Pool, volume.Name, record.Name, cancellationToken).ConfigureAwait(false) is { } snapshot
            && IsOwn(checkpoint, volume.Taken, snapshot.CreatedAt))
            await volumes.DeleteSnapshotAsync(volume.Pool, volume.Name, record.Name, cancellationToken).CompleteAsync(null, cancellationToken).OrGoneAsync().ConfigureAwait(false);
    }

    private static bool IsOwn(CheckpointRecord record, IReadOnlyDictionary<string, string> config) =>
        config.GetValueOrDefault(CheckpointRecord.CopyKey) == record.Id;

    /// <summary>Of a checkpoint whose taking was cut off, the times were never noted: what is not older than it has to do.</summary>
    private static bool IsOwn(StackCheckpoint checkpoint, DateTimeOffset? taken, DateTimeOffset created) =>
        checkpoint.IsComplete || taken is not null ? taken == created : created >= checkpoint.CreatedAt - Slack;
}
