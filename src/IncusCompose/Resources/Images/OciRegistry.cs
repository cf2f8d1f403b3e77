using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Images;

/// <summary>
/// A registry of OCI images, asked for what an image says of itself: no layer is fetched.
/// Sources: OCI distribution-spec, spec.md; OCI image-spec, config.md; distribution/distribution, docs/spec/auth.
/// </summary>
internal sealed partial class OciRegistry : IDisposable
{
    // Far more than any has that people made.
    private const int LongestDocument = 8 * 1024 * 1024;

    private static readonly string[] s_indexes = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
    private static readonly string[] s_manifests = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly (string User, string Password)? _credentials;
    private AuthenticationHeaderValue? _authorization;

    // Whoever gives tokens gives none for this very repository, as some say of one that is not there.
    private bool _isDenied;

    /// <param name="address">Its address; what it says of a user counts where no credentials are given.</param>
    /// <param name="credentials">Who may fetch; null where nobody is asked.</param>
    /// <param name="certificate">The one certificate that it may show; null: one that the machine's authorities vouch for.</param>
    /// <param name="transport">What carries the requests; null: connections of its own.</param>
    public OciRegistry(Uri address, ImageCredentials? credentials, X509Certificate2? certificate, HttpMessageHandler? transport = null)
    {
        var user = address.UserInfo.Split(':', 2);
        _credentials = credentials is not null ? (credentials.Username, credentials.Password)
            : user is [var name, var password] ? (Uri.UnescapeDataString(name), Uri.UnescapeDataString(password))
            : null;
        // Docker's own registry answers elsewhere.
        var host = address.Host is "docker.io" or "index.docker.io" ? "registry-1.docker.io" : address.Host;
        _address = new UriBuilder(address.Scheme, host, address.Port, address.AbsolutePath.TrimEnd('/') + "/v2/").Uri;
        var handler = new SocketsHttpHandler { UseCookies = false };
        if (certificate is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (sender, shown, _, errors) =>
                shown?.GetRawCertData().AsSpan().SequenceEqual(certificate.RawDataMemory.Span) == true
                // Layers and documents may lie with somebody else, for whom nothing is stored.
                || (errors == SslPolicyErrors.None && sender is SslStream { TargetHostName: { } target } && target != _address.IdnHost);
        }

        _http = new HttpClient(transport ?? handler) { MaxResponseContentBufferSize = LongestDocument };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The digest of what a name leads to, without anything of it being fetched; null where the registry does not tell.</summary>
    /// <param name="image">What it is called there, such as <c>library/redis:7</c>, with a tag, a digest or neither.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusNotFoundException">The registry does not have it, or not for this user, which many do not tell apart.</exception>
    /// <exception cref="IncusException">The registry does not let this user in, or is none.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    public async Task<string?> FindDigestAsync(string image, CancellationToken cancellationToken)
    {
        var (repository, reference) = Split(image);
        using var answer = await AskAsync(HttpMethod.Head, repository, "manifests", reference, cancellationToken).ConfigureAwait(false);
        return answer.Headers.TryGetValues("Docker-Content-Digest", out var digests) ? digests.First() : null;
    }

    /// <summary>What a name leads to.</summary>
    /// <param name="image">What it is called there, such as <c>library/redis:7</c>, with a tag, a digest or neither.</param>
    /// <param name="architecture">The architecture as Incus calls it.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The registry does not have it, or does not show it to this user.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    /// <exception cref="JsonException">The registry does not say what registries say.</exception>
    public async Task<OciManifest> ReadManifestAsync(string image, string architecture, CancellationToken cancellationToken)
    {
        var (repository, reference) = Split(image);
        var (first, named) = await ReadAsync(repository, "manifests", reference, cancellationToken).ConfigureAwait(false);
        using (first)
        {
            if (!first.RootElement.TryGetProperty("manifests", out var entries))
                return Describe(first.RootElement, named);
            // Of several for one processor, that of its version.
            var wanted = MachineArchitecture.Of(architecture);
            var digest = entries.EnumerateArray()
                .Where(entry => entry.TryGetProperty("platform", out var platform) && Text(platform, "architecture") == wanted.Oci && Text(platform, "os") is "linux" or null)
                .OrderByDescending(entry => wanted.Variant is { } version && Text(entry.GetProperty("platform"), "variant") == version)
                .Select(entry => Text(entry, "digest")).FirstOrDefault(text => text is not null)
                ?? throw new IncusException($"there is no image {image} for {architecture}");
            var (manifest, own) = await ReadAsync(repository, "manifests", digest, cancellationToken).ConfigureAwait(false);
            using (manifest)
            {
                return Describe(manifest.RootElement, own);
            }
        }

        OciManifest Describe(JsonElement manifest, string digest) => new(
            repository, named, digest,
            manifest.TryGetProperty("config", out var config) ? Text(config, "digest") : null,
            manifest.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array
                ? [.. layers.EnumerateArray().Select(layer => Text(layer, "digest") ?? throw new JsonException("a layer has no digest"))]
                : throw OldForm());
    }

    /// <summary>What an image says of itself.</summary>
    /// <param name="manifest">The image.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The registry does not have it, or does not show it to this user.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    /// <exception cref="JsonException">The registry does not say what registries say.</exception>
    public async Task<OciImageConfig> ReadConfigAsync(OciManifest manifest, CancellationToken cancellationToken)
    {
        var (document, _) = await ReadAsync(manifest.Repository, "blobs", manifest.Config ?? throw OldForm(), cancellationToken).ConfigureAwait(false);
        using (document)
        {
            return OciImageConfig.Read(document.RootElement.TryGetProperty("config", out var config) ? config : default);
        }
    }

    /// <summary>As Incus reads it: where there are both, the digest counts.</summary>
    internal static (string Repository, string Reference) Split(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        var named = at < 0 ? image : image[..at];
        var colon = named.IndexOf(':', named.LastIndexOf('/') + 1);
        var repository = colon < 0 ? named : named[..colon];
        return (repository, at >= 0 ? image[(at + 1)..] : colon < 0 ? "latest" : named[(colon + 1)..]);
    }

    private static IncusException OldForm() => new("its registry has it in a form of old, which does not say");

    /// <summary>A document, and its digest.</summary>
    private async Task<(JsonDocument Document, string Digest)> ReadAsync(string repository, string what, string reference, CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(HttpMethod.Get, repository, what, reference, cancellationToken).ConfigureAwait(false);
        var content = await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));
        if (reference.StartsWith("sha256:", StringComparison.Ordinal) && reference != digest)
            throw new IncusException($"{_address.Authority} gives something else for {reference}");
        return (JsonDocument.Parse(content), digest);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string repository, string what, string reference, CancellationToken cancellationToken)
    {
        // What a file says stays below the registry's own address: its user's password goes there.
        if (repository.Split('/').Append(reference).Any(part => part is "" or "." or ".."))
            throw new IncusException($"{repository}:{reference} is no image's name");
        var address = new Uri(_address, $"{string.Join('/', repository.Split('/').Select(Uri.EscapeDataString))}/{what}/{Uri.EscapeDataString(reference).Replace("%3A", ":", StringComparison.Ordinal)}");
        if (address.Authority != _address.Authority)
            throw new IncusException($"{repository}:{reference} is no image's name");
        var answer = await AskAsync(method, address, repository, cancellationToken).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode)
            return answer;
        // Why it is not there is told with the document, and not without.
        if (method == HttpMethod.Head && answer.StatusCode == HttpStatusCode.NotFound)
        {
            answer.Dispose();
            return await AskAsync(HttpMethod.Get, repository, what, reference, cancellationToken).ConfigureAwait(false);
        }

        using (answer)
        {
            throw answer.StatusCode switch
            {
                HttpStatusCode.NotFound when await IsRegistrysAsync(answer, cancellationToken).ConfigureAwait(false) => new IncusNotFoundException($"{_address.Authority} has no {repository}:{reference}"),
                HttpStatusCode.NotFound => new IncusException($"{_address.Authority} answers with 404, and not as a registry does"),
                // Who has a token and is not shown the image is told no more of one that is not there.
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when _isDenied || _authorization is { Scheme: "Bearer" } =>
                    new IncusNotFoundException($"{_address.Authority} has no {repository}:{reference}, or shows it to nobody but users who may see it"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new IncusException(_credentials is { User: var user } ? $"{_address.Authority} does not let {user} in" : $"{_address.Authority} lets in nobody but users with a password"),
                HttpStatusCode.TooManyRequests => new IncusException($"{_address.Authority} has answered too often for now"),
                var status => new IncusException($"{_address.Authority} answers with {(int)status}"),
            };
        }
    }

    /// <summary>True for an answer that a registry gives, not whatever else may be at its address.</summary>
    private static async Task<bool> IsRegistrysAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Headers.Contains("Docker-Distribution-Api-Version"))
            return true;
        try
        {
            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, Uri address, string repository, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(method, address, _authorization, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.Unauthorized || _authorization is not null)
            return answer;
        var challenges = answer.Headers.WwwAuthenticate.ToList();
        if (challenges.FirstOrDefault(challenge => challenge.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) is { Parameter: { } parameter })
            _authorization = await AskForTokenAsync(parameter, repository, cancellationToken).ConfigureAwait(false);
        // A user's password goes nowhere in the clear.
        else if (_address.Scheme == Uri.UriSchemeHttps && challenges.Any(challenge => challenge.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)))
            _authorization = Basic();
        if (_authorization is null)
            return answer;
        answer.Dispose();
        return await SendAsync(method, address, _authorization, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address);
        foreach (var type in s_indexes.Concat(s_manifests).Append("*/*"))
            request.Headers.Accept.ParseAdd(type);
        request.Headers.Authorization = authorization;
        return await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A token for reading one repository, of whom the registry names for that.</summary>
    private async Task<AuthenticationHeaderValue?> AskForTokenAsync(string challenge, string repository, CancellationToken cancellationToken)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (Match part in Parts().Matches(challenge))
            parts[part.Groups["name"].Value] = part.Groups["value"].Value;
        if (!parts.TryGetValue("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && _credentials is null)))
            return null;
        var query = new StringBuilder(address.Query.Length > 1 ? address.Query[1..] + "&" : "");
        if (parts.TryGetValue("service", out var service))
            query.Append("service=").Append(Uri.EscapeDataString(service)).Append('&');
        query.Append("scope=").Append(Uri.EscapeDataString(parts.GetValueOrDefault("scope", $"repository:{repository}:pull")));
        using var answer = await SendAsync(HttpMethod.Get, new UriBuilder(address) { Query = query.ToString() }.Uri, _address.Scheme == Uri.UriSchemeHttps ? Basic() : null, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            _isDenied = answer.StatusCode == HttpStatusCode.Forbidden;
            return null;
        }

        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        return (Text(document.RootElement, "token") ?? Text(document.RootElement, "access_token")) is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
    }

    private AuthenticationHeaderValue? Basic() => _credentials is { } user
        ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user.User}:{user.Password}")))
        : null;

    private static string? Text(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    [GeneratedRegex("(?<name>[A-Za-z]+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Parts();
}
