using System.Security.Cryptography.X509Certificates;

namespace Incus.Client;

/// <summary>How to reach one server.</summary>
public sealed record ConnectionOptions
{
    /// <summary>Addresses, tried in order: <c>unix://</c> (the discovered socket), <c>unix:///path</c> or <c>https://host:port</c>.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>Name to call the server by in messages; null for its address.</summary>
    public string? RemoteName { get; init; }

    /// <summary>Project of every request; null for <c>default</c> (or what incus-user implies).</summary>
    public string? Project { get; init; }

    /// <summary>Client certificate with its key; null for none (Unix sockets, public servers).</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The one server certificate that is accepted; null to verify against <see cref="Authority"/> or the system's authorities.</summary>
    public X509Certificate2? ServerCertificate { get; init; }

    /// <summary>The authority that signs server certificates (<c>client.ca</c>, PKI mode); null for the system's.</summary>
    public X509Certificate2? Authority { get; init; }

    /// <summary>Use the events websocket for operations; without it each wait is a <c>GET /1.0/operations/ID/wait</c>.</summary>
    public bool UseEvents { get; init; } = true;

    /// <summary>How long establishing a connection may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a broken connection may take to come back before those who wait for an operation are told
    /// <see cref="UnreachableReason.ConnectionLost"/>.</summary>
    public TimeSpan ReconnectTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Accept a server that does not trust the client: public image servers, and getting trusted.</summary>
    public bool AllowUntrusted { get; init; }

    /// <summary>Where the environment is read from; null for the process's own.</summary>
    public IncusEnvironment? Environment { get; init; }

    /// <summary>Text of the <c>User-Agent</c> header.</summary>
    public string UserAgent { get; init; } = "Incus.Client";

    /// <summary>SHA-256 of the one server certificate that is accepted, from a trust token.</summary>
    internal string? ServerFingerprint { get; init; }

    /// <summary>The local daemon's socket, found in the order of Incus's own client.</summary>
    /// <param name="path">A socket to use instead of the discovered one.</param>
    /// <returns>The options.</returns>
    public static ConnectionOptions Unix(string? path = null) => new() { Addresses = [path is null ? "unix://" : $"unix://{path}"] };
}
