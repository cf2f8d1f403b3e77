using System.Security.Cryptography;
using System.Text;
using IncusCompose.Resources;

namespace IncusCompose.Tests.Planning;

/// <summary>The record of what was applied holds no secret, nor what would tell one.</summary>
public sealed class AppliedRecordTests
{
    private const string Secret = "correct-horse";
    private static readonly string s_path = PropertyPath.BucketKey("app", "secret_key");
    private static readonly string s_other = PropertyPath.Config("environment.DB_PASSWORD");
    private static readonly string s_unsalted = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)))[..32];

    [Fact]
    public void Digests_of_secrets_are_salted_each_for_itself_and_still_tell_whether_the_same_was_applied()
    {
        var record = AppliedRecord.Parse(AppliedRecord.Of(new PropertyBag { { s_path, Secret }, { s_other, Secret } }).ToString());

        Assert.True(record.Matches(s_path, Secret) && record.Matches(s_other, Secret));
        Assert.False(record.Matches(s_path, Secret + "!"));
        Assert.False(record.Matches(s_path, record.ToString()));
        Assert.Null(record.Plain(s_path));
        Assert.DoesNotContain(s_unsalted, record.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, record.ToString().Split("hmac-sha256:").Skip(1).Select(rest => rest.Split('"')[0]).Distinct().Count());
        Assert.NotEqual(record.ToString(), AppliedRecord.Of(new PropertyBag { { s_path, Secret }, { s_other, Secret } }).ToString());
    }

    [Fact]
    public void Records_of_earlier_versions_are_still_understood()
    {
        var record = AppliedRecord.Parse($$"""{"{{s_path}}":"{{s_unsalted}}","{{s_other}}":"{{Secret}}"}""");

        Assert.True(record.Matches(s_path, Secret) && record.Matches(s_other, Secret));
        Assert.False(record.Matches(s_path, "other"));
        Assert.Null(record.Plain(s_path));
    }

    [Fact]
    public void A_value_that_looks_like_a_digest_is_not_taken_for_one()
    {
        foreach (var value in new[] { "hmac-sha256:", "hmac-sha256:x", "hmac-sha256:a:b", "sha256:00" })
        {
            var record = AppliedRecord.Of(new PropertyBag { { PropertyPath.Config("user.note"), value } });
            Assert.True(record.Matches(PropertyPath.Config("user.note"), value));
            Assert.False(record.Matches(PropertyPath.Config("user.note"), value + "1"));
        }

        Assert.False(AppliedRecord.Parse("""{"config/user.note":"hmac-sha256:"}""").Matches("config/user.note", "x"));
    }
}
