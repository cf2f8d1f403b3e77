namespace Incus.Client;

/// <summary>
/// A trust token, as <c>incus config trust add NAME</c> prints it: base64 of a JSON object
/// (doc/authentication.md, "Adding client certificates using tokens"). Its secret appears in no text form.
/// </summary>
public sealed record TrustToken
{
    /// <summary>Name the server will know the client by.</summary>
    public required string ClientName { get; init; }

    /// <summary>SHA-256 of the server's certificate, in lower-case hexadecimal.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Addresses of the server, as <c>host:port</c>.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary>When the token stops working; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    internal string Encoded { get; init; } = "";

    /// <summary>Decodes a token.</summary>
    /// <param name="token">The text that the server printed.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FormatException">It is not a trust token. The message does not repeat the text.</exception>
    public static TrustToken Parse(string token) => throw new NotImplementedException("not there yet");

    /// <summary>A short description without the secret.</summary>
    /// <returns>Client name and fingerprint.</returns>
    public override string ToString() => $"trust token for {ClientName} on server {Fingerprint[..Math.Min(12, Fingerprint.Length)]}";
}
