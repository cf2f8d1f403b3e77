using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>What is the same for every collection whose members are addressed by name.</summary>
/// <typeparam name="T">The resource type.</typeparam>
public abstract class ReadableApi<T> where T : IncusResource
{
    private protected ReadableApi(ApiCaller caller) => Caller = caller;

    internal ApiCaller Caller { get; }

    internal abstract string CollectionPath { get; }

    internal abstract JsonTypeInfo<Envelope<T>> One { get; }

    internal abstract JsonTypeInfo<Envelope<IReadOnlyList<T>>> Many { get; }

    /// <summary>The API extension that the collection came with, and what needs it; null where every server has it.</summary>
    internal virtual (string Extension, string Feature)? Needs => null;

    /// <summary>Makes sure that the server has the collection.</summary>
    /// <exception cref="IncusExtensionMissingException">It does not have it.</exception>
    private protected void RequireCollection()
    {
        if (Needs is { } needs)
            Caller.Connection.RequireExtension(needs.Extension, needs.Feature);
    }

    internal string PathOf(string name) => $"{CollectionPath}/{ApiCaller.Segment(name)}";

    /// <summary>Lists the members with their fields, in one request (recursion=1).</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The members the client may see.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<T>> ListAsync(CancellationToken cancellationToken = default)
    {
        RequireCollection();
        return Caller.ListAsync(Caller.Url(CollectionPath, ("recursion", "1")), Many, cancellationToken);
    }

    /// <summary>Reads one member.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The member and its ETag.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<Versioned<T>> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        RequireCollection();
        return Caller.GetAsync(Caller.Url(PathOf(name)), One, cancellationToken);
    }

    /// <summary>Reads one member, if there is one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The member and its ETag, or null.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<Versioned<T>?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return await GetAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>How often a read-modify-write begins again after somebody else's change.</summary>
    internal const int UpdateAttempts = 8;

    /// <summary>Reads, changes and writes, and begins again when somebody else wrote meanwhile.</summary>
    internal static async Task<TResult> ReadModifyWriteAsync<TResult>(
        Func<Task<Versioned<T>>> read, Func<T, T> change, Func<T, string, Task<TResult>> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            var current = await read().ConfigureAwait(false);
            try
            {
                return await write(change(current.Value), current.ETag).ConfigureAwait(false);
            }
            catch (IncusPreconditionFailedException) when (attempt < UpdateAttempts)
            {
                // Read again and apply the change to what is there now.
            }
        }
    }
}

/// <summary>A collection whose members are created, changed and deleted while the request lasts.</summary>
/// <typeparam name="T">The resource type.</typeparam>
public abstract class ResourceApi<T> : ReadableApi<T> where T : IncusResource
{
    private protected ResourceApi(ApiCaller caller) : base(caller) { }

    /// <summary>Sends a change; where a kind has failures that say nothing about the change, it sends it again.</summary>
    private protected virtual Task ChangeAsync(HttpMethod method, string url, JsonObject? body, string? etag, CancellationToken cancellationToken)
    {
        RequireCollection();
        return Caller.ChangeAsync(method, url, body, etag, cancellationToken);
    }

    /// <summary>The body of a creation.</summary>
    internal abstract JsonObject CreateBody(T value);

    /// <summary>The body of an update: what the API takes, and fields this library does not know.</summary>
    internal abstract JsonObject UpdateBody(T value);

    /// <summary>Creates a member.</summary>
    /// <param name="value">Its name and content; read-only fields are ignored.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateAsync(T value, CancellationToken cancellationToken = default) =>
        ChangeAsync(HttpMethod.Post, Caller.Url(CollectionPath), CreateBody(value), null, cancellationToken);

    /// <summary>Replaces the content of a member (PUT with If-Match).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The new content; what it lacks is removed.</param>
    /// <param name="etag">ETag of the version it was made from; null to overwrite whatever is there.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string name, T value, string? etag, CancellationToken cancellationToken = default) =>
        ChangeAsync(HttpMethod.Put, Caller.Url(PathOf(name)), UpdateBody(value), etag, cancellationToken);

    /// <summary>Reads a member, changes it and writes it back, beginning again when somebody else wrote meanwhile.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new content from the current one; may be called several times.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it each time.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string name, Func<T, T> change, CancellationToken cancellationToken = default) =>
        ReadModifyWriteAsync(
            () => GetAsync(name, cancellationToken),
            change,
            async (value, etag) =>
            {
                await UpdateAsync(name, value, etag, cancellationToken).ConfigureAwait(false);
                return true;
            });

    /// <summary>Renames a member.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="newName">Its new name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusConflictException">The new name is taken.</exception>
    /// <exception cref="IncusException">The request failed (storage pools can not be renamed).</exception>
    public virtual Task RenameAsync(string name, string newName, CancellationToken cancellationToken = default) =>
        ChangeAsync(HttpMethod.Post, Caller.Url(PathOf(name)), new JsonObject { ["name"] = newName }, null, cancellationToken);

    /// <summary>Deletes a member.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that name.</exception>
    /// <exception cref="IncusException">The request failed, for instance because it is in use.</exception>
    public Task DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeAsync(HttpMethod.Delete, Caller.Url(PathOf(name)), null, null, cancellationToken);
}
