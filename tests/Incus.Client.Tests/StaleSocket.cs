using System.Net.Sockets;

namespace Incus.Client.Tests;

/// <summary>A socket on which nobody listens, as a killed daemon leaves it.</summary>
internal static class StaleSocket
{
    public static void Create(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint($"{path}~"));
        // .NET removes a socket that it closes, by the name it was bound to.
        File.Move($"{path}~", path);
    }
}
