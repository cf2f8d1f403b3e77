using System.Security.Cryptography.X509Certificates;

namespace Incus.Client;

/// <summary>What getting trusted by a server yields.</summary>
/// <param name="Address">The address that answered, <c>https://host:port</c>.</param>
/// <param name="ServerCertificate">The server's certificate, to be stored and pinned from now on (<c>servercerts/NAME.crt</c>).</param>
public sealed record TrustResult(string Address, X509Certificate2 ServerCertificate);
