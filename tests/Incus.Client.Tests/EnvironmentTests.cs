namespace Incus.Client.Tests;

/// <summary>Places are looked at in the order of Incus's own client.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("incus-env-");
    private readonly Dictionary<string, string?> variables = [];

    public void Dispose() => root.Delete(recursive: true);

    private IncusEnvironment Subject => new(name => variables.GetValueOrDefault(name), root.FullName);

    [Fact]
    public void The_socket_named_wins_over_the_directory_named_over_run_over_var_lib()
    {
        Assert.Equal(new SocketLocation(At("var/lib/incus/unix.socket"), "default", null), Subject.FindSocket());
        MakeSocket("run/incus/unix.socket");
        Assert.Equal(new SocketLocation(At("run/incus/unix.socket"), "default", null), Subject.FindSocket());
        variables["INCUS_DIR"] = At("mine");
        Assert.Equal(new SocketLocation(At("mine/unix.socket"), "INCUS_DIR", null), Subject.FindSocket());
        variables["INCUS_SOCKET"] = "/some/where.sock";
        Assert.Equal(new SocketLocation("/some/where.sock", "INCUS_SOCKET", null), Subject.FindSocket());
    }

    [Fact]
    public void An_empty_variable_counts_as_unset()
    {
        variables["INCUS_SOCKET"] = variables["INCUS_DIR"] = "";
        Assert.Equal("default", Subject.FindSocket().Origin);
    }

    [Fact]
    public void The_socket_for_mere_users_stands_in_where_only_it_can_be_used()
    {
        variables["INCUS_DIR"] = At("mine");
        MakeSocket("mine/unix.socket.user");
        var found = Subject.FindSocket();
        Assert.Equal(At("mine/unix.socket.user"), found.Path);
        Assert.Matches(@"^user-\d+$", found.Project);

        MakeSocket("mine/unix.socket");
        Assert.Equal(new SocketLocation(At("mine/unix.socket"), "INCUS_DIR", null), Subject.FindSocket());
    }

    [Fact]
    public void The_configuration_directory_is_named_or_in_the_users_own()
    {
        variables["HOME"] = "/home/me";
        Assert.Equal("/home/me/.config/incus", Subject.ConfigDirectory);
        variables["XDG_CONFIG_HOME"] = "/cfg";
        Assert.Equal("/cfg/incus", Subject.ConfigDirectory);
        variables["INCUS_CONF"] = "/conf";
        Assert.Equal("/conf", Subject.ConfigDirectory);
        Assert.Equal(At("etc/incus"), Subject.GlobalDirectory);
        variables["INCUS_GLOBAL_CONF"] = "/global";
        Assert.Equal("/global", Subject.GlobalDirectory);
    }

    [Fact]
    public void Without_a_file_there_are_the_built_in_remotes()
    {
        var configuration = ClientConfiguration.Default(Subject);
        Assert.Equal(["images", "local"], configuration.Remotes.Keys.Order());
        Assert.Equal("local", configuration.DefaultRemote);
        Assert.Equal(["unix://"], configuration.GetRemote().Addresses);
        Assert.Equal("simplestreams", configuration.GetRemote("images").Protocol);
    }

    [Fact]
    public void The_users_remotes_come_before_the_machines_and_local_can_not_be_redefined()
    {
        variables["INCUS_CONF"] = At("conf");
        var configuration = ClientConfiguration.Combine(
            Subject,
            [Remote("a", "https://user:1"), Remote("local", "https://evil:1") with { Project = "mine" }],
            "a",
            [Remote("a", "https://machine:1"), Remote("b", "https://machine:2")]);
        Assert.Equal("https://user:1", Assert.Single(configuration.GetRemote("a").Addresses));
        Assert.True(configuration.GetRemote("b").Global);
        Assert.Equal(("unix://", "mine"), (Assert.Single(configuration.GetRemote("local").Addresses), configuration.GetRemote("local").Project));
        Assert.Equal("a", configuration.DefaultRemote);
        Assert.DoesNotContain("images", configuration.Remotes.Keys);
    }

    [Fact]
    public void The_environment_decides_remote_and_project_in_the_end()
    {
        variables["INCUS_REMOTE"] = "b";
        variables["INCUS_PROJECT"] = "shop";
        var configuration = ClientConfiguration.Combine(Subject, [Remote("a", "unix:///a"), Remote("b", "unix:///b") with { Project = "other" }], "a");
        Assert.Equal("b", configuration.DefaultRemote);
        Assert.Equal("shop", configuration.OptionsFor().Project);
    }

    [Fact]
    public void A_remote_that_can_not_be_used_says_why()
    {
        var configuration = ClientConfiguration.Combine(Subject, [Remote("sso", "https://h") with { AuthType = "oidc" }], null);
        var missing = Assert.Throws<IncusNotFoundException>(() => configuration.OptionsFor("nope"));
        Assert.Contains("There are: local, sso", missing.Message, StringComparison.Ordinal);
        Assert.Contains("\"oidc\"", Assert.Throws<IncusException>(() => configuration.OptionsFor("sso")).Message, StringComparison.Ordinal);
        var images = Assert.Throws<IncusException>(() => ClientConfiguration.Default(Subject).OptionsFor("images"));
        Assert.Contains("is an image server (simplestreams)", images.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_address_that_worked_last_is_tried_first()
    {
        var remote = Remote("a", "https://1:1", "https://2:1", "https://3:1") with { LastWorkingAddress = "https://2:1" };
        var options = ClientConfiguration.Combine(Subject, [remote], "a").OptionsFor();
        Assert.Equal(["https://2:1", "https://3:1", "https://1:1"], options.Addresses);
    }

    [Fact]
    public void Certificates_are_read_from_their_places_and_the_remotes_own_pair_wins()
    {
        variables["INCUS_CONF"] = At("conf");
        var configuration = ClientConfiguration.Combine(Subject, [Remote("a", "https://h:1")], "a");
        Assert.Null(configuration.OptionsFor("a").ClientCertificate);
        var users = configuration.GetOrCreateClientCertificate();
        Assert.Equal(users.Thumbprint, configuration.GetOrCreateClientCertificate().Thumbprint);
        Assert.Equal(users.Thumbprint, configuration.OptionsFor("a").ClientCertificate!.Thumbprint);
        Assert.True(configuration.OptionsFor("a").ClientCertificate!.HasPrivateKey);

        var own = CertificateFiles.ReadOrCreate(At("conf/clientcerts/a.crt"), At("conf/clientcerts/a.key"));
        Assert.Equal(own.Thumbprint, configuration.OptionsFor("a").ClientCertificate!.Thumbprint);

        configuration.StoreServerCertificate("a", users);
        Assert.Equal(users.Thumbprint, configuration.OptionsFor("a").ServerCertificate!.Thumbprint);
    }

    [Fact]
    public void A_key_under_a_password_or_rubbish_in_a_file_is_said_to_be_so_without_its_content()
    {
        variables["INCUS_CONF"] = At("conf");
        var configuration = ClientConfiguration.Combine(Subject, [Remote("a", "https://h:1")], "a");
        _ = configuration.GetOrCreateClientCertificate();
        File.WriteAllText(At("conf/client.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Assert.Contains("protected by a password", Assert.Throws<IncusException>(() => configuration.OptionsFor("a")).Message, StringComparison.Ordinal);
        File.WriteAllText(At("conf/client.key"), "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n");
        var rubbish = Assert.Throws<IncusException>(() => configuration.OptionsFor("a"));
        Assert.DoesNotContain("c2VjcmV0", rubbish.ToString(), StringComparison.Ordinal);
    }

    private static IncusRemote Remote(string name, params string[] addresses) => new() { Name = name, Addresses = addresses };

    private string At(string path) => Path.Combine(root.FullName, path);

    private void MakeSocket(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        StaleSocket.Create(At(path));
    }
}
