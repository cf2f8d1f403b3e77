using System.Net;
using System.Net.Sockets;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>Ports of this machine.</summary>
internal static class HostPort
{
    /// <summary>A port that nothing listens on.</summary>
    public static int Free()
    {
        using var listener = Taken(out var port);
        return port;
    }

    /// <summary>Listens on a port until it is disposed of.</summary>
    public static TcpListener Taken(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }
}
