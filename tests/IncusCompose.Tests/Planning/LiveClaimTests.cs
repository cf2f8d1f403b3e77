using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What only one instance can have, and another one of the project has already.</summary>
public class LiveClaimTests
{
    private const string Web = "{name: shop, instances: {web: {image: busybox, ports: ['8080:80', '9000-9002:90-92'], networks: {lan: {ipv4: 10.20.0.10, mac: '10:66:6a:00:00:aa'}}}}}";

    [Theory]
    [InlineData("port", "tcp:0.0.0.0:8080", "instances.web.ports[0]", "the host's port 8080/tcp is published by the instance \"theirs\" already; publish another port, or at another address of the host")]
    [InlineData("port", "tcp:127.0.0.1:9002-9004", "instances.web.ports[1]", "the host's port 9000-9002/tcp is published by the instance \"theirs\" already")]
    [InlineData("port", "tcp:[::]:8080", "instances.web.ports[0]", "the host's port 8080/tcp")]
    [InlineData("ipv4.address", "10.20.0.10", "instances.web.networks.lan.ipv4", "on the network \"lan\", 10.20.0.10 is the address of the instance \"theirs\" already; choose another")]
    [InlineData("hwaddr", "10:66:6A:00:00:AA", "instances.web.networks.lan.mac", "on the network \"lan\", 10:66:6a:00:00:aa is the MAC address of the instance \"theirs\" already; choose another")]
    [InlineData("volatile", "10:66:6a:00:00:aa", "instances.web.networks.lan.mac", "on the network \"lan\", 10:66:6a:00:00:aa is the MAC address of the instance \"theirs\" already; choose another")]
    public void What_another_instance_has_is_refused_at_its_word(string key, string value, string path, string problem)
    {
        var error = Assert.Throws<StackFileException>(() => World(Theirs(key, value)).Plan(StackText.Require(Web)));

        Assert.Contains($"{path}: {problem}", Assert.Single(error.Diagnostics).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("port", "udp:0.0.0.0:8080")]
    [InlineData("port", "tcp:0.0.0.0:9003")]
    [InlineData("ipv4.address", "10.20.0.11")]
    [InlineData("hwaddr", "10:66:6a:00:00:ab")]
    public void What_another_instance_has_not_is_free(string key, string value) =>
        Assert.Single(World(Theirs(key, value)).Plan(StackText.Require(Web)).Changes);

    [Fact]
    public void A_port_of_what_does_not_run_is_free_and_so_is_one_that_leads_there_by_NAT()
    {
        var theirs = Theirs("port", "tcp:0.0.0.0:8080");

        Assert.Single(World(theirs with { StatusCode = StatusCode.Stopped }).Plan(StackText.Require(Web)).Changes);
        Assert.Single(World(WithDevice(theirs, "p", ("type", "proxy"), ("listen", "tcp:10.0.0.1:8080"), ("nat", "true"))).Plan(StackText.Require(Web)).Changes);
    }

    [Fact]
    public void An_address_on_another_network_or_in_another_VLAN_is_free()
    {
        var theirs = Theirs("ipv4.address", "10.20.0.10");

        Assert.Single(World(WithDevice(theirs, "eth0", ("type", "nic"), ("network", "other"), ("ipv4.address", "10.20.0.10"))).Plan(StackText.Require(Web)).Changes);
        Assert.Single(World(WithDevice(theirs, "eth0", ("type", "nic"), ("network", "lan"), ("vlan", "7"), ("ipv4.address", "10.20.0.10"))).Plan(StackText.Require(Web)).Changes);
    }

    [Fact]
    public void What_an_instance_has_itself_is_its_own()
    {
        var world = World(Theirs("port", "tcp:0.0.0.0:1"));
        var stack = StackText.Require(Web);
        world.With(world.Applied(stack, "web"));

        Assert.Empty(world.Plan(stack).Changes);
        Assert.Single(world.Plan(StackText.Require(Web.Replace("image: busybox", "image: busybox, description: x", StringComparison.Ordinal))).Changes);
    }

    [Fact]
    public void What_the_file_no_longer_names_is_deleted_before_another_one_takes_its_place()
    {
        var world = World(Theirs("port", "tcp:0.0.0.0:1"));
        world.With(world.Applied(StackText.Require(Web), "web"));
        var renamed = StackText.Require(Web.Replace("web:", "site:", StringComparison.Ordinal));

        var plan = world.Plan(renamed, new PlanOptions { Prune = true });
        Assert.Equal(["instance/web", "instance/site"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.Contains(InstanceKind.IdOf("web"), plan.Changes[1].DependsOn);

        var error = Assert.Throws<StackFileException>(() => world.Plan(renamed));
        Assert.All(error.Diagnostics, problem => Assert.EndsWith("; or delete web, which is no longer in the file, with -Prune (--prune)", problem.ToString(), StringComparison.Ordinal));
    }

    private static PlanningWorld World(Instance theirs) =>
        new PlanningWorld().With(new Network { Name = "lan", Type = "bridge", Managed = true }).With(new Network { Name = "other", Type = "bridge", Managed = true }).With(theirs);

    private static Instance Theirs(string key, string value)
    {
        var instance = new Instance { Name = "theirs", Type = InstanceTypes.Container, Status = "Running", StatusCode = StatusCode.Running };
        return key switch
        {
            "port" => WithDevice(instance, "p", ("type", "proxy"), ("listen", value), ("connect", "tcp:127.0.0.1:80")),
            "volatile" => WithDevice(instance, "eth0", ("type", "nic"), ("network", "lan")) with { Config = PlanningWorld.Map(("volatile.eth0.hwaddr", value)) },
            _ => WithDevice(instance, "eth0", ("type", "nic"), ("network", "lan"), (key, value)),
        };
    }

    private static Instance WithDevice(Instance instance, string name, params (string Key, string Value)[] options) =>
        instance with { ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>> { [name] = PlanningWorld.Map(options) } };
}
