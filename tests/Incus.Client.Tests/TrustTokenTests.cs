using System.Text;
using System.Text.Json;

namespace Incus.Client.Tests;

public sealed class TrustTokenTests
{
    private static string Encode(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void A_token_is_decoded_and_keeps_its_secret_to_itself()
    {
        var token = TrustToken.Parse(" " + Encode("""
            {"client_name":"me","fingerprint":"ABcd","addresses":["10.0.0.1:8443","[::1]:8443"],"secret":"s3cret","expires_at":"0001-01-01T00:00:00Z"}
            """) + "\n");
        Assert.Equal(("me", "abcd"), (token.ClientName, token.Fingerprint));
        Assert.Equal(["10.0.0.1:8443", "[::1]:8443"], token.Addresses);
        Assert.Null(token.ExpiresAt);
        Assert.DoesNotContain("s3cret", token.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token.Encoded, token.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s3cret-not-base64!")]
    [InlineData("czNjcmV0")]
    [InlineData("e30=")]
    [InlineData("W10=")]
    public void What_is_no_token_is_refused_without_repeating_it(string text)
    {
        var failure = Assert.Throws<FormatException>(() => TrustToken.Parse(text));
        Assert.Contains("incus config trust add", failure.Message, StringComparison.Ordinal);
        if (text.Length > 0)
            Assert.DoesNotContain(text, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_made_from_the_servers_answer_can_be_decoded()
    {
        var operation = new OperationInfo
        {
            Metadata = JsonDocument.Parse("""
                {"addresses":["127.0.0.1:8443"],"fingerprint":"ab","secret":"s","request":{"name":"me"},"expiresAt":"2030-01-02T03:04:05.6Z"}
                """u8.ToArray()).RootElement,
        };
        var token = TrustToken.FromOperation("me", operation);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 600, TimeSpan.Zero), token.ExpiresAt);
        Assert.Equal(token, TrustToken.Parse(token.Encoded) with { Addresses = token.Addresses });
        Assert.Throws<IncusException>(() => TrustToken.FromOperation("me", new OperationInfo()));
    }
}
