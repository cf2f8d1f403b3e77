using IncusCompose.Definition;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Operating;

public sealed class OneOffPlannerTests
{
    private static readonly InstanceDefinition s_web = new()
    {
        Name = "web",
        Image = "busybox",
        Replicas = 3,
        DependsOn = [new("app")],
        Ports = [new() { HostPort = 8080, InstancePort = 80 }],
        Volumes = [new() { Source = "data", Target = "/data" }, new() { Source = "logs", Target = "/logs" }],
        Networks = [new() { Network = "shopnet", Ipv4 = "10.1.2.3", Ipv6 = "fd00::3", Mac = "00:16:3e:00:00:01" }],
        Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["eth9"] = PlanningWorld.Map(("type", "nic"), ("network", "shopnet"), ("ipv4.address", "10.1.2.4")),
            ["published"] = PlanningWorld.Map(("type", "proxy"), ("listen", "tcp:0.0.0.0:81"), ("connect", "tcp:127.0.0.1:81")),
        },
        Config = PlanningWorld.Map(("boot.autorestart", "true"), ("limits.cpu", "2")),
        Ready = new ReadinessDefinition { Gates = [new AddressGate(), new HealthGate()] },
        Healthcheck = new HealthCheckDefinition { Probe = new TcpProbe { Port = 80 } },
    };

    private static readonly StackDefinition s_stack = PlanningWorld.Stack(
        s_web,
        new InstanceDefinition { Name = "app", Image = "busybox", DependsOn = [new("db")] },
        new InstanceDefinition { Name = "db", Image = "busybox" },
        new InstanceDefinition { Name = "job", Image = "busybox" });

    [Fact]
    public void It_lacks_what_only_one_instance_can_have_and_what_keeps_one_going()
    {
        var (stack, name, run) = OneOffPlanner.Define(s_stack, "web", new OneOffOptions { Volumes = [new() { Source = "/tmp", Target = "/logs", IsHostPath = true }] });

        Assert.Matches("^web-run-[0-9a-f]{6}$", name);
        var instance = stack.Instances[name];
        Assert.Equal((name, null, null, 0), (instance.Name, instance.Replicas, instance.Healthcheck, instance.Ports.Count));
        Assert.Equal(["data /data", "/tmp /logs"], instance.Volumes.Select(volume => $"{volume.Source} {volume.Target}"));
        Assert.Equal([new NetworkAttachment { Network = "shopnet" }], instance.Networks);
        Assert.Equal("eth9 network shopnet, eth9 type nic", string.Join(", ", instance.Devices.SelectMany(device => device.Value.OrderBy(pair => pair.Key).Select(pair => $"{device.Key} {pair.Key} {pair.Value}"))));
        Assert.Equal(["limits.cpu", "user.incus-compose.run"], instance.Config.Keys.Order());
        Assert.Equal(run, instance.Config["user.incus-compose.run"]);
        Assert.Equal([new AddressGate()], instance.Ready!.Gates);
        Assert.False(instance.Autostart);
    }

    [Fact]
    public void Dependencies_come_along_with_theirs_unless_they_are_not_wanted()
    {
        Assert.Equal(["app", "db", "once"], OneOffPlanner.Define(s_stack, "web", new OneOffOptions { Name = "once" }).Stack.Instances.Keys.Order());
        var alone = OneOffPlanner.Define(s_stack, "web", new OneOffOptions { Name = "once", WithDependencies = false }).Stack.Instances;
        Assert.Empty(Assert.Single(alone).Value.DependsOn);
    }

    [Fact]
    public void Ports_are_the_definitions_only_where_that_is_wanted()
    {
        var port = new PortMapping { HostPort = 9090, InstancePort = 90 };
        Assert.Equal([port], OneOffPlanner.Define(s_stack, "web", new OneOffOptions { Name = "once", Ports = [port] }).Stack.Instances["once"].Ports);
        var both = OneOffPlanner.Define(s_stack, "web", new OneOffOptions { Name = "once", Ports = [port], ServicePorts = true }).Stack.Instances["once"];
        Assert.Equal([.. s_web.Ports, port], both.Ports);
        Assert.Contains("published", both.Devices.Keys);
    }

    [Fact]
    public void A_virtual_machine_is_waited_for_until_its_agent_answers()
    {
        var stack = PlanningWorld.Stack(new InstanceDefinition { Name = "vm", Image = "busybox", Type = InstanceType.VirtualMachine });

        Assert.Equal([new AgentGate()], OneOffPlanner.Define(stack, "vm", new OneOffOptions { Name = "once" }).Stack.Instances["once"].Ready!.Gates);
    }

    [Fact]
    public void A_long_name_is_shortened()
    {
        var stack = PlanningWorld.Stack(new InstanceDefinition { Name = new string('a', 52) + "-bcdefghij", Image = "busybox" });

        Assert.Matches("^a{52}-run-[0-9a-f]{6}$", OneOffPlanner.Define(stack, stack.Instances.Keys.Single(), new OneOffOptions()).Name);
    }

    [Theory]
    [InlineData("wbe", null, "There is no instance `wbe` in stack shop; did you mean `web`?")]
    [InlineData("web", "db", "`db` is the name of an instance of the file; choose another one")]
    [InlineData("web", "-x", "`-x` cannot be an instance's name: it begins with a dash; write `x`")]
    public void What_cannot_be_is_told(string definition, string? name, string message) =>
        Assert.Equal(message, Assert.Throws<PlanOptionException>(() => OneOffPlanner.Define(s_stack, definition, new OneOffOptions { Name = name })).Message);
}
