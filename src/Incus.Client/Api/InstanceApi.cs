using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Containers and virtual machines (<c>/1.0/instances</c>).</summary>
public sealed partial class InstanceApi : ReadableApi<Instance>
{
    private static readonly string[] ReadOnlyFields =
    [
        "name", "status", "status_code", "type", "expanded_config", "expanded_devices", "project", "location",
        "created_at", "last_used_at", "state", "snapshots", "backups",
    ];

    internal InstanceApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/instances";

    internal override JsonTypeInfo<Envelope<Instance>> One => IncusJson.Default.EnvelopeInstance;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<Instance>>> Many => IncusJson.Default.EnvelopeIReadOnlyListInstance;

    /// <summary>
    /// Lists the instances with their live state (recursion=2). The server asks every instance, which takes seconds
    /// for hundreds of them: use <see cref="ReadableApi{T}.ListAsync"/> where the state is not needed.
    /// </summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The instances of the project.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<InstanceFull>> ListFullAsync(CancellationToken cancellationToken = default) =>
        Caller.ListAsync(Caller.Url(CollectionPath, ("recursion", "2")), IncusJson.Default.EnvelopeIReadOnlyListInstanceFull, cancellationToken);

    /// <summary>Lists the instances of all projects the client may see (extension <c>instance_all_projects</c>).</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The instances; <see cref="Instance.Project"/> tells where each is.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<Instance>> ListAllProjectsAsync(CancellationToken cancellationToken = default) =>
        Caller.ListAsync("/1.0/instances?recursion=1&all-projects=true", Many, cancellationToken);

    /// <summary>Creates an instance.</summary>
    /// <param name="instance">What to create, and whether to start it.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusExtensionMissingException">The server can not do what was asked.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CreateAsync(InstanceCreate instance, CancellationToken cancellationToken = default)
    {
        if (instance.Start)
            Caller.Connection.RequireExtension("instance_create_start", "Creating and starting an instance in one operation");
        if (instance.Source.Protocol == "oci")
            Caller.Connection.RequireExtension("instance_oci", "Creating an instance from an OCI image");
        if (instance.Source.Refresh == true)
            Caller.Connection.RequireExtension("container_incremental_copy", "Refreshing an instance from a copy");
        return Caller.StartAsync(
            HttpMethod.Post, Caller.Url(CollectionPath), IncusJson.ToObject(instance, IncusJson.Default.InstanceCreate), null, cancellationToken);
    }

    /// <summary>Replaces the configuration of an instance (PUT with If-Match).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The new content, <c>volatile.*</c> keys included; what it lacks is removed.</param>
    /// <param name="etag">ETag of the version it was made from; null to overwrite whatever is there.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> UpdateAsync(string name, Instance value, string? etag, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(HttpMethod.Put, Caller.Url(PathOf(name)), UpdateBody(value), etag, cancellationToken);

    /// <summary>Reads an instance, changes it and writes it back, beginning again when somebody else wrote meanwhile.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new content from the current one; may be called several times.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it each time.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> UpdateAsync(string name, Func<Instance, Instance> change, CancellationToken cancellationToken = default) =>
        ReadModifyWriteAsync(
            () => GetAsync(name, cancellationToken), change, (value, etag) => UpdateAsync(name, value, etag, cancellationToken));

    /// <summary>Renames a stopped instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="newName">Its new name.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> RenameAsync(string name, string newName, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(HttpMethod.Post, Caller.Url(PathOf(name)), new JsonObject { ["name"] = newName }, null, cancellationToken);

    /// <summary>
    /// Moves an instance, with its snapshots, to another member of the cluster: the one of the view's
    /// <see cref="IncusClient.ForTarget"/>, or one of the group that it names. What the instance uses of local storage pools must
    /// be there already. Source: Incus doc/howto/move_instances.md.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="live">Whether it goes on running meanwhile; else it must be stopped.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="InvalidOperationException">The view names no member.</exception>
    /// <exception cref="IncusException">The request failed, for instance because it runs, or is there already.</exception>
    public Task<IncusOperation> MoveAsync(string name, bool live = false, CancellationToken cancellationToken = default)
    {
        if (Caller.Target is null)
            throw new InvalidOperationException("To move an instance, name the member with ForTarget");
        return Caller.StartAsync(HttpMethod.Post, Caller.Url(PathOf(name)), new JsonObject { ["migration"] = true, ["live"] = live }, null, cancellationToken);
    }

    /// <summary>
    /// Moves the root disk of a stopped instance, with its snapshots, to another storage pool of its server or of its member of
    /// the cluster. The server makes a copy, which takes the instance's place: its backups are lost, it counts as never started,
    /// and cloud-init takes it for a new one. Where the disk comes from a profile, the instance has a root device of its own
    /// afterwards. Source: Incus doc/howto/move_instances.md; cmd/incusd/instance_post.go, migrateInstance.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="pool">Name of the pool.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can not do it.</exception>
    /// <exception cref="IncusException">The request failed, for instance because it runs, or the disk is there already.</exception>
    public Task<IncusOperation> MoveToPoolAsync(string name, string pool, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("instance_pool_move", "Moving a root disk to another storage pool");
        return Caller.StartAsync(HttpMethod.Post, Caller.Url(PathOf(name)), new JsonObject { ["migration"] = true, ["pool"] = pool }, null, cancellationToken);
    }

