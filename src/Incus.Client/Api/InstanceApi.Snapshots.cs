using System.Text.Json.Nodes;

namespace Incus.Client;

/// <content>Snapshots (<c>/1.0/instances/NAME/snapshots</c>).</content>
public sealed partial class InstanceApi
{
    /// <summary>The time of expiry by which the server knows that there is none: Go's zero time.</summary>
    internal const string NoExpiry = "0001-01-01T00:00:00Z";

    /// <summary>Lists the snapshots of an instance.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The snapshots; their names are their own, without the instance's.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<InstanceSnapshot>> ListSnapshotsAsync(string name, CancellationToken cancellationToken = default) =>
        Caller.ListAsync(Caller.Url(SnapshotsOf(name), ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListInstanceSnapshot, cancellationToken);

    /// <summary>Reads one snapshot.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The snapshot, or null where there is none of that name.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<InstanceSnapshot?> FindSnapshotAsync(string name, string snapshot, CancellationToken cancellationToken = default)
    {
        try
        {
            var url = Caller.Url($"{SnapshotsOf(name)}/{ApiCaller.Segment(snapshot)}");
            return (await Caller.GetAsync(url, IncusJson.Default.EnvelopeInstanceSnapshot, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Takes a snapshot of an instance, which goes on running: what its processes have not written yet is not in it. Custom
    /// volumes are not in it either.
    /// </summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="neverExpires">True to keep it until it is deleted, whatever the instance's <c>snapshots.expiry</c> says.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CreateSnapshotAsync(string name, string snapshot, bool neverExpires = false, CancellationToken cancellationToken = default)
    {
        var request = new JsonObject { ["name"] = snapshot, ["stateful"] = false };
        if (neverExpires)
            request["expires_at"] = NoExpiry;
        return Caller.StartAsync(HttpMethod.Post, Caller.Url(SnapshotsOf(name)), request, null, cancellationToken);
    }

    /// <summary>Deletes a snapshot.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> DeleteSnapshotAsync(string name, string snapshot, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(
            HttpMethod.Delete, Caller.Url($"{SnapshotsOf(name)}/{ApiCaller.Segment(snapshot)}"), (JsonNode?)null, null, cancellationToken);

    /// <summary>
    /// Puts an instance back to a snapshot: root disk, configuration (<c>volatile.*</c> keys included), devices and
    /// description. Its profiles stay as they are. One that runs is stopped and started again by the server.
    /// </summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="snapshot">Name of the snapshot.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed; a pool of some drivers goes back to the newest snapshot only.</exception>
    public Task<IncusOperation> RestoreSnapshotAsync(string name, string snapshot, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(HttpMethod.Put, Caller.Url(PathOf(name)), new JsonObject { ["restore"] = snapshot }, null, cancellationToken);

    private string SnapshotsOf(string name) => $"{PathOf(name)}/snapshots";
}
