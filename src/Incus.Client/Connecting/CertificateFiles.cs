using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Incus.Client;

/// <summary>Certificates and keys as files in PEM form, where Incus's own client keeps them.</summary>
internal static class CertificateFiles
{
    private const UnixFileMode KeyMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode = KeyMode | UnixFileMode.UserExecute;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads a certificate; null when there is no such file.</summary>
    /// <exception cref="IncusException">The file can not be read.</exception>
    public static X509Certificate2? ReadIfThere(string? path) =>
        path is null || !File.Exists(path) ? null : Guard(path, () => X509CertificateLoader.LoadCertificateFromFile(path));

    /// <summary>Reads a certificate and its key.</summary>
    /// <exception cref="IncusException">One of the files can not be read, or the key is protected by a password.</exception>
    public static X509Certificate2 ReadWithKey(string certificatePath, string keyPath)
    {
        var key = Guard(keyPath, () => File.ReadAllText(keyPath));
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal) || key.Contains("OPENSSH PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new IncusException(
                $"The key {keyPath} is protected by a password", "Use one without (openssl pkey -in client.key -out client.key), readable by you alone");
        }
        return Guard(certificatePath, () => X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath), key));
    }

    /// <summary>Reads a client certificate and its key, made and stored now if they are not there.</summary>
    /// <exception cref="IncusException">The files can not be read or written.</exception>
    public static X509Certificate2 ReadOrCreate(string certificatePath, string keyPath)
    {
        if (File.Exists(certificatePath) && File.Exists(keyPath))
            return ReadWithKey(certificatePath, keyPath);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("Linux Containers");
        name.AddCommonName($"{Environment.UserName}@{Dns.GetHostName()}");
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now, now.AddYears(10));
        WriteText(keyPath, key.ExportECPrivateKeyPem(), KeyMode);
        Write(certificatePath, certificate);
        return ReadWithKey(certificatePath, keyPath);
    }

    /// <summary>Writes a certificate, without its key, in PEM form.</summary>
    /// <exception cref="IncusException">The file can not be written.</exception>
    public static void Write(string path, X509Certificate2 certificate) =>
        WriteText(path, certificate.ExportCertificatePem(), KeyMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    private static void WriteText(string path, string text, UnixFileMode mode) => Guard(path, () =>
    {
        var directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory))
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, DirectoryMode);
        }
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var stream = new FileStream(path, options);
        stream.Write(Encoding.ASCII.GetBytes(text.EndsWith('\n') ? text : text + "\n"));
        return true;
    });

    private static T Guard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new IncusException($"{path} can not be used: {exception.Message}", "Check that it is a PEM file and that you may read and write it", exception);
        }
    }
}
