using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>
/// Instances of others that use a stack's volume. The server puts no volume back that a running instance uses, and nobody
/// but their owner stops them.
/// </summary>
internal static class ForeignUsers
{
    /// <summary>Why a volume could not be put back at the moment; null where none of others runs with it.</summary>
    /// <param name="client">The stack's project on the server.</param>
    /// <param name="stack">The stack.</param>
    /// <param name="volume">One of its volumes, as it is on the server.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<string?> RefusalAsync(IncusClient client, string stack, StorageVolume volume, CancellationToken cancellationToken)
    {
        var users = await Task.WhenAll(volume.UsedBy.Select(Users.InstanceIn).OfType<(string Name, string Project)>().Select(async user =>
            (user.Name, user.Project, Found: await client.ForProject(user.Project).Instances.FindAsync(user.Name, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        var running = users.Where(user => user.Found is { Value: { StatusCode: not StatusCode.Stopped } instance } && !IsOwn(instance, user.Project))
            .Select(user => user.Project == client.Project ? user.Name : $"{user.Name} (project {user.Project})").Order(StringComparer.Ordinal).ToList();
        return running.Count == 0 ? null : $"it is in use by {string.Join(", ", running)}, which {(running.Count == 1 ? "runs and does" : "run and do")} not belong to the stack \"{stack}\"; stop {(running.Count == 1 ? "it" : "them")} first";

        bool IsOwn(Instance instance, string project) =>
            project == client.Project && OwnershipMark.Read(instance.Config)?.BelongsTo(stack, client.Project) == true;
    }
}
