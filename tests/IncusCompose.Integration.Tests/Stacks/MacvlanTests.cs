using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Instances in the network that the host stands in.</summary>
[Collection(LabCollection.Name)]
public sealed class MacvlanTests(LabFixture lab)
{
    [Fact]
    public async Task An_instance_gets_its_address_from_the_LAN_and_is_reached_there()
    {
        var lan = await lab.Lab.LanAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var stack = $$"""
            name: macvlan
            instances:
              beside: {image: busybox, network: "macvlan:{{lan.Link}}"}
            """;
        try
        {
            Assert.Contains("do not reach each other", Assert.Single((await bench.PlanAsync(stack)).Diagnostics).ToString());
            await bench.UpAsync(stack);

            var state = await Eventually.GetAsync(() => bench.Client.Instances.GetStateAsync("beside"), state => InstanceFacts.AddressesOf(state, "inet").Count > 0);
            var address = Assert.Single(InstanceFacts.AddressesOf(state, "inet"));
            Assert.StartsWith(lan.Prefix, address);
            Assert.Contains("1 packets received", await lab.Lab.OnLanAsync("busybox", "ping", "-c", "1", "-W", "5", address));
            Assert.Empty((await bench.PlanAsync(stack)).Diagnostics);
        }
        finally
        {
            await bench.DownAsync("macvlan");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("project: {name: uplink-new, create: true, config: {features.images: false}}, ")]
    public async Task The_hosts_interface_is_that_of_its_default_route(string project)
    {
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var plan = bench.PlanAsync($"{{name: uplink, {project}instances: {{beside: {{image: busybox, network: macvlan}}}}}}");

        // default via 192.0.2.1 dev eth0
        var route = (await lab.Lab.HostAsync("ip", "-4", "route", "show", "default")).Split(' ');
        if (route is ["default", "via", _, "dev", var link, ..])
            Assert.Contains($"devices.eth0.parent: {link.Trim()}\n", StackWorkbench.Text(await plan));
        else
            Assert.Contains(Assert.Single((await Assert.ThrowsAsync<StackFileException>(() => plan)).Diagnostics).Id, "NoUplink");
    }
}
