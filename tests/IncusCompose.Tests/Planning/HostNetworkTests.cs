using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Applications with the host's own network interfaces.</summary>
public class HostNetworkTests
{
    private static PropertyBag Properties(string words, string image = "registry:app") =>
        new PlanningWorld().Plan(StackText.Load($"name: shop\ninstances: {{web: {{image: \"{image}\", network_mode: host{words}}}}}\n").Definition!).Resources.Single(resource => resource.Id == InstanceKind.IdOf("web")).Desired!.Properties;

    [Fact]
    public void Neither_addresses_nor_settings_of_the_host_are_touched()
    {
        var lines = Properties("")[PropertyPath.Config("raw.lxc")]!.Split('\n');
        Assert.Equal("lxc.namespace.keep = net", lines[0]);
        Assert.Contains("lxc.hook.start-host =", lines);
        Assert.Contains("lxc.sysctl.net.ipv4.ip_unprivileged_port_start =", lines);
        Assert.Contains("lxc.mount.entry = /sys sys none rbind 0 0", lines);
        var privileged = Properties(", privileged: true, dns: 10.0.0.1")[PropertyPath.Config("raw.lxc")]!;
        Assert.Contains("lxc.namespace.keep = net user", privileged, StringComparison.Ordinal);
        Assert.DoesNotContain("lxc.mount.auto", privileged, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/resolv.conf etc/resolv.conf", privileged, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_means_is_said_and_its_ports_are_those_of_the_host()
    {
        var stack = StackText.Load("name: shop\nservices: {web: {image: nginx, network_mode: host, ports: [\"8080:80\", \"443:443\"]}}\n");
        Assert.Equal([("HostNetwork", "instances.web.network_mode"), ("IgnoredWord", "instances.web.ports")], stack.Diagnostics.Select(problem => (problem.Id, problem.Path)));
        Assert.DoesNotContain(Properties(", ports: [\"443:443\"]"), property => property.Value == "proxy");
    }

    [Fact]
    public void A_system_and_a_network_beside_it_are_refused()
    {
        Assert.Contains("is the image of a system", Assert.Throws<StackFileException>(() => Properties("", "images:debian/12")).Message, StringComparison.Ordinal);
        Assert.Contains("something else says which networks", StackText.Problems("name: shop\ninstances: {web: {image: a, network_mode: host, networks: [lan]}}\nnetworks: {lan: }\n")[0], StringComparison.Ordinal);
    }
}
