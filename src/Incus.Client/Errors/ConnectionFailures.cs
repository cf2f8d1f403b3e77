using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;

namespace Incus.Client;

/// <summary>Tells apart why a server could not be reached, and what to do about each case.</summary>
internal sealed class ConnectionFailures(string server, SocketLocation? socket, ConnectionOptions options, ServerCertificateCheck certificates)
{
    /// <summary>Whether an exception means that the connection failed (and not, for instance, that the caller gave up).</summary>
    public static bool IsFailure(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        HttpRequestException or IOException or SocketException or WebSocketException => true,
        // A connection attempt that takes too long ends as a cancellation that nobody asked for.
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => false,
    };

    public IncusUnreachableException From(Exception exception, string request)
    {
        var causes = Causes(exception);
        return (socket is null ? FromNetwork(exception, causes) : FromSocket(socket, causes))
            ?? Build(
                UnreachableReason.ConnectionLost, $"The connection to {server} broke during {request}",
                "Look whether the server still runs; what was under way may or may not have been done", exception, request);

        IncusUnreachableException? FromSocket(SocketLocation location, IReadOnlyList<Exception> all)
        {
            if (all.OfType<ArgumentOutOfRangeException>().Any())
            {
                return Build(
                    UnreachableReason.NoDaemon, $"The path of the socket {location.Path} is too long",
                    "Sockets have paths of at most 107 characters: use a shorter one", exception, request);
            }
            if (all.OfType<SocketException>().FirstOrDefault() is not { } failure)
                return null;
            return failure.SocketErrorCode switch
            {
                SocketError.AccessDenied => Build(
                    UnreachableReason.NoPermission, $"User {Environment.UserName} may not use the Incus socket {location.Path}",
                    "Become a member of the group incus-admin (sudo usermod -aG incus-admin USER, then log in again), or run as root",
                    exception, request),
                SocketError.ConnectionRefused => Build(
                    UnreachableReason.NotRunning, $"Nobody listens on the Incus socket {location.Path}: the daemon has stopped",
                    "Start it: sudo systemctl start incus.socket incus.service (or see its log)", exception, request),
                // What a missing file is turned into on the way up.
                SocketError.AddressNotAvailable => NoSocket(location, exception, request),
                SocketError.TimedOut or SocketError.WouldBlock => Build(
                    UnreachableReason.Timeout, $"The Incus socket {location.Path} did not answer in time", "Look at the daemon's log", exception, request),
                _ => null,
            };
        }

        IncusUnreachableException? FromNetwork(Exception whole, IReadOnlyList<Exception> all)
        {
            if (all.OfType<AuthenticationException>().Any())
                return FromHandshake(whole, all, request);
            if (all.OfType<HttpRequestException>().Any(static e => e.HttpRequestError == HttpRequestError.NameResolutionError)
                || all.OfType<SocketException>().Any(static e => e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain))
            {
                return Build(
                    UnreachableReason.NameResolution, $"The host name of {server} has no address",
                    "Check its spelling and the machine's name service, or use the IP address", whole, request);
            }
            if (all.OfType<TimeoutException>().Any() || all.OfType<OperationCanceledException>().Any()
                || all.OfType<SocketException>().Any(static e => e.SocketErrorCode is SocketError.TimedOut))
            {
                return Build(
                    UnreachableReason.Timeout, $"{server} did not answer within {options.ConnectTimeout.TotalSeconds:0.#} seconds",
                    "Check the address, and that no firewall drops the packets", whole, request);
            }
            return all.OfType<SocketException>().FirstOrDefault()?.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => Build(
                    UnreachableReason.Refused, $"Nothing listens at {server}",
                    "Check address and port, that Incus runs there, and that it listens on the network (incus config set core.https_address :8443)",
                    whole, request),
                SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown => Build(
                    UnreachableReason.Other, $"There is no way through the network to {server}", "Check the network of this machine", whole, request),
                _ => null,
            };
        }
    }

    /// <summary>The server answered, and does not know the client.</summary>
    public IncusUnreachableException NotTrusted() => new(
        UnreachableReason.CertificateNotTrustedByServer,
        options.ClientCertificate is null
            ? $"{server} wants a client certificate, and there is none"
            : $"{server} does not trust this client's certificate (fingerprint {ServerCertificateCheck.Fingerprint(options.ClientCertificate)})",
        "Get a trust token there (incus config trust add CLIENT-NAME) and add the remote with it (incus remote add NAME TOKEN)")
    {
        Request = "GET /1.0",
    };

    private IncusUnreachableException FromHandshake(Exception whole, IReadOnlyList<Exception> all, string request)
    {
        if (certificates.Refusal is { } refusal)
        {
            return Build(
                UnreachableReason.CertificateRefused, $"The certificate of {server} is refused: {refusal}",
                "If the server was set up anew, add the remote again with a trust token from it; if not, somebody may be in between", whole, request);
        }
        // A server in PKI mode refuses an unknown client while the connection is set up.
        var text = string.Join(" ", all.Select(static e => e.Message));
        if (text.Contains("alert", StringComparison.OrdinalIgnoreCase) && text.Contains("certificate", StringComparison.OrdinalIgnoreCase))
            return NotTrusted();
        return Build(
            UnreachableReason.Other, $"{server} and this client could not agree on a secure connection: {all[^1].Message}",
            "Check that an Incus server (TLS 1.3) listens there", whole, request);
    }

    private static IncusUnreachableException NoSocket(SocketLocation location, Exception exception, string request)
    {
        var named = location.Origin is "INCUS_SOCKET" or "INCUS_DIR" ? $" (from {location.Origin})" : "";
        var installed = DaemonPlaces.Any(File.Exists);
        var (problem, advice) = installed
            ? ($"There is no Incus socket at {location.Path}{named}: the daemon is not running, or uses another place",
                "Start it (sudo systemctl start incus), or name its socket with INCUS_SOCKET")
            : ($"There is no Incus socket at {location.Path}{named}, and Incus does not seem to be installed",
                "Install it (Debian, Ubuntu: sudo apt install incus; then sudo incus admin init --minimal), or name another server's remote");
        return Build(UnreachableReason.NoDaemon, problem, advice, exception, request);
    }

    /// <summary>Where packages put the daemon.</summary>
    private static readonly string[] DaemonPlaces =
        ["/usr/libexec/incus/incusd", "/usr/lib/incus/incusd", "/opt/incus/bin/incusd", "/usr/bin/incusd", "/usr/sbin/incusd", "/usr/local/bin/incusd"];

    private static IncusUnreachableException Build(UnreachableReason reason, string problem, string advice, Exception exception, string request) =>
        new(reason, problem, advice, exception) { Request = request };

    private static List<Exception> Causes(Exception exception)
    {
        var all = new List<Exception>();
        for (var current = exception; current is not null; current = current.InnerException)
            all.Add(current);
        return all;
    }
}
