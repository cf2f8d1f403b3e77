using Incus.Client;
using IncusCompose.Connecting;
using IncusCompose.Tests.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Connecting;

public sealed class ServerConnectorTests : IDisposable
{
    // As Incus's own client writes it, with what is not used here beside it.
    private const string UserFile = """
        default-remote: prod
        remotes:
          images:
            addr: https://images.linuxcontainers.org
            protocol: simplestreams
            public: true
          prod:
            addr: https://10.0.0.5:8443,https://10.0.0.6:8443
            auth_type: tls
            project: shop
            protocol: incus
            last_working_address: https://10.0.0.6:8443
            public: false
          local:
            addr: unix://
            project: mine
            public: false
        aliases:
          ll: list -c n
        defaults:
          list_format: table
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = [];

    public ServerConnectorTests()
    {
        _variables["INCUS_CONF"] = _folder.Path;
        _variables["INCUS_GLOBAL_CONF"] = Path.Combine(_folder.Path, "global");
    }

    public void Dispose() => _folder.Dispose();

    private ServerConnector Connector => new(new YamlDocumentFormat(), _variables.GetValueOrDefault);

    private void WriteUserFile(string text) => File.WriteAllText(Path.Combine(_folder.Path, "config.yml"), text);

    [Fact]
    public void The_users_remotes_are_read_with_their_addresses_projects_and_protocols()
    {
        WriteUserFile(UserFile);
        var configuration = Connector.Load();
        Assert.Equal(["images", "local", "prod"], configuration.Remotes.Keys.Order());
        var prod = configuration.Remotes["prod"];
        Assert.Equal(["https://10.0.0.5:8443", "https://10.0.0.6:8443"], prod.Addresses);
        Assert.Equal(("shop", "incus", "tls", "https://10.0.0.6:8443", false), (prod.Project, prod.Protocol, prod.AuthType, prod.LastWorkingAddress, prod.Public));
        Assert.Equal(("simplestreams", true), (configuration.Remotes["images"].Protocol, configuration.Remotes["images"].Public));
        Assert.Equal("mine", configuration.Remotes["local"].Project);
    }

    [Fact]
    public void Without_a_file_there_are_the_local_server_and_the_image_server()
    {
        var configuration = Connector.Load();
        Assert.Equal(["images", "local"], configuration.Remotes.Keys.Order());
        Assert.Equal("local", configuration.DefaultRemote);
    }

    [Fact]
    public void The_machines_remotes_fill_up_the_users()
    {
        WriteUserFile(UserFile);
        Directory.CreateDirectory(_variables["INCUS_GLOBAL_CONF"]);
        File.WriteAllText(Path.Combine(_variables["INCUS_GLOBAL_CONF"], "config.yml"), """
            remotes:
              prod: {addr: "https://elsewhere:8443"}
              staging: {addr: "https://10.0.0.9:8443"}
            """);
        var remotes = Connector.Load().Remotes;
        Assert.True(remotes["staging"].Global);
        Assert.Equal(2, remotes["prod"].Addresses.Count);
    }

    [Fact]
    public void The_default_remote_is_the_variables_then_the_files_and_a_named_socket_changes_only_what_local_is()
    {
        WriteUserFile(UserFile);
        _variables["INCUS_SOCKET"] = "/lab/unix.socket";
        Assert.Equal("prod", Connector.Load().DefaultRemote);
        _variables["INCUS_REMOTE"] = "local";
        Assert.Equal("local", Connector.Load().DefaultRemote);
    }

    [Fact]
    public async Task An_unknown_remote_is_an_error_that_names_the_known_ones()
    {
        WriteUserFile(UserFile);
        var error = await Assert.ThrowsAsync<IncusNotFoundException>(() => Connector.ConnectAsync("prdo"));
        Assert.Equal(
            "There is no remote named \"prdo\". Did you mean \"prod\"? There are: images, local, prod. Add one with: incus remote add prdo TOKEN-OR-ADDRESS",
            error.Message);
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_named()
    {
        _variables["INCUS_SOCKET"] = Path.Combine(_folder.Path, "no.socket");
        var error = await Assert.ThrowsAsync<IncusUnreachableException>(() => Connector.ConnectAsync());
        Assert.Contains("no.socket", error.Message);
    }

    [Theory]
    [InlineData("remotes: [prod]", ":1:10: remotes: a mapping is wanted here")]
    [InlineData("remotes:\n  prod: {addr: [a]}", ":2:16: remotes.prod.addr: text is wanted here")]
    [InlineData("remotes:\n  prod: {project: x}", ":2:9: remotes.prod: the remote has no address")]
    [InlineData("remotes: {", "is not finished here")]
    public void A_broken_remotes_file_is_an_error_with_its_place(string text, string expected)
    {
        WriteUserFile(text);
        var error = Assert.Throws<IncusException>(() => Connector.Load());
        Assert.Contains(expected, error.Message);
        Assert.Contains(_folder.Path, error.Message);
    }

    [Fact]
    public void An_empty_remotes_file_is_like_one_without_remotes()
    {
        WriteUserFile("");
        Assert.Equal(["local"], Connector.Load().Remotes.Keys);
    }
}
