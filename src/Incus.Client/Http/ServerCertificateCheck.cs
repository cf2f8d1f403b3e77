using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Incus.Client;

/// <summary>
/// Decides whether a server's certificate is accepted: exactly the pinned one, or one with the fingerprint of a trust
/// token, or one that the user's or the system's authorities vouch for. There is no way to accept any certificate.
/// </summary>
internal sealed class ServerCertificateCheck(ConnectionOptions options)
{
    /// <summary>Why the last certificate was refused; null while none was.</summary>
    public string? Refusal { get; private set; }

    /// <summary>The last certificate that was accepted.</summary>
    public X509Certificate2? Accepted { get; private set; }

    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = certificate is null ? "the server showed no certificate" : FindProblem(certificate, chain, errors);
        if (Refusal is not null)
            return false;
        Accepted = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
        return true;
    }

    private string? FindProblem(X509Certificate certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var shown = Fingerprint(certificate);
        if (options.ServerFingerprint is { } expected)
        {
            return shown == expected ? null : $"its certificate has the fingerprint {shown}, the trust token names {expected}";
        }
        if (options.ServerCertificate is { } pinned)
        {
            return certificate.GetRawCertData().AsSpan().SequenceEqual(pinned.RawDataMemory.Span)
                ? null
                : $"its certificate has the fingerprint {shown}, the stored one is {Fingerprint(pinned)}";
        }
        if (options.Authority is { } authority)
        {
            if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
                return "its certificate is for another host name";
            using var privateChain = new X509Chain();
            privateChain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            privateChain.ChainPolicy.CustomTrustStore.Add(authority);
            privateChain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
                privateChain.ChainPolicy.ExtraStore.Add(element.Certificate);
            using var shownCertificate = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return privateChain.Build(shownCertificate)
                ? null
                : $"its certificate is not vouched for by the authority {authority.Subject}: {ProblemsOf(privateChain)}";
        }
        if (errors == SslPolicyErrors.None)
            return null;
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? "its certificate is for another host name and not stored among the trusted ones"
            : $"no certificate of it is stored, and no known authority vouches for the one it shows (fingerprint {shown})";
    }

    public static string Fingerprint(X509Certificate certificate) =>
        certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();

    private static string ProblemsOf(X509Chain chain) =>
        string.Join("; ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()).Distinct());
}
