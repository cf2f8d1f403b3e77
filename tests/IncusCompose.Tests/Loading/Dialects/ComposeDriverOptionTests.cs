using IncusCompose.Definition;
using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>Volumes of compose files that docker makes of something else.</summary>
public class ComposeDriverOptionTests
{
    private static string File(string options, string mounts = "['data:/x']", string more = "") => $"name: shop\nservices:\n  web:\n    image: nginx\n    volumes: {mounts}\n{more}volumes:\n  data:\n    driver_opts: {options}\n  plain: {{}}\n";

    private static string Mounts(InstanceDefinition instance) =>
        string.Join(' ', instance.Volumes.Select(mount => $"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}{(mount.Propagation is null ? "" : ":" + mount.Propagation)}{(mount.IsHostPath ? "" : "?")}"));

    [Theory]
    [InlineData("{type: none, o: bind, device: /srv/x}", "['data:/x', 'plain:/y']", "/srv/x:/x plain:/y?")]
    [InlineData("{type: none, o: 'bind,ro', device: /srv/x}", "['data:/x']", "/srv/x:/x:ro")]
    [InlineData("{o: rbind, device: /srv/x}", "['data:/x:ro']", "/srv/x:/x:ro")]
    [InlineData("{type: bind, o: rslave, device: /srv/x}", "['data:/x']", "/srv/x:/x:rslave")]
    [InlineData("{type: none, o: bind, device: /srv/x}", "[{type: volume, source: data, target: /x, read_only: true, volume: {subpath: logs}}]", "/srv/x/logs:/x:ro")]
    [InlineData("{type: none, o: 'bind,rslave,ro', device: /srv/x}", "[{type: volume, source: data, target: /x}]", "/srv/x:/x:ro:rslave")]
    public void A_volume_that_is_a_folder_of_the_host_is_mounted_as_one(string options, string mounts, string expected)
    {
        var stack = Dialect.Load(File(options, mounts));
        Assert.Equal(expected, Mounts(stack.Instances["web"]));
        Assert.Equal(["plain"], stack.Volumes.Keys);
    }

    [Fact]
    public void Its_path_starts_from_the_file_that_says_it_and_a_file_above_says_a_part_of_it()
    {
        using var folder = new StackFolder(
            ("compose.yaml", "name: shop\ninclude: [db/compose.yaml]\nservices: {web: {image: nginx, volumes: ['data:/x', {type: volume, source: dump, target: /y}]}}\nvolumes: {data: {driver_opts: {type: none, o: bind, device: ./a}}}\n"),
            ("db/compose.yaml", "services: {db: {image: nginx, volumes: ['dump:/z']}}\nvolumes: {dump: {driver_opts: {type: none, o: bind, device: dump}}}\n"),
            ("above.yaml", "volumes: {data: {driver_opts: {device: ./b}}}\n"));
        var stack = folder.Require(null, "compose.yaml", "above.yaml");
        Assert.Equal($"{folder.Path}/b:/x {folder.Path}/db/dump:/y", Mounts(stack.Instances["web"]));
        Assert.Equal($"{folder.Path}/db/dump:/z", Mounts(stack.Instances["db"]));
    }

    [Fact]
    public void A_volume_in_memory_is_a_file_system_in_memory_of_each_service()
    {
        var web = Dialect.Load(File("{type: tmpfs, device: tmpfs, o: 'size=100m,uid=1000'}", "['data:/x', 'plain:/y']", "    tmpfs: /run\n")).Instances["web"];
        Assert.Equal("plain:/y?", Mounts(web));
        Assert.Equal(["/run", "/x"], web.Devices.Values.Select(device => device["path"]).Order());
        Assert.Contains(web.Devices.Values, device => device["path"] == "/x" && device["size"] == "100MiB" && device["initial.uid"] == "1000");
    }

    [Fact]
    public void What_docker_shares_in_memory_is_a_warning()
    {
        var problem = Assert.Single(StackText.Load(File("{type: tmpfs, device: tmpfs}", more: "  db: {image: nginx, volumes: ['data:/x']}\n")).Diagnostics);
        Assert.Equal(("Approximated", "volumes.data.driver_opts"), (problem.Id, problem.Path));
    }

    [Fact]
    public void A_size_is_the_volumes_size() =>
        Assert.Equal("10GiB", Dialect.Load(File("{size: 10g}")).Volumes["data"].Size);

    [Theory]
    [InlineData("{type: nfs, o: 'addr=192.0.2.1,rw', device: ':/export'}", "Incus mounts nothing over the network: `nfs`; mount it on the host")]
    [InlineData("{type: cifs, device: //server/share}", "Incus mounts nothing over the network: `cifs`; mount it on the host")]
    [InlineData("{type: ext4, device: /dev/sdb1}", "a volume of the type `ext4` is docker's own; write the disk under the service's `devices`")]
    [InlineData("{type: none, o: bind}", "nothing says which folder of the host it is; write it as `device`")]
    [InlineData("{type: none, o: bind, device: /x, colour: red}", "the option `colour` of a volume's driver is docker's own")]
    [InlineData("{size: much}", "`much` is not a size")]
    public void Other_options_are_errors_that_say_what_to_do(string options, string expected)
    {
        var problem = Assert.Single(StackText.Load(File(options)).Diagnostics);
        Assert.Equal("ForeignWord", problem.Id);
        Assert.Equal((8, true), (problem.Location.Line, problem.Path.StartsWith("volumes.data.driver_opts", StringComparison.Ordinal)));
        Assert.Contains(expected, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_is_the_value_of_a_variable()
    {
        const string Text = "services: {web: {image: nginx, configs: [d]}}\nconfigs: {d: {environment: FOO}}\n";
        var variables = new Dictionary<string, string> { ["FOO"] = "listen 80;" };
        Assert.Equal("listen 80;", StackText.Load(Text, variables).Require().Configs["d"].Content);
        Assert.Contains("the variable `FOO` is not set", Assert.Single(StackText.Load(Text).Diagnostics).ToString(), StringComparison.Ordinal);
    }
}
