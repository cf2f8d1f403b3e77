using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Resources.Images;

/// <summary>
/// What the names of images lead to where they come from, right now: asked for those that the file wants to follow, and for
/// no others.
/// </summary>
internal static class RemoteImages
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20);

    /// <summary>The longest list of images that is read; those of the well-known servers have a few mebibytes.</summary>
    internal const int LongestList = 64 << 20;

    /// <summary>The fingerprints by reference and type; what cannot be asked is a warning, and stays as it is.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="remotes">The user's remotes.</param>
    /// <param name="server">The server, whose architecture counts.</param>
    /// <param name="registries">Asks registries.</param>
    /// <param name="images">The images that the server has.</param>
    /// <param name="problems">Receives warnings.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<NewestImages> AskAsync(
        StackDefinition stack, ClientConfiguration remotes, ServerInfo server, RegistryImages registries, IReadOnlyList<Image> images, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var wanted = StackImages.Followed(stack).ToList();
        var found = new Dictionary<(string, string), string>();
        var digests = new Dictionary<string, ImageDigest>(StringComparer.Ordinal);
        var answers = await Task.WhenAll(wanted.Select(async Task<(ImageName Image, string? Answer, ImageDigest? Digest, string? Problem)> (image) =>
        {
            try
            {
                if (registries.Has(image.Reference))
                {
                    // Where the server runs no such images at all, that is what is said.
                    var digest = server.ApiExtensions.Contains("instance_oci") ? await AskRegistryAsync(image, remotes, registries, images, cancellationToken).ConfigureAwait(false) : null;
                    return (image, digest?.Fingerprint, digest, null);
                }

                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(LongestAnswer);
                return (image, await AskAsync(image.Definition, image.Reference, image.Type, remotes, server, limit.Token).ConfigureAwait(false), null, null);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && (RegistryImages.IsProblem(error) || error is UnauthorizedAccessException))
            {
                var reason = error is OperationCanceledException ? "it does not answer" : Secrets.Mask("", error.Message.TrimEnd('.'));
                return (image, null, null, $"whether {image.Reference} has moved on cannot be told: {reason}");
            }
        })).ConfigureAwait(false);
        foreach (var (image, answer, digest, problem) in answers)
        {
            if (digest is not null)
                digests[image.Reference] = digest;
            if (answer is not null)
            {
                found[(image.Reference, image.Type)] = answer;
                // Files are one image, whatever it is of; who names it by its key alone does not say that.
                if (StackImages.FilesOf(image.Definition) is not null)
                    found[(image.Reference, InstanceTypes.VirtualMachine)] = answer;
            }

            if (problem is not null)
                problems.Add(Diagnostic.Warning("ImageServerSilent", stack.Source.Find(image.Path), image.Path, problem, "what the server has is used"));
        }

        return new NewestImages(found, digests);
    }

    /// <summary>What a registry's name leads to. One question is enough, and it fetches nothing, as long as that is what the server has.</summary>
    private static async Task<ImageDigest?> AskRegistryAsync(ImageName image, ClientConfiguration remotes, RegistryImages registries, IReadOnlyList<Image> images, CancellationToken cancellationToken)
    {
        var (name, alias) = ImageRemotes.Split(image.Reference);
        // What is named by its digest stays what it is.
        if (image.Type != InstanceTypes.Container || alias.Contains('@', StringComparison.Ordinal))
            return null;
        var credentials = image.Definition?.Credentials;
        if (LiveImages.Find(ImageRemotes.Find(remotes, name!), alias, image.Type, images) is { } here && ImageDigest.Read(here) is { } known
            && await registries.FindDigestAsync(image.Reference, credentials, cancellationToken).ConfigureAwait(false) == known.Name)
            return known;
        return ImageDigest.Of(await registries.ManifestAsync(image.Reference, credentials, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<string?> AskAsync(
        ImageDefinition? declared, string reference, string type, ClientConfiguration remotes, ServerInfo server, CancellationToken cancellationToken)
    {
        if (StackImages.FilesOf(declared) is { } files)
            return await Task.Run(files.Fingerprint, cancellationToken).ConfigureAwait(false);
        var (name, alias) = ImageRemotes.Split(reference);
        if (name is null || !remotes.Remotes.TryGetValue(name, out var remote))
            return null;
        switch (remote.Protocol)
        {
            case "incus":
                var client = await IncusClient.ConnectAsync(remotes.OptionsFor(remote.Name) with { AllowUntrusted = true, UseEvents = false }, cancellationToken).ConfigureAwait(false);
                await using (client.ConfigureAwait(false))
                {
                    return (await client.Images.GetAliasAsync(alias, type, cancellationToken).ConfigureAwait(false)).Target;
                }

            case "simplestreams":
                using (var http = new HttpClient())
                {
                    return await FindAsync(http, remote.Addresses[0].TrimEnd('/'), alias, type, server.Environment.Architectures is [var own, ..] ? own : "x86_64", cancellationToken).ConfigureAwait(false);
                }

            default:
                return null;
        }
    }

    /// <summary>The newest image of an alias. Source: Incus shared/simplestreams, and the format's own description.</summary>
    internal static async Task<string?> FindAsync(HttpClient http, string address, string alias, string type, string architecture, CancellationToken cancellationToken)
    {
        using var index = await ReadAsync(http, $"{address}/streams/v1/index.json", cancellationToken).ConfigureAwait(false);
        architecture = MachineArchitecture.Of(architecture).Simplestreams;
        foreach (var stream in index.RootElement.GetProperty("index").EnumerateObject())
        {
            if (Text(stream.Value, "datatype") != "image-downloads" || Text(stream.Value, "path") is not { } path)
                continue;
            using var products = await ReadAsync(http, $"{address}/{path}", cancellationToken).ConfigureAwait(false);
            foreach (var product in products.RootElement.GetProperty("products").EnumerateObject().Select(entry => entry.Value))
            {
                if (Text(product, "arch") == architecture && (Text(product, "aliases") ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(alias) && Newest(product, type) is { } fingerprint)
                    return fingerprint;
            }
        }

        return null;
    }

    private static string? Newest(JsonElement product, string type)
    {
        // In the order in which Incus prefers them.
        string[] digests = type == InstanceTypes.VirtualMachine
            ? ["combined_disk-kvm-img_sha256", "combined_disk1-img_sha256", "combined_uefi1-img_sha256"]
            : ["combined_squashfs_sha256", "combined_rootxz_sha256", "combined_sha256"];
        return product.GetProperty("versions").EnumerateObject()
            .OrderByDescending(version => version.Name, StringComparer.Ordinal)
            .SelectMany(version => version.Value.GetProperty("items").EnumerateObject())
            .Where(item => Text(item.Value, "ftype") is "incus.tar.xz" or "lxd.tar.xz")
            .Select(item => digests.Select(digest => Text(item.Value, digest)).FirstOrDefault(text => text is not null))
            .FirstOrDefault(text => text is not null);
    }

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static async Task<JsonDocument> ReadAsync(HttpClient http, string address, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(address), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        var bounded = new MemoryStream();
        await using (bounded.ConfigureAwait(false))
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                // What it says of its length is not relied upon.
                var buffer = new byte[81920];
                int count;
                while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    if (bounded.Length + count > LongestList)
                        throw new IOException($"{address} is longer than {LongestList >> 20} MiB, which no list of images is");
                    bounded.Write(buffer, 0, count);
                }
            }

            bounded.Position = 0;
            return await JsonDocument.ParseAsync(bounded, default, cancellationToken).ConfigureAwait(false);
        }
    }
}
