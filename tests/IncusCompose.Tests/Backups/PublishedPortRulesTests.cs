using IncusCompose.Backups;
using IncusCompose.Resources;

namespace IncusCompose.Tests.Backups;

/// <summary>What a clone's published ports are.</summary>
public sealed class PublishedPortRulesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(10)]
    public void Ports_that_take_the_place_of_one_another_are_all_there(int offset)
    {
        var fields = Fields([.. Enumerable.Range(8080, 12).Select(port => ($"port-{port}-tcp", $"tcp:0.0.0.0:{port}"))]);

        Assert.Empty(PublishedPortRules.Move(fields, offset));

        Assert.Equal(
            Enumerable.Range(8080 + offset, 12).Select(port => ($"port-{port}-tcp", $"tcp:0.0.0.0:{port}", $"tcp:127.0.0.1:{port - offset}")).Order(),
            fields.Devices.Select(device => (device.Key, device.Value["listen"], device.Value["connect"])).Order());
    }

    [Theory]
    [InlineData("port-10.0.8.1-8-tcp", "tcp:10.0.8.1:8", "port-10.0.8.1-108-tcp", "tcp:10.0.8.1:108")]
    [InlineData("port-8000-8010-udp", "udp:[::]:8000-8010", "port-8100-8110-udp", "udp:[::]:8100-8110")]
    [InlineData("port-fd00-8-1-8-tcp", "tcp:[fd00:8::1]:8", "port-fd00-8-1-108-tcp", "tcp:[fd00:8::1]:108")]
    [InlineData("port-of-8-people", "tcp:0.0.0.0:8", "port-of-8-people", "tcp:0.0.0.0:108")]
    [InlineData("web", "tcp:0.0.0.0:80,8443", "web", "tcp:0.0.0.0:180,8543")]
    public void A_device_is_called_as_a_file_would_call_it_that_publishes_the_new_port(string name, string listen, string newName, string newListen)
    {
        var fields = Fields((name, listen));

        Assert.Empty(PublishedPortRules.Move(fields, 100));

        var (key, device) = Assert.Single(fields.Devices);
        Assert.Equal((newName, newListen), (key, device["listen"]));
    }

    [Fact]
    public void What_cannot_be_a_port_and_what_would_lose_a_device_is_said()
    {
        Assert.Equal(["65000-65535 and 1 is no port"], PublishedPortRules.Move(Fields(("web", "tcp:0.0.0.0:65000-65535")), 1));
        Assert.Equal(["80 and -80 is no port"], PublishedPortRules.Move(Fields(("port-80-tcp", "tcp:0.0.0.0:80")), -80));
        Assert.Equal(["80 and 2147483647 is no port"], PublishedPortRules.Move(Fields(("port-80-tcp", "tcp:0.0.0.0:80")), int.MaxValue));
        var problem = Assert.Single(PublishedPortRules.Move(Fields(("port-80-tcp", "tcp:0.0.0.0:80"), ("port-81-tcp", "tcp:0.0.0.0:9000")), 1));
        Assert.Equal("tcp:0.0.0.0:9001 would be published by a device port-81-tcp, and there is another one of that name: give that another name", problem);
    }

    [Fact]
    public void What_listens_in_the_instance_and_what_is_no_port_stays()
    {
        var fields = Fields(("port-80-tcp", "tcp:0.0.0.0:80"), ("socket", "unix:/run/x.sock"), ("inner", "tcp:127.0.0.1:3128"));
        fields.Devices["inner"]["bind"] = "instance";
        fields.Devices["port-90-tcp"] = new() { ["type"] = "disk", ["path"] = "/x" };

        Assert.Equal(["90"], [.. PublishedPortRules.Move(fields, 10).Select(problem => problem.Split('-')[1])]);
        Assert.Equal(["inner", "port-90-tcp", "socket"], fields.Devices.Keys);

        fields.Devices["published"] = new() { ["type"] = "proxy", ["listen"] = "tcp:0.0.0.0:80" };
        Assert.Equal(["tcp:0.0.0.0:80"], PublishedPortRules.Withdraw(fields));
        Assert.Equal(["inner", "port-90-tcp", "socket"], fields.Devices.Keys);
    }

    private static ResourceFields Fields(params (string Name, string Listen)[] proxies)
    {
        var fields = new ResourceFields();
        foreach (var (name, listen) in proxies)
            fields.Devices[name] = new() { ["type"] = "proxy", ["listen"] = listen, ["connect"] = $"tcp:127.0.0.1:{listen[(listen.LastIndexOf(':') + 1)..]}" };
        return fields;
    }
}
