using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>A certificate authority of a test's own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    private TestAuthority()
    {
        var request = new CertificateRequest($"CN=test authority {Guid.NewGuid()}", key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
    }

    public X509Certificate2 Certificate { get; }

    public static TestAuthority Create() => new();

    /// <summary>A certificate and key, PEM, for a server at an address.</summary>
    public (string Certificate, string Key) Issue(string address)
    {
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new CertificateRequest("CN=server", serverKey, HashAlgorithmName.SHA384);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.Create(Certificate, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(12), Guid.NewGuid().ToByteArray());
        return (certificate.ExportCertificatePem() + "\n", serverKey.ExportECPrivateKeyPem() + "\n");
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }
}
