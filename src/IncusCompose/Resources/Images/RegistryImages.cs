using System.Collections.Concurrent;
using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Resources.Images;

/// <summary>
/// The images of registries, asked for while a plan is made: only those that somebody wants to know something of, and each
/// thing once, whoever wants to know.
/// </summary>
/// <param name="remotes">The user's remotes.</param>
/// <param name="server">The server, whose architecture counts.</param>
internal sealed class RegistryImages(ClientConfiguration remotes, ServerInfo server) : IDisposable
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, Lazy<OciRegistry>> _registries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<OciManifest>>> _manifests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<OciImageConfig>>> _configs = new(StringComparer.Ordinal);

    /// <summary>True for an image that comes from a registry.</summary>
    /// <param name="reference">What the file's word for it leads to.</param>
    public bool Has(string reference) => RemoteOf(reference) is not null;

    /// <summary>The digest of what a name leads to; null where the registry tells no such thing without showing the image.</summary>
    /// <param name="reference">What the file's word for the image leads to.</param>
    /// <param name="credentials">Who may fetch it; null where nobody is asked.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The registry does not have it, or does not show it to this user, or there is none.</exception>
    /// <exception cref="HttpRequestException">The registry cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The registry does not answer in time.</exception>
    public async Task<string?> FindDigestAsync(string reference, ImageCredentials? credentials, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        return await RegistryOf(reference, credentials).FindDigestAsync(ImageRemotes.Split(reference).Alias, limit.Token).ConfigureAwait(false);
    }

    /// <summary>What a name leads to.</summary>
    /// <inheritdoc cref="FindDigestAsync" path="/param|/exception"/>
    public Task<OciManifest> ManifestAsync(string reference, ImageCredentials? credentials, CancellationToken cancellationToken) =>
        _manifests.GetOrAdd(reference, _ => new(async () =>
        {
            using var limit = Limit(cancellationToken);
            return await RegistryOf(reference, credentials).ReadManifestAsync(ImageRemotes.Split(reference).Alias, server.Environment.Architectures is [var own, ..] ? own : "x86_64", limit.Token).ConfigureAwait(false);
        })).Value;

    /// <summary>What an image says of itself.</summary>
    /// <inheritdoc cref="FindDigestAsync" path="/param|/exception"/>
    public Task<OciImageConfig> ConfigAsync(string reference, ImageCredentials? credentials, CancellationToken cancellationToken) =>
        _configs.GetOrAdd(reference, _ => new(async () =>
        {
            var manifest = await ManifestAsync(reference, credentials, cancellationToken).ConfigureAwait(false);
            using var limit = Limit(cancellationToken);
            return await RegistryOf(reference, credentials).ReadConfigAsync(manifest, limit.Token).ConfigureAwait(false);
        })).Value;

    /// <summary>What an image says of itself, where it has been asked for already and has answered.</summary>
    /// <param name="reference">What the file's word for the image leads to.</param>
    public OciImageConfig? ConfigIfTold(string reference) =>
        _configs.TryGetValue(reference, out var asked) && asked.Value is { IsCompletedSuccessfully: true } told ? told.Result : null;

    /// <summary>True for what goes wrong when a registry is asked.</summary>
    public static bool IsProblem(Exception error) =>
        error is IncusException or HttpRequestException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or IOException or OperationCanceledException;

    /// <summary>The same in words, to stand in a sentence.</summary>
    public static string Describe(Exception error) =>
        error is OperationCanceledException ? "its registry does not answer" : Secrets.Mask("", error.Message.TrimEnd('.'));

    public void Dispose()
    {
        foreach (var registry in _registries.Values.Where(registry => registry.IsValueCreated))
            registry.Value.Dispose();
    }

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestAnswer);
        return limit;
    }

    private IncusRemote? RemoteOf(string reference) =>
        ImageRemotes.Split(reference).Remote is { } name && ImageRemotes.Find(remotes, name) is { Protocol: "oci" } remote ? remote : null;

    // One for each image: what a registry allows is about one.
    private OciRegistry RegistryOf(string reference, ImageCredentials? credentials) => _registries.GetOrAdd(reference, _ => new(() =>
    {
        var remote = RemoteOf(reference) ?? throw new IncusException("it does not come from a registry");
        return Uri.TryCreate(remote.Addresses[0], UriKind.Absolute, out var address)
            ? new OciRegistry(address, credentials, remotes.FindServerCertificate(remote))
            : throw new IncusException($"{ImageRemotes.Split(reference).Remote} is no registry's address");
    }, LazyThreadSafetyMode.ExecutionAndPublication)).Value;
}