    /// <summary>Deletes a stopped instance with its snapshots.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed, for instance because it runs.</exception>
    public Task<IncusOperation> DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(HttpMethod.Delete, Caller.Url(PathOf(name)), (JsonNode?)null, null, cancellationToken);

    /// <summary>Replaces the root disk by a fresh one from an image; configuration, devices and volumes stay (extension <c>instances_rebuild</c>).</summary>
    /// <param name="name">Name of the stopped instance.</param>
    /// <param name="source">The image, or <see cref="InstanceSource.Empty"/>.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can not rebuild.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> RebuildAsync(string name, InstanceSource source, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("instances_rebuild", "Rebuilding an instance");
        var body = new JsonObject { ["source"] = IncusJson.ToObject(source, IncusJson.Default.InstanceSource) };
        return Caller.StartAsync(HttpMethod.Post, Caller.Url($"{PathOf(name)}/rebuild"), body, null, cancellationToken);
    }

    /// <summary>Live state: status, addresses, processes, usage.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The state.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<InstanceState> GetStateAsync(string name, CancellationToken cancellationToken = default) =>
        (await Caller.GetAsync(Caller.Url($"{PathOf(name)}/state"), IncusJson.Default.EnvelopeInstanceState, cancellationToken).ConfigureAwait(false)).Value;

    /// <summary>Starts a stopped instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation; it fails when the instance runs already.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> StartAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeStateAsync(name, "start", null, false, cancellationToken);

    /// <summary>Stops a running instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="timeout">How long it may take to shut down before the operation fails; null for the server's default.</param>
    /// <param name="force">Kill it instead of asking it to shut down.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation; it fails when the instance is stopped already.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> StopAsync(string name, TimeSpan? timeout = null, bool force = false, CancellationToken cancellationToken = default) =>
        ChangeStateAsync(name, "stop", timeout, force, cancellationToken);

    /// <summary>Restarts a running instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="timeout">How long it may take to shut down before the operation fails; null for the server's default.</param>
    /// <param name="force">Kill it instead of asking it to shut down.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> RestartAsync(string name, TimeSpan? timeout = null, bool force = false, CancellationToken cancellationToken = default) =>
        ChangeStateAsync(name, "restart", timeout, force, cancellationToken);

    /// <summary>Pauses all processes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> FreezeAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeStateAsync(name, "freeze", null, false, cancellationToken);

    /// <summary>Resumes a paused instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> UnfreezeAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeStateAsync(name, "unfreeze", null, false, cancellationToken);

    /// <summary>
    /// What the server kept of what an instance wrote to its console: the newest part since its last start, as far as the
    /// console's buffer goes (Incus doc/howto/instances_console.md; <c>GET /1.0/instances/NAME/console</c>). A server that
    /// resets the buffer when it is read (Incus 6.0 does) hands out each part of a running container's console once, and all
    /// of it when the container is stopped.
    /// </summary>
    /// <param name="name">Its name, running or stopped.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The text, with line ends and escapes of a terminal; empty where it wrote nothing.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<string> GetConsoleLogAsync(string name, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Caller.Url($"{PathOf(name)}/console", ("type", "log")));
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A log that the server keeps of an instance (<c>GET /1.0/instances/NAME/logs/FILE</c>).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="file">The log: <c>lxc.log</c>, <c>qemu.log</c>, <c>console.log</c>.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Its text.</returns>
    /// <exception cref="IncusNotFoundException">There is no such log.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<string> GetLogAsync(string name, string file, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        using var request = new HttpRequestMessage(HttpMethod.Get, Caller.Url($"{PathOf(name)}/logs/{Uri.EscapeDataString(file)}"));
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the text console of a running instance. Only one reader can have it at a time.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>What it writes there from now on; to be disposed of.</returns>
    /// <exception cref="IncusException">The request failed, for instance because it does not run.</exception>
    public Task<ConsoleStream> OpenConsoleAsync(string name, CancellationToken cancellationToken = default) =>
        ConsoleStream.OpenAsync(Caller, Caller.Url($"{PathOf(name)}/console"), cancellationToken);

    internal static JsonObject UpdateBody(Instance value) => IncusJson.ToObject(value, IncusJson.Default.Instance, ReadOnlyFields);

    private Task<IncusOperation> ChangeStateAsync(string name, string action, TimeSpan? timeout, bool force, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["action"] = action,
            ["timeout"] = timeout is { } limit ? (int)Math.Ceiling(limit.TotalSeconds) : -1,
            ["force"] = force,
        };
        return Caller.StartAsync(HttpMethod.Put, Caller.Url($"{PathOf(name)}/state"), body, null, cancellationToken);
    }
}
