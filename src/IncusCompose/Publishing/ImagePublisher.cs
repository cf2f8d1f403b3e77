using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Backups;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Publishing;

/// <summary>Makes images from instances, their snapshots, and checkpoints. Source: Incus doc/howto/images_create.md.</summary>
internal sealed partial class ImagePublisher(IncusClient client, PublishOptions options)
{
    private const string ImagePrefix = "image.";

    private static readonly TimeSpan LongestCleanUp = TimeSpan.FromSeconds(60);

    private readonly List<string> _warnings = [];

    public async Task<PublishedImage> RunAsync(IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (options.Snapshot is not null && options.Checkpoint is not null)
            throw new PublishException("Name a snapshot or a checkpoint, not both.");
        await RequireAliasesAsync(cancellationToken).ConfigureAwait(false);
        var (source, instance) = await SourceAsync(cancellationToken).ConfigureAwait(false);
        var isMoving = !source.Contains('/', StringComparison.Ordinal) && instance.StatusCode != StatusCode.Stopped;
        var image = isMoving
            ? await FromRunningAsync(instance, progress, cancellationToken).ConfigureAwait(false)
            : await MakeAsync(source, instance, progress, cancellationToken).ConfigureAwait(false);
        // From here on nothing is cancelled: an image without its name would be of no use to anybody.
        await NameAsync(image.Fingerprint).ConfigureAwait(false);
        var made = (await client.Images.GetAsync(image.Fingerprint, CancellationToken.None).ConfigureAwait(false)).Value;
        return new PublishedImage
        {
            Fingerprint = made.Fingerprint,
            Aliases = [.. made.Aliases.Select(alias => alias.Name).Order(StringComparer.Ordinal)],
            // Where a checkpoint keeps its copy is its own business.
            Source = options.Checkpoint is { } checkpoint ? $"{options.Instance}@{checkpoint}" : source,
            Type = made.Type,
            Architecture = made.Architecture,
            Size = made.Size,
            Public = made.Public,
            Properties = made.Properties,
            Existed = image.Existed,
            Project = client.Project,
            Warnings = _warnings,
        };
    }

    /// <summary>Before anything is packed, which takes its time.</summary>
    private async Task RequireAliasesAsync(CancellationToken cancellationToken)
    {
        foreach (var alias in options.Aliases)
        {
            if (alias.Length == 0 || alias.Contains(':', StringComparison.Ordinal))
                throw new PublishException($"\"{alias}\" is no alias that a stack file could say: what stands before a colon is a remote.");
            if (!options.MoveAliases && await client.Images.FindAliasAsync(alias, cancellationToken).ConfigureAwait(false) is { } taken)
                throw new PublishException($"There is an image {alias} already ({taken.Target[..12]}). Choose another alias, or let it lead to the new image (-Force, --force).");
        }
    }

    /// <summary>Gives the image its names. While it was packed, somebody may have taken one.</summary>
    private async Task NameAsync(string fingerprint)
    {
        var problems = new List<string>();
        foreach (var alias in options.Aliases.Distinct(StringComparer.Ordinal))
        {
            try
            {
                if (options.MoveAliases)
                    await ImageKind.PointAliasAsync(client, alias, fingerprint, CancellationToken.None).ConfigureAwait(false);
                else
                    await client.Images.CreateAliasAsync(new ImageAlias { Name = alias, Target = fingerprint }, CancellationToken.None).ConfigureAwait(false);
            }
            catch (IncusConflictException)
            {
                var taken = await client.Images.FindAliasAsync(alias, CancellationToken.None).ConfigureAwait(false);
                if (taken?.Target != fingerprint)
                    problems.Add($"somebody has given the alias {alias} to another image{(taken is null ? "" : $" ({taken.Target[..12]})")} meanwhile");
            }
            catch (IncusException error)
            {
                problems.Add($"the alias {alias} could not be set: {error.Message.TrimEnd('.')}");
            }
        }

        if (problems.Count > 0)
            throw new PublishException(string.Join(". ", [$"The image {fingerprint} is made, but {string.Join("; ", problems)}. Name it with: incus image alias create NAME {fingerprint[..12]}", .. _warnings])) { Fingerprint = fingerprint };
    }

    /// <summary>What the image is made from, and what that is an instance of.</summary>
    private async Task<(string Source, Instance Instance)> SourceAsync(CancellationToken cancellationToken)
    {
        if (options.Checkpoint is { } checkpoint)
            return await CheckpointContent.InstanceOfAsync(client, await FindCheckpointAsync(checkpoint, cancellationToken).ConfigureAwait(false), options.Instance, cancellationToken).ConfigureAwait(false);
        var instance = (await client.Instances.FindAsync(options.Instance, cancellationToken).ConfigureAwait(false))?.Value
            ?? throw await NotThereAsync(cancellationToken).ConfigureAwait(false);
        if (options.Snapshot is not { } snapshot)
            return (instance.Name, instance);
        if (await client.Instances.FindSnapshotAsync(instance.Name, snapshot, cancellationToken).ConfigureAwait(false) is not null)
            return ($"{instance.Name}/{snapshot}", instance);
        var known = await client.Instances.ListSnapshotsAsync(instance.Name, cancellationToken).ConfigureAwait(false);
        throw new PublishException($"Instance \"{instance.Name}\" has no snapshot \"{snapshot}\"; {(known.Count == 0 ? "it has none at all" : "its snapshots: " + string.Join(", ", known.Select(one => one.Name)))}.");
    }

