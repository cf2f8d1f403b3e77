using System.Text.Json;
using Incus.Client;
using IncusCompose.Inventory;
using IncusCompose.Loading;
using IncusCompose.Ssh;
using IncusCompose.Tests.Loading;
using IncusCompose.Yaml;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Ssh;

/// <summary>Which way leads to an instance, and how other tools are told.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Local = "unix:///var/lib/incus/unix.socket";
    private const string Far = "https://host.example:8443";

    private static readonly Dictionary<string, Network> s_networks = new()
    {
        ["incusbr0"] = new() { Name = "incusbr0", Type = "bridge", Managed = true },
        ["br0"] = new() { Name = "br0", Type = "bridge" },
        ["lan"] = new() { Name = "lan", Type = "macvlan", Managed = true },
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gate", true)]
    [InlineData("ann@gate.example:2222", true)]
    [InlineData("[fd42::1]:22", true)]
    [InlineData("one,ann@two", true)]
    [InlineData("none", true)]
    [InlineData("", false)]
    [InlineData("bad@@x", false)]
    [InlineData("a b", false)]
    [InlineData("gate:ssh", false)]
    [InlineData("gate\n", false)]
    [InlineData("-oProxyCommand=x", false)]
    public void A_host_to_go_through_is_one_that_ssh_takes(string text, bool isOne)
    {
        var problem = Record.Exception(() => InstanceLimits.CheckJumpHost(text, "--jump-host"));
        if (isOne)
            Assert.Null(problem);
        else
            Assert.Contains("is no host to go through; write [user@]host[:port]", Assert.IsType<ArgumentException>(problem).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_written_where_it_can_be_and_else_nothing_is()
    {
        var missing = Path.Combine(_folder.Path, "no", "such");
        Assert.Equal($"{_folder.Path} is a folder; name a file", Assert.Throws<IOException>(() => SshConfig.WriteFile(_folder.Path, [])).Message);
        Assert.StartsWith($"there is no folder {Path.GetDirectoryName(missing)}; make it first", Assert.Throws<IOException>(() => SshConfig.WriteFile(missing, [])).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KnownHosts.Beside(_folder.Path)));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("network:incusbr0", Local, "10.0.0.2:22")]
    [InlineData("network:incusbr0", "https://127.0.0.1:8443", "10.0.0.2:22")]
    [InlineData("network:incusbr0", "https://[::1]:8443", "10.0.0.2:22")]
    [InlineData("network:incusbr0", Far, "10.0.0.2:22 via host.example")]
    [InlineData("network:lan", Far, "10.0.0.2:22")]
    [InlineData("nictype:macvlan", Far, "10.0.0.2:22")]
    [InlineData("parent:br0,nictype:bridged", Far, "10.0.0.2:22")]
    [InlineData("nictype:macvlan", Local, "10.0.0.2:22")]
    public void A_server_elsewhere_is_gone_through_unless_the_instance_stands_beside_it(string nic, string server, string expected) =>
        Assert.Equal(expected, Route(server, null, ("eth0", nic, "10.0.0.2")));

    [Fact]
    public void The_host_takes_the_bridge_and_others_take_the_lan()
    {
        (string, string, string)[] nics = [("eth0", "nictype:macvlan", "192.168.1.7"), ("eth1", "network:incusbr0", "10.0.0.2")];

        Assert.Equal("10.0.0.2:22", Route(Local, null, nics));
        Assert.Equal("192.168.1.7:22", Route(Far, null, nics));
    }

    [Theory]
    [InlineData(Local, true, "macvlan")]
    [InlineData(Local, false, "macvlan", "bridged")]
    [InlineData(Local, false, "bridged")]
    [InlineData(Local, false)]
    [InlineData(Far, false, "macvlan")]
    public void The_host_is_told_that_it_does_not_reach_its_own_macvlan_instances(string server, bool expected, params string[] kinds) =>
        Assert.Equal(expected, SshRoute.IsApart(server, new Incus.Client.Instance
        {
            Name = "web",
            ExpandedDevices = kinds.Index().ToDictionary(
                kind => $"eth{kind.Index}", kind => (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { ["type"] = "nic", ["nictype"] = kind.Item }),
        }));

    [Theory]
    [InlineData("ann@jump:2022", "10.0.0.2:22 via ann@jump:2022")]
    [InlineData("none", "10.0.0.2:22")]
    public void The_user_can_say_what_to_go_through(string jump, string expected) =>
        Assert.Equal(expected, Route(Far, jump, ("eth0", "network:incusbr0", "10.0.0.2")));

    [Theory]
    [InlineData("gate", "network:incusbr0", "10.0.0.2:22 via gate")]
    [InlineData("gate", "nictype:macvlan", "10.0.0.2:22")]
    [InlineData("none", "network:incusbr0", "10.0.0.2:22")]
    public void On_the_server_itself_the_host_to_go_through_is_for_use_elsewhere(string jump, string nic, string expected) =>
        Assert.Equal(expected, Route(Local, jump, ("eth0", nic, "10.0.0.2")));

    [Theory]
    [InlineData("tcp:0.0.0.0:2222", "tcp:127.0.0.1:22", "host.example:2222")]
    [InlineData("tcp:203.0.113.5:2222", "tcp:127.0.0.1:22", "203.0.113.5:2222")]
    [InlineData("tcp:127.0.0.1:2222", "tcp:127.0.0.1:22", "10.0.0.2:22 via host.example")]
    [InlineData("tcp:0.0.0.0:2222", "tcp:127.0.0.1:80", "10.0.0.2:22 via host.example")]
    [InlineData("udp:0.0.0.0:2222", "udp:127.0.0.1:22", "10.0.0.2:22 via host.example")]
    public void A_port_of_the_host_that_leads_to_the_SSH_server_is_a_direct_way(string listen, string connect, string expected) =>
        Assert.Equal(expected, Route(Far, null, ("eth0", "network:incusbr0", "10.0.0.2"), ("p", $"type:proxy,listen:{listen.Replace(':', '=')},connect:{connect.Replace(':', '=')}", "")));

    [Theory]
    [InlineData("10.0.0.9\n    Match exec \"touch /tmp/x\"")]
    [InlineData("{{ lookup('pipe', 'id') }}")]
    public void What_a_guest_calls_an_address_but_is_none_leads_nowhere(string address) =>
        Assert.Equal("fd42::2:22", Route(Local, null, ("eth0", "network:incusbr0", address)));

    [Fact]
    public void Ssh_is_told_no_second_line() =>
        Assert.Throws<ArgumentException>(() => SshConfig.Write([Web with { Address = "10.0.0.2\nMatch exec id" }], "/known"));

    [Fact]
    public void A_recorded_user_that_could_be_none_is_not_believed()
    {
        static string? UserOf(string user) => IncusCompose.Resources.RecordedWords.ReadSsh(
            Map((IncusCompose.Resources.RecordedWords.Ssh, JsonSerializer.Serialize(new { User = user, Keys = Array.Empty<string>() }))))?.User;

        Assert.Equal("ann", UserOf("ann"));
        Assert.Null(UserOf("ann\nProxyCommand id"));
        Assert.Null(UserOf("{{ 1 }}"));
    }

    [Theory]
    [InlineData("{{ lookup('pipe', 'id') }}")]
    [InlineData("{% set x = 1 %}")]
    [InlineData("{# x #}")]
    [InlineData("#jinja2: variable_start_string:'[['\n[[ lookup('pipe', 'id') ]]")]
    public void Nothing_that_Ansible_would_run_gets_into_an_inventory(string text)
    {
        var host = AnsibleInventory.Of([Web with { Image = text, Stack = text, Server = text, Type = text, Status = text, HostKeys = [], Labels = Map(("a", text), ("tier", "front")) }], "/known").Hosts["web"];

        Assert.DoesNotContain(host.Values, value => value is string said && said.Contains(text, StringComparison.Ordinal));
        Assert.Equal(Map(("tier", "front")), (IReadOnlyDictionary<string, string>)host["incus_labels"]);
        // What says where it leads cannot be left out.
        var error = Assert.Throws<IncusException>(() => AnsibleInventory.Of([Web with { User = null, Project = text }], "/known"));
        Assert.Contains(" cannot stand in an inventory: Ansible would run it on this machine as a template", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bridges_inside_the_instance_are_no_way_to_it() =>
        Assert.Equal("", Route(Local, null, ("docker0", "type:none", "172.17.0.1")));

    [Fact]
    public void Ssh_is_told_where_who_and_whom_to_believe()
    {
        InstanceAccess[] instances =
        [
            Web with { Jump = "host.example", KeyFile = "/home/ann b/.ssh/id" },
            Web with { Name = "fresh", HostKeys = [] },
            Web with { Project = "test" },
            Web with { Name = "plain", User = null },
            Web with { Name = "stopped", Address = null },
        ];

        Assert.Equal(
            """
            Host web web.default.local
                HostName 10.0.0.2
                Port 22
                User ann
                IdentityFile "/home/ann b/.ssh/id"
                ProxyJump host.example
                HostKeyAlias web.default.local
                UserKnownHostsFile /known
                StrictHostKeyChecking yes

            Host fresh fresh.default.local
                HostName 10.0.0.2
                Port 22
                User ann

            Host web.test.local
                HostName 10.0.0.2
                Port 22
                User ann
                HostKeyAlias web.test.local
                UserKnownHostsFile /known
                StrictHostKeyChecking yes

            """,
            SshConfig.Write(instances, "/known"));
    }

    [Fact]
    public void Known_hosts_are_replaced_by_name_and_others_stay()
    {
        var path = Path.Combine(_folder.Path, "new", "known_hosts");
        KnownHosts.Update(path, [Web, Web with { Name = "db" }]);
        KnownHosts.Update(path, [Web with { HostKeys = ["ssh-rsa BBBB"] }, Web with { Name = "db", HostKeys = [] }]);

        Assert.Equal(["db.default.local ssh-ed25519 AAAA", "web.default.local ssh-rsa BBBB"], File.ReadAllLines(path));
        KnownHosts.Replace(path, [Web]);
        Assert.Equal(["web.default.local ssh-ed25519 AAAA"], File.ReadAllLines(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void An_inventory_has_groups_by_stack_project_label_and_status()
    {
        var inventory = AnsibleInventory.Of([Web, Web with { Name = "db", Stack = null, Labels = Map(("a.b", ""), ("tier", "x y")), Status = "Stopped", Address = null }], "/known");

        Assert.Equal(["label_a_b", "label_tier_front", "label_tier_x_y", "project_default", "stack_shop", "status_running", "status_stopped"], inventory.Groups.Keys);
        Assert.Equal(["web", "db"], inventory.Groups["project_default"]);
        Assert.False(inventory.Hosts["db"].ContainsKey("ansible_host"));
        Assert.Equal("-o HostKeyAlias=web.default.local -o UserKnownHostsFile=/known -o StrictHostKeyChecking=yes", inventory.Hosts["web"]["ansible_ssh_common_args"]);
    }

    [Fact]
    public void What_has_no_SSH_is_reached_through_Incus()
    {
        var plain = Web with { User = null, Address = null, Server = "production" };

        var host = AnsibleInventory.Of([plain], "/known").Hosts["web"];
        Assert.Equal(("community.general.incus", "web", "production", "default"), (host["ansible_connection"], host["ansible_host"], host["ansible_incus_remote"], host["ansible_incus_project"]));
        var older = AnsibleInventory.Of([plain with { Server = "/run/incus.socket" }], "/known", "community.general.lxd").Hosts["web"];
        Assert.Equal("default", older["ansible_lxd_project"]);
        Assert.False(older.ContainsKey("ansible_lxd_remote"));
    }

    [Fact]
    public void Two_of_one_name_are_told_apart_by_their_project() =>
        Assert.Equal(["db", "web.default", "web.test"], AnsibleInventory.Of([Web, Web with { Project = "test" }, Web with { Name = "db" }], "/known").Hosts.Keys);

    [Fact]
    public void The_forms_of_an_inventory_are_as_Ansible_reads_them()
    {
        var engine = new ComposeEngine(new YamlDocumentFormat());
        var inventory = AnsibleInventory.Of([Web with { Image = "it's 1" }], "/known");

        var ini = engine.WriteInventory(inventory, InventoryFormat.Ini).Split('\n');
        Assert.StartsWith("web ansible_host=10.0.0.2 ansible_port=22 ansible_ssh_common_args='\"-o HostKeyAlias=", ini[0]);
        Assert.Contains("incus_image='\"it\\u0027s 1\"' incus_labels='{\"tier\":\"front\"}'", ini[0]);
        Assert.Equal(["", "[label_tier_front]", "web"], ini[1..4]);
        Assert.Contains("\n      ansible_port: 22\n", engine.WriteInventory(inventory, InventoryFormat.Yaml));
        using var json = JsonDocument.Parse(engine.WriteInventory(inventory, InventoryFormat.Json));
        Assert.Equal("ann", json.RootElement.GetProperty("_meta").GetProperty("hostvars").GetProperty("web").GetProperty("ansible_user").GetString());
        Assert.Equal("web", json.RootElement.GetProperty("stack_shop").GetProperty("hosts")[0].GetString());
        Assert.Equal("{}", InventoryText.Host(inventory, "gone"));
    }

    private static InstanceAccess Web { get; } = new()
    {
        Name = "web", Project = "default", Server = "local", Stack = "shop", Status = "Running", Type = "container",
        Labels = Map(("tier", "front")), User = "ann", Address = "10.0.0.2", Port = 22, HostKeys = ["ssh-ed25519 AAAA"],
    };

    /// <summary>The way to an instance with these devices; <c>key:value</c>, and <c>=</c> for a colon in a value.</summary>
    private static string Route(string server, string? jump, params (string Name, string Options, string Address)[] devices)
    {
        static string Hardware(int index) => $"00:16:3e:00:00:0{index}";
        var instance = new Instance
        {
            Name = "web",
            Config = devices.Select((device, index) => (device, index)).ToDictionary(item => $"volatile.{item.device.Name}.hwaddr", item => Hardware(item.index)),
            ExpandedDevices = devices.ToDictionary(device => device.Name, IReadOnlyDictionary<string, string> (device) =>
            {
                var options = device.Options.Split(',').Select(option => option.Split(':')).ToDictionary(option => option[0], option => option[1].Replace('=', ':'));
                options.TryAdd("type", "nic");
                return options;
            }),
        };
        var state = new InstanceState
        {
            Network = devices.Select((device, index) => (device, index)).Where(item => item.device.Address.Length > 0).ToDictionary(item => item.device.Name, item => new InstanceStateNetwork
            {
                Hwaddr = Hardware(item.index).ToUpperInvariant(),
                Addresses =
                [
                    new InstanceStateNetworkAddress { Family = "inet6", Address = "fd42::2", Scope = "global" },
                    new InstanceStateNetworkAddress { Family = "inet", Address = item.device.Address, Scope = "global" },
                    new InstanceStateNetworkAddress { Family = "inet", Address = "169.254.0.1", Scope = "link" },
                ],
            }),
        };
        return SshRoute.Find(instance, state, s_networks, server, 22, jump) is { } route
            ? $"{route.Address}:{route.Port}{(route.Jump is null ? "" : " via " + route.Jump)}"
            : "";
    }
}
