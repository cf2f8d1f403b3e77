using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Instances;

public sealed class InstanceFactsTests
{
    [Fact]
    public void Published_ports_are_the_proxy_devices_that_listen_on_the_host() =>
        Assert.Equal(
            ["0.0.0.0:8080->80/tcp", "[::]:53-55->1053-1055/udp", "unix:/run/a.sock->tcp:127.0.0.1:81"],
            InstanceFacts.PortsOf(new Instance
            {
                ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>>
                {
                    ["b"] = Proxy("udp:[::]:53-55", "udp:127.0.0.1:1053-1055"),
                    ["a"] = Proxy("tcp:0.0.0.0:8080", "tcp:127.0.0.1:80"),
                    ["c"] = Proxy("unix:/run/a.sock", "tcp:127.0.0.1:81"),
                    ["inside"] = new Dictionary<string, string>(Proxy("tcp:127.0.0.1:5432", "tcp:10.0.0.1:5432")) { ["bind"] = "instance" },
                    ["eth0"] = new Dictionary<string, string> { ["type"] = "nic" },
                },
            }));

    [Fact]
    public void Addresses_are_the_global_ones_in_the_order_of_the_interfaces()
    {
        var state = new InstanceState
        {
            Network = new Dictionary<string, InstanceStateNetwork>
            {
                ["lo"] = new() { Addresses = [Address("inet", "127.0.0.1", "local")] },
                ["eth1"] = new() { Addresses = [Address("inet", "10.0.1.2", "global"), Address("inet6", "fe80::1", "link")] },
                ["eth0"] = new() { Addresses = [Address("inet", "10.0.0.2", "global"), Address("inet", "10.0.0.3 \u001b[2J", "global"), Address("inet6", "fd42::2", "global")] },
            },
        };
        Assert.Equal(["10.0.0.2", "10.0.1.2"], InstanceFacts.AddressesOf(state, "inet"));
        Assert.Equal(["fd42::2"], InstanceFacts.AddressesOf(state, "inet6"));
        Assert.Empty(InstanceFacts.AddressesOf(null, "inet"));
    }

    [Theory]
    [InlineData("web", "default", "shop")]
    [InlineData("web-backup", "default", null)]
    [InlineData("web", "elsewhere", null)]
    public void A_copy_of_a_stacks_instance_is_not_the_stacks(string name, string project, string? stack)
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "instances.web", AppliedRecord.Empty).Write(InstanceKind.IdOf("web"), config);

        Assert.Equal(stack, InstanceFacts.StackOf(new Instance { Name = name, Project = project, Config = config }));
    }

    private static Dictionary<string, string> Proxy(string listen, string connect) =>
        new() { ["type"] = "proxy", ["listen"] = listen, ["connect"] = connect };

    private static InstanceStateNetworkAddress Address(string family, string address, string scope) =>
        new() { Family = family, Address = address, Scope = scope };
}
