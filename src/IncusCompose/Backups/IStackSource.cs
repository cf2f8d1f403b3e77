using Incus.Client;
using IncusCompose.Loading.Documents;
using IncusCompose.Resources;

namespace IncusCompose.Backups;

/// <summary>Where the data of a stack comes from when it is made somewhere else.</summary>
internal interface IStackSource
{
    /// <summary>True for configuration that the server keeps of its own accord and that must not come along: a clone has hardware addresses of its own.</summary>
    bool Forgets(string key);

    /// <summary>Bytes that have come from another server so far.</summary>
    long Transferred { get; }

    /// <summary>Makes a volume with its data.</summary>
    Task MakeVolumeAsync(IncusClient target, PlacedResource volume, Meter meter, CancellationToken cancellationToken);

    /// <summary>Makes a stopped instance with its root disk.</summary>
    Task MakeInstanceAsync(IncusClient target, PlacedResource instance, Meter meter, CancellationToken cancellationToken);
}

/// <summary>A verified backup.</summary>
/// <param name="reader">The backup.</param>
/// <param name="format">Reads what is in the archives.</param>
/// <param name="translate">Gives a device's options their new values; null where none changes.</param>
internal sealed class BackupSource(BackupReader reader, IDocumentFormat format, Action<SortedDictionary<string, string>>? translate) : IStackSource
{
    public bool Forgets(string key) => false;

    public long Transferred => 0;

    public Task MakeVolumeAsync(IncusClient target, PlacedResource volume, Meter meter, CancellationToken cancellationToken) =>
        ReadAsync(target, volume, archive => target.StorageVolumes.ImportBackupAsync(volume.Id.Scope!, volume.Name, archive, cancellationToken), meter, cancellationToken);

    public Task MakeInstanceAsync(IncusClient target, PlacedResource instance, Meter meter, CancellationToken cancellationToken)
    {
        var import = new InstanceImport { Name = instance.Name, Pool = instance.RootPool };
        return ReadAsync(target, instance, archive => target.Instances.ImportBackupAsync(archive, import, cancellationToken), meter, cancellationToken);
    }

    private Task ReadAsync(IncusClient target, PlacedResource resource, Func<Stream, Task<IncusOperation>> import, Meter meter, CancellationToken cancellationToken) =>
        reader.ReadAsync(
            reader.DataOf(resource.From),
            archive => OperationEnd.CompleteOrSettleAsync(ImportAsync(target, resource, archive, import), meter, cancellationToken),
            cancellationToken);

    /// <summary>From its first moment on it bears the mark of where it is: whoever is cut off leaves nothing that taking the stack down does not find.</summary>
    private async Task<IncusOperation> ImportAsync(IncusClient target, PlacedResource resource, Stream archive, Func<Stream, Task<IncusOperation>> import)
    {
        var isMoved = target.Project != reader.Manifest.Project || resource.Id != resource.From;
        if (translate is null && !(isMoved && ExportedResource.IsReadable(reader.Manifest)))
            return await import(archive).ConfigureAwait(false);
        var translated = ExportedResource.Translate(archive, reader.Manifest.Compression, format, OwnershipMark.PlaceOf(resource.Id, target.Project), translate);
        await using (translated.ConfigureAwait(false))
            return await import(translated).ConfigureAwait(false);
    }
}
