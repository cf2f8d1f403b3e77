using Incus.Client;
using IncusCompose.Instances;

namespace IncusCompose.Tests.Instances;

public sealed class PublishedPortTests
{
    [Fact]
    public void Each_port_of_a_range_has_its_own_address()
    {
        var ports = PublishedPort.Of(new Instance
        {
            ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["web"] = Proxy("tcp:127.0.0.1:8080", "tcp:127.0.0.1:80"),
                ["six"] = Proxy("tcp:[::]:8080", "tcp:127.0.0.1:80"),
                ["dns"] = Proxy("udp:0.0.0.0:1053-1054", "udp:127.0.0.1:53-54"),
                ["one"] = Proxy("tcp:0.0.0.0:91,93", "tcp:127.0.0.1:90"),
                ["socket"] = Proxy("unix:/run/a.sock", "tcp:127.0.0.1:81"),
                ["inside"] = new Dictionary<string, string>(Proxy("tcp:127.0.0.1:5432", "tcp:10.0.0.1:5432")) { ["bind"] = "instance" },
                ["eth0"] = new Dictionary<string, string> { ["type"] = "nic" },
            },
        });

        Assert.Equal(
            [
                "tcp 80 127.0.0.1:8080", "tcp 80 [::]:8080", "tcp 90 0.0.0.0:91", "tcp 90 0.0.0.0:93",
                "udp 53 0.0.0.0:1053", "udp 54 0.0.0.0:1054",
            ],
            ports.Select(port => $"{port.Protocol} {port.Port} {port.HostAddress}"));
    }

    private static Dictionary<string, string> Proxy(string listen, string connect) =>
        new() { ["type"] = "proxy", ["listen"] = listen, ["connect"] = connect };
}
