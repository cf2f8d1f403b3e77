using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>What a stack was made of when a checkpoint was taken, and where its data of that moment is.</summary>
/// <param name="Resources">The resources as they were, what others stand on first.</param>
/// <param name="Data">What the data of an instance or volume is copied from: a kept copy, or <c>name/snapshot</c>.</param>
internal sealed record CheckpointContent(IReadOnlyList<LiveResource> Resources, IReadOnlyDictionary<ResourceId, string> Data)
{
    /// <exception cref="CheckpointException">It is incomplete, or its data is gone with what it was taken of.</exception>
    public static async Task<CheckpointContent> ReadAsync(IncusClient client, StackCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        RequireComplete(checkpoint);
        var record = checkpoint.Record;
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        // A checkpoint puts nothing of these back: they are as they are.
        var resources = server.Resources
            .Where(live => live.Id.Kind is ProjectKind.KindName or StoragePoolKind.KindName && live.Mark?.BelongsTo(record.Stack, record.Project) == true)
            .ToList();
        resources.AddRange(record.Networks.Select(kept => Read(
            NetworkKind.IdOf(kept.Name), kept.ToNetwork())));
        resources.AddRange(record.Definitions.Where(kept => !ResourceKinds.Of(kept.Id).IsOfServer).Select(kept => kept.Read()));
        resources.AddRange(record.Profiles.Select(kept => Read(
            ProfileKind.IdOf(kept.Name), new Profile { Name = kept.Name, Description = kept.Description, Config = kept.Config, Devices = kept.Devices! })));
        resources.AddRange(record.Volumes.Select(kept => Read(
            kept.Id, new StorageVolume { Name = kept.Name, ContentType = kept.ContentType, Description = kept.Description, Config = kept.Config })));
        var data = new Dictionary<ResourceId, string>();
        foreach (var kept in record.Volumes)
            data[kept.Id] = await DataOfAsync(client, kept, record, cancellationToken).ConfigureAwait(false);
        foreach (var kept in record.Instances)
        {
            (data[kept.Id], var instance) = await InstanceAsync(client, kept, record, cancellationToken).ConfigureAwait(false);
            var profiles = instance.Profiles.Select(name =>
                resources.FirstOrDefault(own => own.Id == ProfileKind.IdOf(name))?.Raw ?? server.Find(ProfileKind.IdOf(name))?.Raw).OfType<Profile>();
            var expanded = profiles.SelectMany(profile => profile.Devices).Concat(instance.Devices).GroupBy(device => device.Key).ToDictionary(group => group.Key, group => group.Last().Value);
            resources.Add(Read(kept.Id, instance with
            {
                Name = kept.Name,
                ExpandedDevices = expanded,
                Status = kept.Status,
                StatusCode = kept.Status == "Running" ? StatusCode.Running : StatusCode.Stopped,
            }));
        }

        return new CheckpointContent(StackContent.InOrder(resources), data);
    }

    /// <summary>Where the data of one instance is, and what it was.</summary>
    /// <exception cref="CheckpointException">The checkpoint is incomplete, or the data is gone with what it was taken of.</exception>
    public static Task<(string Data, Instance Instance)> InstanceOfAsync(IncusClient client, StackCheckpoint checkpoint, string name, CancellationToken cancellationToken)
    {
        RequireComplete(checkpoint);
        return InstanceAsync(client, checkpoint.Record.Instances.First(kept => kept.Name == name), checkpoint.Record, cancellationToken);
    }

    private static void RequireComplete(StackCheckpoint checkpoint)
    {
        if (!checkpoint.IsComplete)
            throw new CheckpointException($"The checkpoint \"{checkpoint.Name}\" is incomplete: whoever took it was cut off. Remove it.");
    }

    private static async Task<string> DataOfAsync(IncusClient client, KeptVolume kept, CheckpointRecord record, CancellationToken cancellationToken)
    {
        if (kept.Copy is { } copy && await client.StorageVolumes.FindAsync(kept.Pool, copy, cancellationToken).ConfigureAwait(false) is not null)
            return copy;
        var snapshot = await client.StorageVolumes.FindSnapshotAsync(kept.Pool, kept.Name, record.Name, cancellationToken).ConfigureAwait(false);
        return snapshot is not null && snapshot.CreatedAt == kept.Taken ? $"{kept.Name}/{record.Name}" : throw Gone(kept.Id, record);
    }

    private static async Task<(string Data, Instance Instance)> InstanceAsync(IncusClient client, KeptInstance kept, CheckpointRecord record, CancellationToken cancellationToken)
    {
        if (kept.Copy is { } name && await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false) is { Value: { } copy }
            && KeptDefinition.Parse(copy.Config.GetValueOrDefault(CheckpointRecord.DefinitionKey)) is { } definition)
        {
            return (name, copy with
            {
                Description = definition.Description,
                Config = definition.Config,
                Devices = definition.Devices!,
                Profiles = definition.Profiles!,
                Ephemeral = definition.Ephemeral == true,
            });
        }

        if (await client.Instances.FindSnapshotAsync(kept.Name, record.Name, cancellationToken).ConfigureAwait(false) is { } snapshot && snapshot.CreatedAt == kept.Taken)
        {
            var instance = (await client.Instances.GetAsync(kept.Name, cancellationToken).ConfigureAwait(false)).Value;
            return ($"{kept.Name}/{record.Name}", instance with
            {
                Config = snapshot.Config,
                Devices = snapshot.Devices,
                Profiles = snapshot.Profiles,
                Ephemeral = snapshot.Ephemeral,
            });
        }

        throw Gone(kept.Id, record);
    }

    private static LiveResource Read<T>(ResourceId id, T resource)
        where T : IncusResource =>
        ResourceKinds.Of(id).Read(id, ResourceText.Write(resource));

    private static CheckpointException Gone(ResourceId id, CheckpointRecord record) => new(
        $"The snapshot {record.Name} of {id} went with it when it was deleted, and the checkpoint keeps no copies.");
}