    /// <summary>Says which one was probably meant; the name of a definition with replicas is none of an instance.</summary>
    private async Task<PublishException> NotThereAsync(CancellationToken cancellationToken)
    {
        var all = (await client.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(instance => !InstanceFacts.IsKeptCopy(instance)).ToList();
        var replicas = all.Where(instance => InstanceFacts.DefinitionOf(instance) == options.Instance).Select(instance => instance.Name).Order(StringComparer.Ordinal).ToList();
        var which = replicas.Count > 0 ? $"name one of its replicas: {string.Join(", ", replicas)}"
            : Suggestions.Nearest(options.Instance, all.Select(instance => instance.Name)) is { } likely ? $"did you mean \"{likely}\"?"
            : null;
        return new PublishException($"There is no instance \"{options.Instance}\" in project {client.Project} on {client.Name}{(which is null ? "." : $"; {which}")}");
    }

    private async Task<StackCheckpoint> FindCheckpointAsync(string name, CancellationToken cancellationToken)
    {
        var all = await CheckpointStore.ListAsync(client, options.Stack, cancellationToken).ConfigureAwait(false);
        var named = all.Where(checkpoint => checkpoint.Name == name).ToList();
        if (named.Count == 0)
            throw options.Stack is { } stack ? CheckpointException.NotFound(stack, name, all) : new CheckpointException($"There is no checkpoint \"{name}\" in project {client.Project}; {(all.Count == 0 ? "there are none at all" : $"there are: {string.Join(", ", all)}")}.");
        var holding = named.Where(checkpoint => checkpoint.Instances.Contains(options.Instance)).ToList();
        return holding switch
        {
            [var one] => one,
            [] => throw new CheckpointException($"The checkpoint \"{name}\" holds no instance \"{options.Instance}\"; it holds {string.Join(", ", named.SelectMany(checkpoint => checkpoint.Instances))}."),
            _ => throw new CheckpointException($"Several stacks have a checkpoint \"{name}\" with an instance \"{options.Instance}\": say of which one ({string.Join(", ", holding.Select(checkpoint => checkpoint.Stack))})."),
        };
    }

    /// <summary>One that runs is not stopped: the image is made from a snapshot, which goes again.</summary>
    private async Task<(string Fingerprint, bool Existed)> FromRunningAsync(Instance instance, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        var snapshot = $"publish-{Guid.NewGuid():n}";
        cancellationToken.ThrowIfCancellationRequested();
        // Not cancelled itself: what was asked for must be known to be taken away.
        await client.Instances.CreateSnapshotAsync(instance.Name, snapshot, cancellationToken: CancellationToken.None).CompleteAsync(null, CancellationToken.None).ConfigureAwait(false);
        try
        {
            return await MakeAsync($"{instance.Name}/{snapshot}", instance, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await DeleteAsync(instance.Name, snapshot).ConfigureAwait(false);
        }
    }

    /// <summary>An image that was made is not lost for a snapshot that cannot be deleted.</summary>
    private async Task DeleteAsync(string instance, string snapshot)
    {
        using var limit = new CancellationTokenSource(LongestCleanUp);
        try
        {
            await client.Instances.DeleteSnapshotAsync(instance, snapshot, limit.Token).CompleteAsync(null, limit.Token).OrGoneAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            var reason = error is IncusException ? error.Message.TrimEnd('.') : $"it took longer than {LongestCleanUp.TotalSeconds:0} seconds";
            _warnings.Add($"The snapshot {snapshot} of instance {instance}, which the image was made from, could not be deleted: {reason}. Delete it with: incus snapshot delete {instance} {snapshot}");
        }
    }

    private async Task<(string Fingerprint, bool Existed)> MakeAsync(string source, Instance instance, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        // The properties of its image stand in the instance's configuration; a stack's mark on that image is not this one's.
        var properties = instance.Config
            .Where(entry => entry.Key.StartsWith(ImagePrefix, StringComparison.Ordinal) && !entry.Key.StartsWith(ImagePrefix + OwnershipMark.Prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[ImagePrefix.Length..], entry => entry.Value);
        foreach (var (key, value) in options.Properties)
            properties[key] = value;
        var publish = new ImagePublish { Source = source, Compression = options.Compression, Public = options.Public, Properties = properties };
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Not cancelled itself: what was asked for must be known to be taken away.
            var making = await client.Images.PublishAsync(publish, CancellationToken.None).ConfigureAwait(false);
            var operation = await EndOfAsync(making, progress, cancellationToken).ConfigureAwait(false);
            return (ImageApi.FingerprintOf(operation) ?? throw new IncusException("The server made an image and does not say which"), false);
        }
        catch (IncusException error) when (ExistingImage().Match(error.ServerMessage ?? "") is { Success: true } there)
        {
            return (there.Groups[1].Value, true);
        }
    }

    /// <summary>Waits for the image. The server packs on whatever is asked of it: an image that nobody waits for any more is deleted.</summary>
    private async Task<OperationInfo> EndOfAsync(IncusOperation making, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return await making.WaitAsync(progress, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            using var limit = new CancellationTokenSource(LongestCleanUp);
            try
            {
                if (ImageApi.FingerprintOf(await making.WaitAsync(null, limit.Token).ConfigureAwait(false)) is { } unwanted)
                    await client.Images.DeleteAsync(unwanted, limit.Token).CompleteAsync(null, limit.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is IncusException or OperationCanceledException)
            {
                // It never came to be, or takes longer than anybody waits: then it is there without an alias.
            }

            throw;
        }
    }

    [GeneratedRegex("image already exists: ([0-9a-f]{64})")]
    private static partial Regex ExistingImage();
}
