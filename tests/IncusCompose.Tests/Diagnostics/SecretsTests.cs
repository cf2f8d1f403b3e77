using System.Text;
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
    [InlineData("user.http.Authorization")]
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
            "#settings\nuser: app\npassword: ******\nusers:\n  - name: a\n    passwd: ******\nexport API_TOKEN=******\n",
            Secrets.Mask("user.settings", "#settings\nuser: app\npassword: hunter2\nusers:\n  - name: a\n    passwd: $6$abc\nexport API_TOKEN=xyz\n"));

    [Fact]
    public void Everything_below_a_secrets_key_is_masked() =>
        Assert.Equal(
            "a: 1\nchpasswd:\n  ******\nb: 2\npasswords:\n******\nc:\n  - token: ******\n",
            Secrets.Mask("user.settings", "a: 1\nchpasswd:\n  list: |\n    root:hunter7\n\n    app:hunter8\nb: 2\npasswords:\n- hunter1\n- hunter2\nc:\n  - token: |\n      hunter3\n    d: x\n"));

    [Theory]
    [InlineData("server=db;password=hunter3", "server=db;password=******")]
    [InlineData("server=db;Password=hunter 3;port=5432", "server=db;Password=******;port=5432")]
    [InlineData("https://h/?token=hunter4", "https://h/?token=******")]
    [InlineData("https://h/?a=b&token=hunter4&c=d", "https://h/?a=b&token=******&c=d")]
    [InlineData("users: [{name: y, passwd: hunter8}, {name: z}]", "users: [{name: y, passwd: ******}, {name: z}]")]
    [InlineData("""{"user": "a", "password": "hunt,er\"9", "port": 1}""", """{"user": "a", "password": ******, "port": 1}""")]
    [InlineData("chpasswd: {list: [\"root:hunter2\"]}", "chpasswd: ******")]
    [InlineData("run --user a --password hunter2", "run --user a --password ******")]
    [InlineData("curl -H 'Authorization: Bearer hunter5'", "curl -H 'Authorization: ******")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "******\nrest")]
    public void A_secret_within_a_value_is_masked_and_the_rest_is_shown(string value, string shown) => Assert.Equal(shown, Secrets.Mask("DSN", value));

    [Theory]
    [InlineData("tcp:127.0.0.1:80")]
    [InlineData("/usr/local/bin:/usr/bin")]
    [InlineData("keyboard: us, monkey=1, password")]
    [InlineData("https://example.org:8080/a?b=c")]
    public void A_value_that_holds_no_secret_is_shown_whole(string value) => Assert.Equal(value, Secrets.Mask("DSN", value));

    [Theory]
    [InlineData("user_data")]
    [InlineData("cloud-init.user-data")]
    [InlineData("user.user-data")]
    [InlineData("user.vendor-data")]
    public void Cloud_init_data_is_masked_whole(string key) => Assert.Equal("******", Secrets.Mask(key, "#cloud-config\nruncmd: [\"echo root:hunter2 | chpasswd\"]\n"));

    [Theory]
    [InlineData("server=db;password=hunter3")]
    [InlineData("https://h/?token=hunter4&a=b")]
    [InlineData("a: {password: hunter3, b: c}")]
    [InlineData("a: b\nchpasswd:\n  list: hunter3\n")]
    [InlineData("postgres://app:hunter2@db:5432/shop")]
    public void What_was_masked_is_known_to_be(string value)
    {
        Assert.False(Secrets.IsMasked(value));
        Assert.True(Secrets.IsMasked(Secrets.Mask("DSN", value)));
    }

    [Fact]
    public void Masking_a_long_value_does_not_take_long()
    {
        // Each would take minutes if the time grew with the square of the length.
        foreach (var part in new[] { "a", " ", "-", "- ", "a:", "a=", "://", "://a:", "\"", "'", "\n", "--a ", "[", "password=", "password:\n", "pat:\n", "xpat:\n", "xpat ", "- '", "a password: b\n", "-----BEGIN PRIVATE KEY-----" })
            Secrets.Mask("DSN", new StringBuilder().Insert(0, part, 4_000_000 / part.Length).ToString());
    }
}
