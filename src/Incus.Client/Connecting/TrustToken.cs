using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

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

    /// <summary>The token's text, a secret.</summary>
    internal string Encoded { get; init; } = "";

    /// <summary>Decodes a token.</summary>
    /// <param name="token">The text that the server printed.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FormatException">It is not a trust token. The message does not repeat the text.</exception>
    public static TrustToken Parse(string token)
    {
        var encoded = token.Trim();
        try
        {
            using var document = JsonDocument.Parse(Convert.FromBase64String(encoded));
            var root = document.RootElement;
            var expiry = root.TryGetProperty("expires_at", out var value) && value.TryGetDateTimeOffset(out var when) && when.Year > 1 ? when : (DateTimeOffset?)null;
            var parsed = new TrustToken
            {
                ClientName = root.GetProperty("client_name").GetString() ?? "",
                Fingerprint = (root.GetProperty("fingerprint").GetString() ?? "").ToLowerInvariant(),
                Addresses = [.. root.GetProperty("addresses").EnumerateArray().Select(static item => item.GetString() ?? "")],
                ExpiresAt = expiry,
                Encoded = encoded,
            };
            if (parsed.Fingerprint.Length > 0 && parsed.Addresses.Count > 0 && root.GetProperty("secret").GetString() is { Length: > 0 })
                return parsed;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Said below, without the text, which may be a damaged secret.
        }
        throw new FormatException("This is not a trust token of Incus. Copy the whole line that \"incus config trust add CLIENT-NAME\" prints");
    }

    /// <summary>Makes the token out of the operation that the server answers with.</summary>
    internal static TrustToken FromOperation(string clientName, OperationInfo? operation)
    {
        if (operation?.Metadata is not { ValueKind: JsonValueKind.Object } metadata
            || !metadata.TryGetProperty("secret", out var secret)
            || !metadata.TryGetProperty("fingerprint", out var fingerprint)
            || !metadata.TryGetProperty("addresses", out var addresses))
        {
            throw new IncusException("The server's answer to the request for a trust token holds no token");
        }
        var expiry = metadata.TryGetProperty("expiresAt", out var value) && value.TryGetDateTimeOffset(out var when) ? when : DateTimeOffset.MinValue;
        var token = new JsonObject
        {
            ["client_name"] = clientName,
            ["fingerprint"] = fingerprint.GetString(),
            ["addresses"] = JsonNode.Parse(addresses.GetRawText()),
            ["secret"] = secret.GetString(),
            ["expires_at"] = expiry.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", System.Globalization.CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal),
        };
        return Parse(Convert.ToBase64String(Encoding.UTF8.GetBytes(token.ToJsonString())));
    }

    /// <summary>A short description without the secret.</summary>
    /// <returns>Client name and fingerprint.</returns>
    public override string ToString() => $"trust token for {ClientName} on server {Fingerprint[..Math.Min(12, Fingerprint.Length)]}";
}
