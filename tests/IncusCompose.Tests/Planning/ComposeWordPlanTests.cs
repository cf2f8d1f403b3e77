using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Tests.Loading;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>What words of compose make of an instance together with its profiles, and with what the server knows.</summary>
public class ComposeWordPlanTests
{
    private static readonly Profile s_profile = new()
    {
        Name = "default",
        Config = Map(("raw.lxc", "lxc.tty.max = 3")),
        Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["root"] = Map(("type", "disk"), ("path", "/"), ("pool", "default"), ("size", "5GiB")),
            ["eth0"] = Map(("type", "nic"), ("network", "lab0")),
            ["lan"] = Map(("type", "nic"), ("network", "lab1")),
        },
    };

    [Fact]
    public void Lines_for_lxc_stand_before_those_of_the_file_or_else_of_the_profiles()
    {
        var world = new PlanningWorld([s_profile]);
        Assert.Equal("lxc.signal.halt = SIGQUIT\nlxc.tty.max = 3", Properties(world, Web with { StopSignal = "SIGQUIT" })["config/raw.lxc"]);
        Assert.Equal("lxc.cap.drop = mknod\nlxc.tty.max = 9", Properties(world, Web with { CapDrop = ["mknod"], Config = Map(("raw.lxc", "lxc.tty.max = 9")) })["config/raw.lxc"]);
        Assert.Equal("lxc.no_new_privs = 1\nlxc.cap.keep = kill net_raw\nlxc.tty.max = 3", Properties(world, Web with { NoNewPrivileges = true, CapDrop = ["all"], CapAdd = ["kill", "net_raw"] })["config/raw.lxc"]);
        Assert.DoesNotContain("config/raw.lxc", Properties(world, Web with { CapAdd = ["net_admin"] }).Keys);
    }

    [Fact]
    public void No_network_is_none_in_the_place_of_every_interface_of_the_profiles()
    {
        var properties = Properties(new PlanningWorld([s_profile]), Web with { NoNetwork = true });
        Assert.Equal(("none", "none"), (properties["devices/eth0/type"], properties["devices/lan/type"]));
        Assert.DoesNotContain("devices/eth0/network", properties.Keys);
    }

    [Fact]
    public void The_host_is_known_by_its_address_on_a_network_of_the_instance()
    {
        var web = Web with { ExtraHosts = [new ExtraHost("host.docker.internal", HostGateway.Word), new ExtraHost("db", "10.0.0.9")] };
        var live = new NetworkKind().Describe(NetworkKind.IdOf("lab0"), new Network { Name = "lab0", Managed = true, Type = "bridge", Config = Map(("ipv4.address", "10.1.0.1/24")) });
        var profile = new ProfileKind().Describe(ProfileKind.IdOf("default"), s_profile);
        IReadOnlyList<ExtraHost> Hosts(StackDefinition stack, out List<Diagnostic> problems) => HostGateway.Resolve(stack, new ServerObservation([live, profile], []), problems = []).Instances["web"].ExtraHosts;

        Assert.Equal([new ExtraHost("host.docker.internal", "10.1.0.1"), new ExtraHost("db", "10.0.0.9")], Hosts(Stack(web), out _));
        var own = Stack(web with { Networks = [new NetworkAttachment { Network = "lan" }] }) with
        {
            Networks = new Dictionary<string, NetworkDefinition> { ["lan"] = new() { Name = "lan", Config = Map(("ipv4.address", "10.2.0.254/24")) } },
        };
        Assert.Equal("10.2.0.254", Hosts(own, out var none)[0].Address);
        Assert.Empty(none);
        _ = Hosts(own with { Networks = new Dictionary<string, NetworkDefinition> { ["lan"] = new() { Name = "lan" } } }, out var problems);
        Assert.Equal("the host has no address yet on a network of the instance web, which `host-gateway` stands for", Assert.Single(problems).Message);
    }

    [Fact]
    public void A_hardware_address_is_that_of_the_first_interface_wherever_it_comes_from()
    {
        const string Mac = "10:66:6a:00:00:01";
        var world = new PlanningWorld([s_profile]).With(new Network { Name = "shop", Managed = true, Type = "bridge" });
        var inherited = Properties(world, Web with { MacAddress = Mac });
        Assert.Equal((Mac, "lab0", "nic"), (inherited["devices/eth0/hwaddr"], inherited["devices/eth0/network"], inherited["devices/eth0/type"]));
        Assert.Equal(Mac, Properties(world, Web with { MacAddress = Mac, Networks = [new NetworkAttachment { Network = "shop", Name = "in0" }] })["devices/in0/hwaddr"]);
        var error = Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(Stack(Web with { MacAddress = Mac })));
        Assert.Contains("no interface to have this address", error.Message);
    }

    [Fact]
    public void A_root_disk_that_may_not_be_written_is_the_profiles_own_otherwise()
    {
        var properties = Properties(new PlanningWorld([s_profile]), Web with { ReadOnly = true });
        Assert.Equal(("true", "5GiB", "default"), (properties["devices/root/readonly"], properties["devices/root/size"], properties["devices/root/pool"]));
    }

    [Fact]
    public void Names_become_files_that_are_mounted_and_a_host_name_is_told_to_cloud_init()
    {
        var properties = Properties(new PlanningWorld(), Web with { Hostname = "front", Dns = ["10.0.0.53"], ExtraHosts = [new ExtraHost("db", "10.0.0.5")], Config = Map(("user.meta-data", "a: b")) });
        Assert.Equal(
            "lxc.uts.name = front\nlxc.mount.entry = etc/incus-compose/hostname etc/hostname none bind,relative,optional,create=file 0 0\n"
            + "lxc.mount.entry = etc/incus-compose/hosts etc/hosts none bind,relative,optional,create=file 0 0\nlxc.mount.entry = etc/incus-compose/resolv.conf etc/resolv.conf none bind,relative,optional,create=file,ro 0 0",
            properties["config/raw.lxc"]);
        Assert.Equal("a: b\nlocal-hostname: front\n", properties["config/user.meta-data"]);
        Assert.Contains("10.0.0.5", properties["config/user.incus-compose.names"]);
    }

    [Fact]
    public void What_changes_of_names_is_said_in_words()
    {
        var world = new PlanningWorld();
        var before = Stack(Web with { ExtraHosts = [new ExtraHost("db", "10.0.0.5")] });
        world.With(world.Applied(before, "web"));
        var text = Text(world.Plan(Stack(Web with { ExtraHosts = [new ExtraHost("db", "10.0.0.6")] })));
        Assert.Contains("user.incus-compose.names: db at 10.0.0.5 -> db at 10.0.0.6", text);
        Assert.DoesNotContain("restart", text);
    }

    [Theory]
    [InlineData("restart: always", "instances.web.restart: `boot.autorestart` needs the API extension \"instance_auto_restart\", which Incus 6.0.0 does not have")]
    [InlineData("entrypoint: [/app]", "instances.web.entrypoint: `oci.entrypoint` needs the API extension \"instance_oci_entrypoint\", which Incus 6.0.0 does not have")]
    [InlineData("shm_size: 1g", "instances.web.shm_size: a file system in memory, such as that at /dev/shm, needs the API extension \"container_disk_tmpfs\", which Incus 6.0.0 does not have")]
    [InlineData("config: {oci.uid: 5}", "instances.web.config.oci.uid: `oci.uid` needs the API extension \"instance_oci_entrypoint\", which Incus 6.0.0 does not have")]
    public void What_the_server_does_not_know_is_refused_with_its_version(string lines, string problem)
    {
        var stack = StackText.Require($"instances:\n  web:\n    image: busybox\n    {lines}\n");
        var old = new PlanningWorld { About = new ServerInfo { Environment = new ServerEnvironment { ServerVersion = "6.0.0" } } };
        Assert.Contains(problem, Assert.Throws<StackFileException>(() => old.Plan(stack)).Message);
        var today = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["instance_auto_restart", "instance_oci_entrypoint", "container_disk_tmpfs"] } }
            .With(new Image { Fingerprint = "fedcba9876543210", Type = InstanceTypes.Container, Aliases = [new ImageAliasName { Name = "busybox" }], Properties = Map(("type", "oci")) });
        Assert.NotEmpty(today.Plan(stack).Changes);
    }

    private static IReadOnlyDictionary<string, string> Properties(PlanningWorld world, InstanceDefinition instance) =>
        world.Plan(Stack(instance)).Resources.Single(resource => resource.Name == "web").Desired!.Properties.ToDictionary();
}
