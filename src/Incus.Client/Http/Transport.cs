using System.Net.Security;
using System.Security.Authentication;

namespace Incus.Client;

/// <summary>How bytes get to the server: a Unix socket, or TLS 1.3.</summary>
internal static class Transport
{
    /// <summary>Port of the API over HTTPS where an address names none.</summary>
    private const int DefaultPort = 8443;

    /// <summary>The socket an address stands for; null when it is not one of a Unix socket.</summary>
    public static SocketLocation? SocketOf(string address, ConnectionOptions options)
    {
        if (!address.StartsWith("unix:", StringComparison.Ordinal))
            return null;
        var path = address["unix:".Length..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        return path.Length > 0
            ? new SocketLocation(path, "address", null)
            : (options.Environment ?? new IncusEnvironment()).FindSocket();
    }

    /// <summary>An HTTPS address in full: <c>host</c> and <c>host:port</c> get what they lack.</summary>
    /// <exception cref="ArgumentException">It is no HTTPS address.</exception>
    public static string NormalizeHttps(string address)
    {
        var full = address.Contains("://", StringComparison.Ordinal) ? address : $"https://{address}";
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
            throw new ArgumentException($"\"{address}\" is not the address of a server; write unix:///path/to/socket or https://host:port", nameof(address));
        var hasPort = full.AsSpan("https://".Length).TrimEnd('/') is var rest
            && rest.LastIndexOf(':') > rest.LastIndexOf(']');
        return $"https://{uri.Host}:{(hasPort ? uri.Port : DefaultPort)}";
    }

    public static SocketsHttpHandler CreateHandler(ConnectionOptions options, string? socketPath, ServerCertificateCheck certificates)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = socketPath is null,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        if (socketPath is not null)
        {
            handler.ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new UnixSocketStream(socketPath));
            // A new connection costs next to nothing here, and a kept one may be of a daemon that is gone: a change
            // sent to it would be reported as lost half way.
            handler.PooledConnectionLifetime = TimeSpan.Zero;
            handler.PooledConnectionIdleTimeout = TimeSpan.Zero;
            return handler;
        }
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = certificates.Check,
        };
        if (options.ClientCertificate is { } certificate)
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return handler;
    }
}
