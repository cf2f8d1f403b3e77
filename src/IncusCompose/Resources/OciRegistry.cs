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

namespace IncusCompose.Resources;

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

    // Incus's words for what registries call otherwise. Source: Incus shared/osarch/architectures.go; Go's GOARCH.
    private static readonly Dictionary<string, string> s_architectures = new(StringComparer.Ordinal)
    {
        ["x86_64"] = "amd64", ["aarch64"] = "arm64", ["armv8l"] = "arm", ["armv7l"] = "arm", ["armv6l"] = "arm", ["i686"] = "386",
    };

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly (string User, string Password)? _credentials;
    private AuthenticationHeaderValue? _authorization;

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

    /// <summary>The entry point of an image; empty where it has none.</summary>
    /// <param name="image">What it is called there, such as <c>library/redis:7</c>, with a tag, a digest or neither.</param>
    /// <param name="architecture">The architecture as Incus calls it.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The registry does not have it, or does not show it to this user.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    /// <exception cref="JsonException">The registry does not say what registries say.</exception>
    public async Task<IReadOnlyList<string>> ReadEntrypointAsync(string image, string architecture, CancellationToken cancellationToken)
    {
        var (repository, reference) = Split(image);
        using var first = await ReadAsync(repository, "manifests", reference, cancellationToken).ConfigureAwait(false);
        if (!first.RootElement.TryGetProperty("manifests", out var entries))
            return await EntrypointOfAsync(repository, first.RootElement, cancellationToken).ConfigureAwait(false);
        var digest = entries.EnumerateArray()
            .Where(entry => entry.TryGetProperty("platform", out var platform) && Text(platform, "architecture") == s_architectures.GetValueOrDefault(architecture, architecture) && Text(platform, "os") is "linux" or null)
            .Select(entry => Text(entry, "digest")).FirstOrDefault(text => text is not null)
            ?? throw new IncusException($"there is no image {image} for {architecture}");
        using var manifest = await ReadAsync(repository, "manifests", digest, cancellationToken).ConfigureAwait(false);
        return await EntrypointOfAsync(repository, manifest.RootElement, cancellationToken).ConfigureAwait(false);
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

    private async Task<IReadOnlyList<string>> EntrypointOfAsync(string repository, JsonElement manifest, CancellationToken cancellationToken)
    {
        if (!manifest.TryGetProperty("config", out var described) || Text(described, "digest") is not { } digest)
            throw new IncusException("its registry has it in a form of old, which does not say");
        using var document = await ReadAsync(repository, "blobs", digest, cancellationToken).ConfigureAwait(false);
        return document.RootElement.TryGetProperty("config", out var config) && config.ValueKind == JsonValueKind.Object
            && config.TryGetProperty("Entrypoint", out var words) && words.ValueKind == JsonValueKind.Array
            ? [.. words.EnumerateArray().Select(word => word.GetString() ?? "")]
            : [];
    }

    private async Task<JsonDocument> ReadAsync(string repository, string what, string reference, CancellationToken cancellationToken)
    {
        // What a file says stays below the registry's own address: its user's password goes there.
        if (repository.Split('/').Append(reference).Any(part => part is "" or "." or ".."))
            throw new IncusException($"{repository}:{reference} is no image's name");
        var address = new Uri(_address, $"{string.Join('/', repository.Split('/').Select(Uri.EscapeDataString))}/{what}/{Uri.EscapeDataString(reference).Replace("%3A", ":", StringComparison.Ordinal)}");
        if (address.Authority != _address.Authority)
            throw new IncusException($"{repository}:{reference} is no image's name");
        using var answer = await GetAsync(address, repository, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw new IncusException(answer.StatusCode switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"{_address.Authority} shows it to nobody but users who may see it",
                HttpStatusCode.NotFound => $"{_address.Authority} has no {repository}:{reference}",
                HttpStatusCode.TooManyRequests => $"{_address.Authority} has answered too often for now",
                var status => $"{_address.Authority} answers with {(int)status}",
            });
        }

        var content = await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (reference.StartsWith("sha256:", StringComparison.Ordinal) && reference["sha256:".Length..] != Convert.ToHexStringLower(SHA256.HashData(content)))
            throw new IncusException($"{_address.Authority} gives something else for {reference}");
        return JsonDocument.Parse(content);
    }

    private async Task<HttpResponseMessage> GetAsync(Uri address, string repository, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(address, _authorization, cancellationToken).ConfigureAwait(false);
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
        return await SendAsync(address, _authorization, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
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
        using var answer = await SendAsync(new UriBuilder(address) { Query = query.ToString() }.Uri, _address.Scheme == Uri.UriSchemeHttps ? Basic() : null, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
            return null;
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
