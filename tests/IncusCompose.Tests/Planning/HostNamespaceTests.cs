using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What an instance shares with the host, and the groups of its process.</summary>
public class HostNamespaceTests
{
    private static PropertyBag Properties(string words, string image = "registry:app", string lxc = "6.0.6") =>
        new PlanningWorld { About = new ServerInfo { ApiExtensions = ["instance_oci"], Environment = new ServerEnvironment { Driver = "qemu | lxc", DriverVersion = $"9.0.2 | {lxc}", ServerVersion = "7.0.0" } } }
            .Plan(StackText.Load($"name: shop\ninstances: {{web: {{image: \"{image}\", {words}}}}}\n").Definition!).Resources.Single(resource => resource.Id == InstanceKind.IdOf("web")).Desired!.Properties;

    private static string[] Lines(string words, string lxc = "6.0.6") => (Properties(words, lxc: lxc)[PropertyPath.Config("raw.lxc")] ?? "").Split('\n');

    [Fact]
    public void Shared_memory_of_the_host_takes_the_place_of_its_own()
    {
        Assert.Equal(["lxc.namespace.keep = ipc", "lxc.mount.entry = /dev/shm dev/shm none bind,create=dir 0 0"], Lines("ipc: host"));
        Assert.Equal("lxc.namespace.keep = ipc user", Lines("ipc: host, privileged: true")[0]);
        Assert.Equal([""], Lines("ipc: shareable, uts: private"));
        Assert.DoesNotContain(Properties("ipc: host, shm_size: 1g"), property => property.Value == "tmpfs:");
        Assert.Equal([("HostIpc", "instances.web.ipc"), ("IgnoredWord", "instances.web.shm_size")], StackText.Load("name: shop\nservices: {web: {image: nginx, ipc: host, shm_size: 1g}}\n").Diagnostics.Select(problem => (problem.Id, problem.Path)));
    }

    [Fact]
    public void The_hosts_name_is_kept_and_all_that_is_shared_is_said_at_once()
    {
        Assert.Equal(["lxc.namespace.keep = uts", "lxc.uts.name ="], Lines("uts: host"));
        var all = Lines("uts: host, ipc: host, network_mode: host");
        Assert.Equal("lxc.namespace.keep = net ipc uts", Assert.Single(all, line => line.StartsWith("lxc.namespace", StringComparison.Ordinal)));
        Assert.Contains("lxc.hook.start-host =", all);
        Assert.Contains("is the image of a system", Assert.Throws<StackFileException>(() => Properties("uts: host", "images:debian/12")).Message, StringComparison.Ordinal);
        Assert.Contains("`hostname` says another one", StackText.Problems("name: shop\ninstances: {web: {image: a, uts: host, hostname: b}}\n")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ipc: 'service:db'", "shared memory of its own, or the host's, and none of another one")]
    [InlineData("uts: 'container:db'", "a name of its own, or the host's")]
    [InlineData("ipc: hots", "is not known here")]
    [InlineData("pid: host", "hear no request to stop")]
    [InlineData("pid: 'service:db'", "hear no request to stop")]
    [InlineData("group_add: [video]", "write the number that the group has in the image")]
    [InlineData("type: virtual-machine, ipc: host", "a virtual machine has no such thing")]
    public void What_cannot_be_shared_is_an_error_that_says_why(string words, string message) =>
        Assert.Contains(StackText.Problems($"name: shop\ninstances: {{web: {{image: a, {words}}}}}\n"), problem => problem.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Groups_are_those_of_the_first_process()
    {
        Assert.Equal(["lxc.init.groups = 44,109,0"], Lines("group_add: [44, '109', 44, root]"));
        Assert.Equal(["lxc.init.groups = 7"], Lines("group_add: ['7'], privileged: true", lxc: "6.0.4"));
        Assert.Contains("which has 6.0.4", Assert.Throws<StackFileException>(() => Properties("group_add: [7]", lxc: "6.0.4")).Message, StringComparison.Ordinal);
        Assert.Contains("whose own files say", Assert.Throws<StackFileException>(() => Properties("group_add: [7]", "images:debian/12")).Message, StringComparison.Ordinal);
    }
}
