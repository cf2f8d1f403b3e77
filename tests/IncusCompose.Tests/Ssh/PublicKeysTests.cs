using IncusCompose.Ssh;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Ssh;

public sealed class PublicKeysTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Without_a_word_the_users_own_keys_are_taken()
    {
        Write(".ssh/id_ed25519.pub", Keys.Ann + "\n");
        Write(".ssh/work.pub", "# at work\n" + Keys.Ben + "\n\n");
        Write(".ssh/id_ed25519-cert.pub", "ssh-ed25519-cert-v01@openssh.com AAAA");
        Write(".ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----");

        Assert.Equal([Keys.Ann, Keys.Ben], PublicKeys.Read([], "/", _home.Path));
    }

    [Fact]
    public void A_key_is_text_or_the_path_of_a_file_with_some()
    {
        Write("team.pub", Keys.Ben + "\n" + Keys.Ann);
        Write(".ssh/a.pub", Keys.Ann);

        Assert.Equal([Keys.Ann, Keys.Ben], PublicKeys.Read([Keys.Ann, "./team.pub", "~/.ssh/a.pub"], _home.Path, _home.Path));
    }

    [Theory]
    [InlineData("missing.pub", "does not exist")]
    [InlineData("private", "holds a private key")]
    [InlineData("other", "something else than public keys")]
    [InlineData("empty", "no public key in the file")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----", "this is a private key")]
    [InlineData("ssh-ed25519 AAAA", "begins like a public key")]
    public void What_is_no_public_key_is_refused_and_not_repeated(string key, string problem)
    {
        Write("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n");
        Write("other", "hunter2");
        Write("empty", "\n# nothing\n");

        var error = Assert.Throws<ArgumentException>(() => PublicKeys.Read([key], _home.Path, _home.Path));

        Assert.Contains(problem, error.Message);
        Assert.Contains("; ", error.Message);
        Assert.DoesNotContain("hunter2", error.Message);
    }

    [Fact]
    public void Where_the_user_has_no_key_it_is_said_how_to_make_one() =>
        Assert.Contains("ssh-keygen", Assert.Throws<ArgumentException>(() => PublicKeys.Read([], "/", _home.Path)).Message);

    [Theory]
    [InlineData(Keys.Ann, true)]
    [InlineData("from=\"10.0.0.0/8\",no-pty " + Keys.Ann, true)]
    [InlineData("# " + Keys.Ann, false)]
    [InlineData("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIN3ffe1K9BYEMRfyYyZXdtNMECAdWQbYtlNG/UXvN+n/", false)]
    [InlineData("ssh-ed25519 not/base64=x", false)]
    [InlineData("", false)]
    public void A_key_is_known_by_its_type_and_data(string line, bool isKey) =>
        Assert.Equal(isKey ? Keys.Ann[..^" ann@here".Length] : null, PublicKeys.IdentityOf(line));

    [Fact]
    public void A_change_of_keys_leaves_every_other_line_of_the_file_alone()
    {
        var other = "from=\"10.0.0.1\" " + Keys.Ben;

        Assert.Equal($"# mine\n{other}\n", AuthorizedKeys.Edit($"# mine\n{other}\n{Keys.Ann}\n", [Keys.Ann], [Keys.Ben]));
        Assert.Equal($"{Keys.Ben}\n", AuthorizedKeys.Edit(Keys.Ann, [Keys.Ann], [Keys.Ben]));
        Assert.Equal($"{Keys.Ann}\n{Keys.Ben}\n", AuthorizedKeys.Edit(Keys.Ann, [], [Keys.Ann, Keys.Ben]));
        Assert.Equal(Keys.Ann, AuthorizedKeys.Edit(Keys.Ann, [Keys.Ann], [Keys.Ann]));
        Assert.Equal("", AuthorizedKeys.Edit("", [Keys.Ann], []));
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_home.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
