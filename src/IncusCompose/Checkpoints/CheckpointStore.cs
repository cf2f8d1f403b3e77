using System.Globalization;
using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>The checkpoints' records on the server.</summary>
internal static class CheckpointStore
{
    /// <summary>The checkpoints of a project, of one stack or of all, as trees: each after its parent, the oldest first.</summary>
    public static async Task<IReadOnlyList<StackCheckpoint>> ListAsync(IncusClient client, string? stack, CancellationToken cancellationToken)
    {
        var volumes = await ObserveScope.LookAsync(
            () => new ObserveScope(client, projectFeatures: null, pools: [], cancellationToken),
            scope => new VolumeKind().ListAsync(scope, cancellationToken)).ConfigureAwait(false);
        return Read(volumes, client.Project, stack);
    }

    /// <summary>The checkpoints among resources that were listed anyway.</summary>
    public static IReadOnlyList<StackCheckpoint> Read(IEnumerable<LiveResource> resources, string project, string? stack) =>
    [
        .. resources
            .Select(Read)
            .OfType<StackCheckpoint>()
            .Where(checkpoint => checkpoint.Project == project && (stack is null || checkpoint.Stack == stack))
            .GroupBy(checkpoint => checkpoint.Stack)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(group => Arrange([.. group])),
    ];

    /// <summary>Reserves a checkpoint's name by its record.</summary>
    /// <returns>The volume that holds it.</returns>
    /// <exception cref="CheckpointException">The stack has one of that name.</exception>
    public static async Task<Versioned<StorageVolume>> CreateAsync(IncusClient client, string pool, CheckpointRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await client.StorageVolumes.CreateAsync(
                pool,
                new StorageVolume
                {
                    Name = VolumeNameOf(record),
                    Description = $"Checkpoint {record.Name} of stack {record.Stack}",
                    Config = new Dictionary<string, string> { [CheckpointRecord.Key] = record.ToString() },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (IncusConflictException error)
        {
            throw NameTaken(record.Stack, record.Name, error);
        }

        return await client.StorageVolumes.GetAsync(pool, VolumeNameOf(record), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a record that is complete, and that it is the one the stack stands on now.</summary>
    /// <returns>The volume that holds it.</returns>
    public static async Task<StorageVolume> CompleteAsync(
        IncusClient client, string pool, Versioned<StorageVolume> created, CheckpointRecord record, long live, CancellationToken cancellationToken)
    {
        var complete = created.Value with
        {
            Config = new Dictionary<string, string>(created.Value.Config)
            {
                [CheckpointRecord.Key] = record.ToString(),
                [CheckpointRecord.LiveKey] = live.ToString(CultureInfo.InvariantCulture),
            },
        };
        await client.StorageVolumes.UpdateAsync(pool, complete.Name, complete, created.ETag, cancellationToken).ConfigureAwait(false);
        return complete;
    }

    /// <summary>Notes that a checkpoint is the one the stack stands on now; 0: that it no longer is.</summary>
    public static Task SetLiveAsync(IncusClient client, StackCheckpoint checkpoint, long live, CancellationToken cancellationToken) =>
        client.StorageVolumes.UpdateAsync(
            checkpoint.Pool,
            VolumeNameOf(checkpoint.Record),
            volume => volume with
            {
                Config = new Dictionary<string, string>(volume.Config) { [CheckpointRecord.LiveKey] = live.ToString(CultureInfo.InvariantCulture) },
            },
            cancellationToken);

    /// <summary>Notes that a checkpoint can no longer be restored, as it is being removed.</summary>
    public static Task SetIncompleteAsync(IncusClient client, StackCheckpoint checkpoint, CancellationToken cancellationToken) =>
        client.StorageVolumes.UpdateAsync(
            checkpoint.Pool,
            VolumeNameOf(checkpoint.Record),
            volume => volume with
            {
                Config = new Dictionary<string, string>(volume.Config) { [CheckpointRecord.Key] = (checkpoint.Record with { Complete = false }).ToString() },
            },
            cancellationToken);

    /// <summary>Deletes a record; one that is gone already is no error.</summary>
    public static Task DeleteAsync(IncusClient client, string pool, CheckpointRecord record, CancellationToken cancellationToken) =>
        client.StorageVolumes.DeleteAsync(pool, VolumeNameOf(record), cancellationToken).OrGoneAsync();

    public static CheckpointException NameTaken(string stack, string name, Exception? inner) => new(
        $"Stack \"{stack}\" has a checkpoint \"{name}\" already. Choose another name, or remove that one first.", inner);

    /// <summary>A record's volume as it is found among the resources of a server.</summary>
    public static LiveResource Describe(string pool, StorageVolume volume) => new VolumeKind().Describe(VolumeKind.IdOf(pool, volume.Name), volume);

    private static string VolumeNameOf(CheckpointRecord record) => CheckpointRecord.VolumeNameOf(record.Project, record.Stack, record.Name);

    private static StackCheckpoint? Read(LiveResource live)
    {
        // A copy of the volume (incus storage volume copy) has another name, and is nobody's checkpoint.
        if (live.Raw is not StorageVolume volume || CheckpointRecord.Parse(volume.Config.GetValueOrDefault(CheckpointRecord.Key)) is not { } record
            || volume.Name != VolumeNameOf(record))
            return null;
        _ = long.TryParse(volume.Config.GetValueOrDefault(CheckpointRecord.LiveKey), CultureInfo.InvariantCulture, out var since);
        return new StackCheckpoint
        {
            Name = record.Name,
            Stack = record.Stack,
            Project = record.Project,
            Description = record.Description,
            CreatedAt = volume.CreatedAt,
            IsComplete = record.Complete,
            IsQuiesced = record.Quiesced,
            KeepsCopies = record.Copies,
            IsOfApply = record.OfApply,
            Members = [.. record.Members()],
            Record = record,
            Pool = live.Id.Scope!,
            LiveSince = since,
        };
    }

    /// <summary>The checkpoints of one stack as trees, with their parents, their branches and the live one.</summary>
    internal static IReadOnlyList<StackCheckpoint> Arrange(IReadOnlyList<StackCheckpoint> checkpoints)
    {
        var byId = checkpoints.ToDictionary(checkpoint => checkpoint.Record.Id);
        var live = checkpoints.Where(checkpoint => checkpoint.LiveSince > 0).MaxBy(checkpoint => checkpoint.LiveSince)?.Record.Id;
        // What was removed in between is passed over.
        StackCheckpoint? ParentOf(StackCheckpoint checkpoint) =>
            checkpoint.Record.Ancestors.Select(id => byId.GetValueOrDefault(id)).FirstOrDefault(found => found is not null);

        var children = checkpoints.OrderBy(checkpoint => checkpoint.CreatedAt).ToLookup(checkpoint => ParentOf(checkpoint)?.Record.Id ?? "");
        var arranged = new List<StackCheckpoint>();

        void Add(StackCheckpoint checkpoint, string? parent, string branch, string below)
        {
            arranged.Add(checkpoint with { Parent = parent, Branch = branch, IsLive = checkpoint.Record.Id == live });
            var own = children[checkpoint.Record.Id].ToList();
            for (var i = 0; i < own.Count; i++)
            {
                var last = i == own.Count - 1;
                Add(own[i], checkpoint.Name, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
            }
        }

        foreach (var root in children[""])
            Add(root, null, "", "");
        return arranged;
    }
}
