using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Images (<c>/1.0/images</c>), addressed by fingerprint, and their aliases.</summary>
public sealed class ImageApi : ReadableApi<Image>
{
    private static readonly string[] ReadOnlyFields =
    [
        "fingerprint", "type", "aliases", "architecture", "cached", "filename", "size", "update_source", "project",
        "created_at", "last_used_at", "uploaded_at", "locations",
    ];

    internal ImageApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/images";

    internal override JsonTypeInfo<Envelope<Image>> One => IncusJson.Default.EnvelopeImage;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<Image>>> Many => IncusJson.Default.EnvelopeIReadOnlyListImage;

    /// <summary>Reads an image by one of its aliases.</summary>
    /// <param name="alias">The alias.</param>
    /// <param name="type"><c>container</c> or <c>virtual-machine</c> where both have that alias; null for either.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The image and its ETag.</returns>
    /// <exception cref="IncusNotFoundException">There is no such alias.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<Versioned<Image>> GetByAliasAsync(string alias, string? type = null, CancellationToken cancellationToken = default)
    {
        var found = await GetAliasAsync(alias, type, cancellationToken).ConfigureAwait(false);
        return await GetAsync(found.Target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads an alias.</summary>
    /// <param name="alias">The alias.</param>
    /// <param name="type"><c>container</c> or <c>virtual-machine</c> where both have that alias; null for either.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The alias, with the fingerprint it stands for.</returns>
    /// <exception cref="IncusNotFoundException">There is no such alias.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<ImageAlias> GetAliasAsync(string alias, string? type = null, CancellationToken cancellationToken = default) =>
        (await Caller.GetAsync(Caller.Url(AliasPath(alias), ("type", type)), IncusJson.Default.EnvelopeImageAlias, cancellationToken).ConfigureAwait(false)).Value;

    /// <summary>Reads an alias, if there is one.</summary>
    /// <param name="alias">The alias.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The alias, or null.</returns>
    /// <exception cref="IncusException">The request failed otherwise than by "not found".</exception>
    public async Task<ImageAlias?> FindAliasAsync(string alias, CancellationToken cancellationToken = default)
    {
        try
        {
            return await GetAliasAsync(alias, null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Lists the aliases of the project.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The aliases.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<ImageAlias>> ListAliasesAsync(CancellationToken cancellationToken = default) =>
        Caller.ListAsync(Caller.Url("/1.0/images/aliases", ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListImageAlias, cancellationToken);

    /// <summary>Gives an image another name.</summary>
    /// <param name="alias">Name and target.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists.</returns>
    /// <exception cref="IncusConflictException">The name is taken.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateAliasAsync(ImageAlias alias, CancellationToken cancellationToken = default) =>
        Caller.ChangeAsync(
            HttpMethod.Post, Caller.Url("/1.0/images/aliases"), IncusJson.ToObject(alias, IncusJson.Default.ImageAlias, "type"), null, cancellationToken);

    /// <summary>Points an alias elsewhere or describes it anew, beginning again when somebody else wrote meanwhile.</summary>
    /// <param name="name">The alias.</param>
    /// <param name="change">Makes the new content from the current one.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusNotFoundException">There is no such alias.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAliasAsync(string name, Func<ImageAlias, ImageAlias> change, CancellationToken cancellationToken = default) =>
        ReadableApi<ImageAlias>.ReadModifyWriteAsync(
            () => Caller.GetAsync(Caller.Url(AliasPath(name)), IncusJson.Default.EnvelopeImageAlias, cancellationToken),
            change,
            async (value, etag) =>
            {
                var body = IncusJson.ToObject(value, IncusJson.Default.ImageAlias, "name", "type");
                await Caller.ChangeAsync(HttpMethod.Put, Caller.Url(AliasPath(name)), body, etag, cancellationToken).ConfigureAwait(false);
                return true;
            });

    /// <summary>Deletes an alias; the image stays.</summary>
    /// <param name="name">The alias.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such alias.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteAliasAsync(string name, CancellationToken cancellationToken = default) =>
        Caller.ChangeAsync(HttpMethod.Delete, Caller.Url(AliasPath(name)), null, null, cancellationToken);

    /// <summary>Has the server fetch an image from an image server. The final metadata of the operation names the
    /// fingerprint: see <see cref="FingerprintOf"/>.</summary>
    /// <param name="copy">From where.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation; its progress is that of the download.</returns>
    /// <exception cref="IncusExtensionMissingException">The server does not know the protocol.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> CopyFromAsync(ImageCopy copy, CancellationToken cancellationToken = default)
    {
        if (copy.Protocol == "oci")
            Caller.Connection.RequireExtension("instance_oci", "Copying an OCI image");
        if (copy.Aliases is not null)
            Caller.Connection.RequireExtension("image_create_aliases", "Naming an image while copying it");
        var source = new JsonObject
        {
            ["type"] = "image",
            ["mode"] = "pull",
            ["server"] = copy.Server,
            ["protocol"] = copy.Protocol,
            ["alias"] = copy.Alias,
            ["fingerprint"] = copy.Fingerprint,
            ["image_type"] = copy.ImageType,
            ["certificate"] = copy.Certificate,
        };
        var body = new JsonObject { ["source"] = source, ["auto_update"] = copy.AutoUpdate, ["public"] = copy.Public };
        if (copy.Properties is not null)
            body["properties"] = IncusJson.ToObject(copy.Properties);
        if (copy.Profiles is not null)
            body["profiles"] = IncusJson.ToArray(copy.Profiles);
        if (copy.Aliases is not null)
            body["aliases"] = new JsonArray([.. copy.Aliases.Select(static a => new JsonObject { ["name"] = a.Name, ["description"] = a.Description })]);
        return Caller.StartAsync(HttpMethod.Post, Caller.Url(CollectionPath), body, null, cancellationToken);
    }

    /// <summary>
    /// Makes an image from a stopped instance or from a snapshot of one. Source: Incus doc/howto/images_create.md. See
    /// <see cref="FingerprintOf"/> for its fingerprint.
    /// </summary>
    /// <param name="image">From what, and how.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation; its progress is that of the packing. It fails where the very same image is there already.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> PublishAsync(ImagePublish image, CancellationToken cancellationToken = default)
    {
        var isSnapshot = image.Source.Contains('/', StringComparison.Ordinal);
        var body = new JsonObject
        {
            ["source"] = new JsonObject { ["type"] = isSnapshot ? "snapshot" : "instance", ["name"] = image.Source },
            ["public"] = image.Public,
            ["compression_algorithm"] = image.Compression,
        };
        // With none the image keeps those of the one that the instance was made from.
        if (image.Properties is { Count: > 0 } properties)
            body["properties"] = IncusJson.ToObject(properties);
        if (image.ExpiresAt is { } expires)
            body["expires_at"] = expires;
        return Caller.StartAsync(HttpMethod.Post, Caller.Url(CollectionPath), body, null, cancellationToken);
    }

    /// <summary>Imports an image from its files.</summary>
    /// <param name="metadata">The unified image file, or the metadata file of a split image.</param>
    /// <param name="rootfs">The root file system of a split image; null for a unified one.</param>
    /// <param name="properties">Properties to add. Where the metadata has none at all, Incus (7.3 included) ends at them: give them to
    /// <see cref="UpdateAsync"/> once it is there, if it is not your own.</param>
    /// <param name="type">Type of a split image: <c>container</c> (default) or <c>virtual-machine</c>.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    /// <returns>The operation; see <see cref="FingerprintOf"/>.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IncusOperation> ImportAsync(
        Stream metadata, Stream? rootfs = null, IReadOnlyDictionary<string, string>? properties = null,
        string type = InstanceTypes.Container, CancellationToken cancellationToken = default)
    {
        using HttpContent content = rootfs is null ? Part(metadata) : Split(metadata, rootfs, type);
        if (properties is { Count: > 0 })
        {
            content.Headers.Add("X-Incus-properties", string.Join('&', properties.Select(static property =>
                $"{Uri.EscapeDataString(property.Key)}={Uri.EscapeDataString(property.Value)}")));
        }
        return await Caller.StartAsync(HttpMethod.Post, Caller.Url(CollectionPath), content, null, cancellationToken).ConfigureAwait(false);

        static MultipartFormDataContent Split(Stream metadata, Stream rootfs, string type) => new()
        {
            { Part(metadata), "metadata", "metadata" },
            { Part(rootfs), type == InstanceTypes.VirtualMachine ? "rootfs.img" : "rootfs", "rootfs" },
        };

        static StreamContent Part(Stream stream)
        {
            var part = new StreamContent(stream);
            part.Headers.ContentType = new("application/octet-stream");
            return part;
        }
    }

    /// <summary>Begins to read an image's files, in the form in which <see cref="ImportExportedAsync"/> takes them.</summary>
    /// <param name="fingerprint">The image.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>One file, or two as parts of one body, which its content type tells.</returns>
    /// <exception cref="IncusNotFoundException">There is no such image.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<ServerDownload> ExportAsync(string fingerprint, CancellationToken cancellationToken = default) =>
        Caller.DownloadAsync($"{PathOf(fingerprint)}/export", cancellationToken);

    /// <summary>Imports an image as a server exported it: the same files have the same fingerprint.</summary>
    /// <param name="exported">What <see cref="ExportAsync"/> gave.</param>
    /// <param name="contentType">The form that it is in: its <see cref="ServerDownload.ContentType"/>.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    /// <returns>The operation; see <see cref="FingerprintOf"/>.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<IncusOperation> ImportExportedAsync(Stream exported, string? contentType, CancellationToken cancellationToken = default)
    {
        using var content = new StreamContent(exported);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType ?? "application/octet-stream");
        return await Caller.StartAsync(HttpMethod.Post, Caller.Url(CollectionPath), content, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The fingerprint in the result of <see cref="CopyFromAsync"/> or <see cref="ImportAsync"/>.</summary>
    /// <param name="operation">The final description of the operation.</param>
    /// <returns>The fingerprint, or null when the result names none.</returns>
    public static string? FingerprintOf(OperationInfo operation) =>
        operation.Metadata is { ValueKind: System.Text.Json.JsonValueKind.Object } metadata && metadata.TryGetProperty("fingerprint", out var value)
            ? value.GetString()
            : null;

    /// <summary>Changes an image's properties, beginning again when somebody else wrote meanwhile.</summary>
    /// <param name="fingerprint">The image.</param>
    /// <param name="change">Makes the new content from the current one.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string fingerprint, Func<Image, Image> change, CancellationToken cancellationToken = default) =>
        ReadModifyWriteAsync(
            () => GetAsync(fingerprint, cancellationToken),
            change,
            async (value, etag) =>
            {
                var body = IncusJson.ToObject(value, IncusJson.Default.Image, ReadOnlyFields);
                await Caller.ChangeAsync(HttpMethod.Put, Caller.Url(PathOf(fingerprint)), body, etag, cancellationToken).ConfigureAwait(false);
                return true;
            });

    /// <summary>Deletes an image and its aliases.</summary>
    /// <param name="fingerprint">The image.</param>
    /// <param name="cancellationToken">Ends the request (not the operation).</param>
    /// <returns>The operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such image.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IncusOperation> DeleteAsync(string fingerprint, CancellationToken cancellationToken = default) =>
        Caller.StartAsync(HttpMethod.Delete, Caller.Url(PathOf(fingerprint)), (JsonNode?)null, null, cancellationToken);

    private static string AliasPath(string alias) => $"/1.0/images/aliases/{ApiCaller.Segment(alias)}";
}
