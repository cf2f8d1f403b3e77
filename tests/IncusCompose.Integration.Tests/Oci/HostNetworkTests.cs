using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Resilience;
using IncusCompose.Integration.Tests.Stacks;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Applications with the host's own network interfaces.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class HostNetworkTests(Incus7Fixture fixture)
{
    private static readonly string[] s_settings = ["ping_group_range", "ip_unprivileged_port_start"];

    [Incus7Fact]
    public async Task They_listen_on_the_host_and_leave_it_as_it_is()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var (plain, privileged) = (HostPort.Free(), HostPort.Free());
        var before = Settings();
        string Service(string name, int port, string more) => $$"""
              {{name}}:
                image: {{registry}}/web
                container_name: hostnet-{{name}}
                network_mode: host
                entrypoint: httpd -f -p {{port}} -h /srv/hello
                {{more}}

            """;
        var compose = $"name: hostnet\nservices:\n{Service("plain", plain, "ports: [\"" + plain + ":" + plain + "\"]\n    ipc: host\n    uts: host")}{Service("root", privileged, "privileged: true\n    ipc: host\n    group_add: [44, 109]")}";

        await bench.UpAsync(compose);

        using var http = new HttpClient();
        foreach (var port in new[] { plain, privileged })
            await Eventually.GetAsync(async () => await AnswersAsync(port) ? "yes" : "", text => text == "yes");
        foreach (var name in new[] { "hostnet-plain", "hostnet-root" })
        {
            // Whatever is on the host is there, and nobody asked for addresses in its place.
            Assert.Contains($"lab{fixture.Lab.Number}", await bench.ShellAsync(name, "ls /sys/class/net"), StringComparison.Ordinal);
            Assert.NotEqual("", await bench.ShellAsync(name, "cat /etc/resolv.conf"));
        }

        // Shared memory and the name are the host's where that is said, and the process has its groups.
        Assert.Equal(Environment.MachineName, (await bench.ShellAsync("hostnet-plain", "hostname")).Trim());
        Assert.Equal("hostnet-root", (await bench.ShellAsync("hostnet-root", "hostname")).Trim());
        foreach (var (name, word) in new[] { ("hostnet-plain", "ipc"), ("hostnet-plain", "uts"), ("hostnet-root", "ipc") })
            Assert.Equal(new FileInfo($"/proc/self/ns/{word}").LinkTarget, (await bench.ShellAsync(name, $"readlink /proc/self/ns/{word}")).Trim());
        Assert.Equal(["44", "109"], (await bench.ShellAsync("hostnet-root", "grep Groups /proc/1/status")).Split(['\t', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries)[1..]);
        Assert.Equal("1000000", (await bench.ShellAsync("hostnet-plain", "set -- $(cat /proc/self/uid_map); echo $2")).Trim());
        Assert.Equal(before, Settings());
        Assert.Empty((await bench.PlanAsync(compose)).Changes);
        await bench.Client.Instances.RestartAsync("hostnet-plain", force: true).CompleteAsync(null);
        await Eventually.GetAsync(async () => await AnswersAsync(plain) ? "yes" : "", text => text == "yes");
        Assert.Equal(before, Settings());
        await bench.DownAsync("hostnet");

        async Task<bool> AnswersAsync(int port)
        {
            try
            {
                return (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"))) is not null;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    private static string Settings() => string.Join(' ', s_settings.Select(name => File.ReadAllText($"/proc/sys/net/ipv4/{name}").Trim()));
}
