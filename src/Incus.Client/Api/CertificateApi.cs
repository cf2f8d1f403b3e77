using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>The certificates that the server trusts (<c>/1.0/certificates</c>).</summary>
public sealed class CertificateApi
{
    private readonly ApiCaller caller;

    internal CertificateApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Lists the trusted certificates.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The certificates the client may see.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<IReadOnlyList<TrustedCertificate>> ListAsync(CancellationToken cancellationToken = default) =>
        caller.ListAsync(caller.Url("/1.0/certificates", ("recursion", "1")), IncusJson.Default.EnvelopeIReadOnlyListTrustedCertificate, cancellationToken);

    /// <summary>Reads a trusted certificate.</summary>
    /// <param name="fingerprint">Its fingerprint.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The certificate and its ETag.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that fingerprint.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<Versioned<TrustedCertificate>> GetAsync(string fingerprint, CancellationToken cancellationToken = default) =>
        caller.GetAsync(PathOf(fingerprint), IncusJson.Default.EnvelopeTrustedCertificate, cancellationToken);

    /// <summary>Trusts a certificate.</summary>
    /// <param name="certificate">The certificate (PEM), its name and what it may do.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is trusted.</returns>
    /// <exception cref="IncusConflictException">It is trusted already.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateAsync(TrustedCertificate certificate, CancellationToken cancellationToken = default)
    {
        // A creation wants it without the lines around it.
        var body = BodyOf(certificate);
        body["certificate"] = Convert.ToBase64String(X509Certificate2.CreateFromPem(certificate.Certificate).RawData);
        return caller.ChangeAsync(HttpMethod.Post, caller.Url("/1.0/certificates"), body, null, cancellationToken);
    }

    /// <summary>Changes what a trusted certificate may do and what it is called, or puts another one in its place.</summary>
    /// <param name="fingerprint">Its fingerprint.</param>
    /// <param name="certificate">What it should be.</param>
    /// <param name="etag">ETag of the version it was made from; null to overwrite whatever is there.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusPreconditionFailedException">Somebody else changed it.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task UpdateAsync(string fingerprint, TrustedCertificate certificate, string? etag, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Put, PathOf(fingerprint), BodyOf(certificate), etag, cancellationToken);

    /// <summary>Issues a trust token for a new client (extension <c>certificate_token</c>).</summary>
    /// <param name="clientName">Name of the client.</param>
    /// <param name="projects">Restrict the client to these projects; null for no restriction.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The token's text, a secret, to be used with <see cref="IncusClient.TrustAsync"/> or <c>incus remote add</c>.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<string> CreateTokenAsync(string clientName, IReadOnlyCollection<string>? projects = null, CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("certificate_token", "Issuing a trust token");
        var body = new JsonObject { ["name"] = clientName, ["type"] = "client", ["token"] = true, ["restricted"] = projects is not null };
        if (projects is not null)
            body["projects"] = IncusJson.ToArray(projects);
        using var content = ApiCaller.JsonBody(body);
        var answer = await caller.SendAsync(HttpMethod.Post, caller.Url("/1.0/certificates"), content, null, cancellationToken).ConfigureAwait(false);
        return TrustToken.FromOperation(clientName, answer.Operation).Encoded;
    }

    /// <summary>Stops trusting a certificate.</summary>
    /// <param name="fingerprint">Its fingerprint.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is done.</returns>
    /// <exception cref="IncusNotFoundException">There is none of that fingerprint.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteAsync(string fingerprint, CancellationToken cancellationToken = default) =>
        caller.ChangeAsync(HttpMethod.Delete, PathOf(fingerprint), null, null, cancellationToken);

    private string PathOf(string fingerprint) => caller.Url($"/1.0/certificates/{ApiCaller.Segment(fingerprint)}");

    private static JsonObject BodyOf(TrustedCertificate certificate) => IncusJson.ToObject(certificate, IncusJson.Default.TrustedCertificate, "fingerprint");
}
