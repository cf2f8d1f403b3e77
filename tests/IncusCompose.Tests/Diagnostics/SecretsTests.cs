using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Diagnostics;

public class SecretsTests
{
    [Theory]
    [InlineData("DB_PASSWORD")]
    [InlineData("MYSQLPASSWORD")]
    [InlineData("DB_PASS")]
    [InlineData("environment.API_TOKEN")]
    [InlineData("API_KEY")]
    [InlineData("apiKey")]
    [InlineData("AWS_SECRET_ACCESS_KEY")]
    [InlineData("systemd.credential.tls")]
    [InlineData("LUKS_PASSPHRASE")]
    [InlineData("GH_PAT")]
    [InlineData("user.label.client-secret")]
    public void A_key_that_names_a_secret_is_one(string key) => Assert.True(Secrets.IsSecret(key));

    [Theory]
    [InlineData("KEYBOARD_LAYOUT")]
    [InlineData("MONKEY")]
    [InlineData("COMPASS")]
    [InlineData("PATH")]
    [InlineData("PWD")]
    [InlineData("user.incus-compose.key")]
    [InlineData("SSH_PUBLIC_KEY")]
    [InlineData("limits.memory")]
    [InlineData("security.nesting")]
    [InlineData("AUTHOR")]
    public void A_key_that_merely_looks_like_one_is_not(string key) => Assert.False(Secrets.IsSecret(key));

    [Fact]
    public void A_secret_shows_neither_its_text_nor_its_length()
    {
        Assert.Equal(Secrets.Mask("DB_PASSWORD", "x"), Secrets.Mask("DB_PASSWORD", "a much longer one"));
        Assert.DoesNotContain("longer", Secrets.Mask("DB_PASSWORD", "a much longer one"));
    }

    [Fact]
    public void An_empty_secret_is_shown_as_empty() => Assert.Equal("", Secrets.Mask("DB_PASSWORD", ""));

    [Fact]
    public void Other_values_are_shown() => Assert.Equal("512MiB", Secrets.Mask("limits.memory", "512MiB"));

    [Fact]
    public void The_password_in_a_url_is_masked_and_the_rest_is_shown() =>
        Assert.Equal("postgres://app:******@db:5432/shop", Secrets.Mask("DATABASE_URL", "postgres://app:hunter2@db:5432/shop"));

    [Fact]
    public void Lines_with_a_secrets_key_are_masked_in_text_of_several_lines() =>
        Assert.Equal(
            "#cloud-config\nuser: app\npassword: ******\nusers:\n  - name: a\n    passwd: ******\nexport API_TOKEN=******\n",
            Secrets.Mask("user_data", "#cloud-config\nuser: app\npassword: hunter2\nusers:\n  - name: a\n    passwd: $6$abc\nexport API_TOKEN=xyz\n"));
}
