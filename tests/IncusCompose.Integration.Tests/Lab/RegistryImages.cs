using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>Publishes images in the lab's registry as whoever maintains them does: one more layer, another word of what the image says.</summary>
internal static class RegistryImages
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>Publishes an image that is made of another one.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="from">The image to begin with, <c>NAME</c> or <c>NAME:TAG</c>.</param>
    /// <param name="to">What to publish it as, in the same form; what was there before has no name any more.</param>
    /// <param name="change">Changes what the image says of itself: <c>Env</c>, <c>Cmd</c>, <c>User</c> and so on; null to leave it.</param>
    /// <param name="files">Files of one layer more, by path; none for no layer.</param>
    /// <returns>The digest of the image.</returns>
    public static Task<string> PublishAsync(this Registry registry, string from, string to, Action<JsonObject>? change = null, params (string Path, string Text)[] files) =>
        // What is to be run lies in bin.
        PublishAsync(registry, from, to, [.. files.Select(file => new PaxTarEntry(TarEntryType.RegularFile, file.Path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(file.Text)), Mode = (UnixFileMode)(file.Path.Contains("bin/", StringComparison.Ordinal) ? 0x1ed : 0x1a4) })], change);

    /// <inheritdoc cref="PublishAsync(Registry, string, string, Action{JsonObject}?, ValueTuple{string, string}[])"/>
    /// <param name="entries">What one layer more holds; nothing for no layer.</param>
    public static async Task<string> PublishAsync(this Registry registry, string from, string to, IReadOnlyList<TarEntry> entries, Action<JsonObject>? change = null)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(registry.Authority);
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) =>
            {
                using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
                chain.ChainPolicy.CustomTrustStore.Add(authority);
                return chain.Build(shown!);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(registry.Address + "/v2/") };
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(ManifestType));
        var (name, tag) = Split(from);
        var (newName, newTag) = Split(to);
        var manifest = JsonNode.Parse(await http.GetStringAsync($"{name}/manifests/{tag}"))!.AsObject();
        var image = JsonNode.Parse(await http.GetStringAsync($"{name}/blobs/{manifest["config"]!["digest"]}"))!.AsObject();
        foreach (var layer in manifest["layers"]!.AsArray().Where(_ => name != newName))
            await PushAsync(await http.GetByteArrayAsync($"{name}/blobs/{layer!["digest"]}"));
        if (entries.Count > 0)
        {
            var tar = Tar(entries);
            using var packed = new MemoryStream();
            await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                await gzip.WriteAsync(tar);
            image["rootfs"]!["diff_ids"]!.AsArray().Add(Digest(tar));
            manifest["layers"]!.AsArray().Add(await PushAsync(packed.ToArray(), "application/vnd.oci.image.layer.v1.tar+gzip"));
        }

        change?.Invoke(image["config"]!.AsObject());
        manifest["config"] = await PushAsync(Bytes(image), "application/vnd.oci.image.config.v1+json");
        var content = new ByteArrayContent(Bytes(manifest)) { Headers = { ContentType = new MediaTypeHeaderValue(ManifestType) } };
        (await http.PutAsync($"{newName}/manifests/{newTag}", content)).EnsureSuccessStatusCode();
        return Digest(Bytes(manifest));

        async Task<JsonObject> PushAsync(byte[] blob, string type = "")
        {
            var begun = (await http.PostAsync($"{newName}/blobs/uploads/", null)).EnsureSuccessStatusCode();
            var place = new UriBuilder(new Uri(http.BaseAddress!, begun.Headers.Location!));
            place.Query = $"{place.Query.TrimStart('?')}&digest={Digest(blob)}";
            var body = new ByteArrayContent(blob) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
            (await http.PutAsync(place.Uri, body)).EnsureSuccessStatusCode();
            return new JsonObject { ["mediaType"] = type, ["digest"] = Digest(blob), ["size"] = blob.Length };
        }
    }

    private static (string Name, string Tag) Split(string image) => image.Split(':') is [var name, var tag] ? (name, tag) : (image, "latest");

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Tar(IReadOnlyList<TarEntry> entries)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
                writer.WriteEntry(entry);
        }

        return stream.ToArray();
    }
}
