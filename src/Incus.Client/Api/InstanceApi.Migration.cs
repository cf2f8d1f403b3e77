using System.Text.Json.Nodes;

namespace Incus.Client;

/// <content>Copies from another server (<c>POST /1.0/instances</c> with a source of type <c>migration</c>).</content>
public sealed partial class InstanceApi
{
    /// <summary>
    /// Makes a stopped instance from one of another server, or from a snapshot of one. The one that is copied may run, and
    /// stays as it is. Source: Incus doc/howto/move_instances.md.
    /// </summary>
    /// <param name="source">The instances of the other server, in the project of the one to copy.</param>
    /// <param name="name">The one to copy; <c>instance/snapshot</c> for a snapshot (without <see cref="MigrationOptions.Refresh"/>).</param>
    /// <param name="instance">What it will be: its name, type, configuration, devices and profiles; the source in it is not used.</param>
    /// <param name="options">How to copy.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancellationToken">Gives up, and waits until the servers have too.</param>
    /// <returns>How many bytes passed from one server to the other.</returns>
    /// <exception cref="IncusConflictException">The name is taken, and not to be refreshed.</exception>
    /// <exception cref="IncusExtensionMissingException">One of the servers can not do it.</exception>
    /// <exception cref="IncusException">It failed.</exception>
    public Task<long> CopyFromServerAsync(
        InstanceApi source, string name, InstanceCreate instance, MigrationOptions options,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        foreach (var caller in new[] { source.Caller, Caller })
        {
            caller.Connection.RequireExtension("container_push", "Copying an instance between servers");
            if (options.Refresh)
                caller.Connection.RequireExtension("container_incremental_copy", "Refreshing an instance from another server");
        }

        var give = new JsonObject { ["migration"] = true, ["instance_only"] = options.WithoutSnapshots };
        var cut = name.IndexOf('/', StringComparison.Ordinal);
        var path = cut < 0 ? source.PathOf(name) : $"{source.SnapshotsOf(name[..cut])}/{ApiCaller.Segment(name[(cut + 1)..])}";
        var take = IncusJson.ToObject(instance, IncusJson.Default.InstanceCreate);
        take["source"] = new JsonObject
        {
            ["type"] = "migration",
            ["mode"] = "push",
            ["instance_only"] = options.WithoutSnapshots || cut >= 0,
            ["refresh"] = options.Refresh,
            ["base-image"] = instance.Config?.GetValueOrDefault("volatile.base_image"),
        };
        return MigrationRelay.RunAsync(
            source.Caller,
            () => source.Caller.StartAsync(HttpMethod.Post, source.Caller.Url(path), give, null, cancellationToken),
            Caller,
            () => Caller.StartAsync(HttpMethod.Post, Caller.Url(CollectionPath), take, null, cancellationToken),
            options.Counted, progress, cancellationToken);
    }
}
