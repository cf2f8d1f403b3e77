using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Exporting;

/// <summary>Stack files of what is live, for what no server here can hold; the rest is tested on real ones.</summary>
public sealed class StackExporterTests
{
    private const string Addresses = """
        name: shop
        networks:
          dmz:
            type: ovn
            ipv4: 10.9.0.1/24
            uplink: none
            nat:
              ipv4: true
            forwards:
              192.0.2.10: 10.9.0.10
            load_balancers:
              192.0.2.20:
                backends:
                  one: 10.9.0.11
                  two:
                    target_address: 10.9.0.12
                    target_port: 8080
                ports:
                  - listen_port: 80,443
                  - listen_port: 53
                    target_backend:
                      - one
                    protocol: udp
                    description: names
                healthcheck:
                  interval: 5
            peers:
              backup: other/backup
              far:
                target_integration: region
                description: elsewhere
        network_integrations:
          region:
            config:
              ovn.northbound_connection: tcp:192.0.2.1:6641

        """;

    [Fact]
    public void What_lies_on_an_ovn_network_is_written_in_the_words_of_a_stack_file_and_plans_to_nothing()
    {
        var stack = StackText.Require(Addresses);
        var world = new PlanningWorld()
            .With(new NetworkIntegration { Name = "region", Type = "ovn", Config = Config(stack, NetworkIntegrationKind.IdOf("region")) })
            .With(new Network { Name = "dmz", Type = "ovn", Managed = true, Config = Config(stack, NetworkKind.IdOf("dmz")) })
            .With(new NetworkForward { ListenAddress = "192.0.2.10", Config = Config(stack, NetworkForwardKind.IdOf("dmz", "192.0.2.10")) }, "dmz")
            .With(new NetworkPeer { Name = "backup", Type = "local", TargetProject = "other", TargetNetwork = "backup", Config = Config(stack, NetworkPeerKind.IdOf("dmz", "backup")) }, "dmz")
            .With(new NetworkPeer { Name = "far", Type = "remote", TargetIntegration = "region", Description = "elsewhere", Config = Config(stack, NetworkPeerKind.IdOf("dmz", "far")) }, "dmz")
            .With(
                new NetworkLoadBalancer
                {
                    ListenAddress = "192.0.2.20",
                    Backends = [new() { Name = "one", TargetAddress = "10.9.0.11" }, new() { Name = "two", TargetAddress = "10.9.0.12", TargetPort = "8080" }],
                    Ports = [new() { Protocol = "tcp", ListenPort = "80,443", TargetBackend = ["two", "one"] }, new() { Protocol = "udp", ListenPort = "53", TargetBackend = ["one"], Description = "names" }],
                    Config = Config(stack, NetworkLoadBalancerKind.IdOf("dmz", "192.0.2.20")),
                },
                "dmz");

        var export = world.Export(new ExportOptions { Stack = "shop" });

        Assert.Equal(Addresses, export.Text);
        Assert.False(world.Plan(StackText.Require(export.Text)).HasChanges);
    }

    [Fact]
    public void What_members_of_a_cluster_have_of_their_own_is_written_by_their_names_and_once_where_it_is_the_same()
    {
        const string Text = """
            name: shop
            networks:
              inner:
                type: macvlan
                parent: enp5s0
              outer:
                type: macvlan
                members:
                  m1:
                    parent: enp5s0
                  m2:
                    parent: enp6s0
            storage_pools:
              fast:
                driver: zfs
                members:
                  m1:
                    source: /dev/sdb
                  m2:
                    source: /dev/sdc

            """;
        var stack = StackText.Require(Text);
        string[] members = ["m1", "m2"];
        var world = new PlanningWorld { Members = members }
            .With(Network("inner", "enp5s0", "enp5s0"))
            .With(Network("outer", "enp5s0", "enp6s0"))
            .With(new StoragePool
            {
                Name = "fast",
                Driver = "zfs",
                Config = Config(stack, StoragePoolKind.IdOf("fast"), members),
                // The server has names of its own for devices, and says more than it was told.
                Members = new Dictionary<string, IReadOnlyDictionary<string, string>>
                {
                    ["m1"] = PlanningWorld.Map(("source", "/dev/disk/by-id/one"), ("zfs.pool_name", "fast")),
                    ["m2"] = PlanningWorld.Map(("source", "/dev/disk/by-id/two"), ("zfs.pool_name", "fast")),
                },
            });

        var export = world.Export(new ExportOptions { Stack = "shop" }, members);

        Assert.Empty(export.Notes);
        Assert.Equal(Text, export.Text);
        Assert.False(world.Plan(StackText.Require(export.Text)).HasChanges);

        Network Network(string name, string first, string second) => new()
        {
            Name = name,
            Type = "macvlan",
            Managed = true,
            Config = Config(stack, NetworkKind.IdOf(name), members),
            Members = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["m1"] = PlanningWorld.Map(("parent", first)), ["m2"] = PlanningWorld.Map(("parent", second)) },
        };
    }

    [Fact]
    public void Of_a_buckets_keys_what_a_file_said_is_written_and_no_secret_is()
    {
        var stack = StackText.Require("name: shop\nbuckets: {assets: {keys: {app: {role: admin, access_key: me, secret_key: hunter2}, web: read-only}}}\n");
        var world = new PlanningWorld().With(new StorageBucket
        {
            Name = "assets",
            Config = Config(stack, BucketKind.IdOf("default", "assets")),
            Keys =
            [
                new() { Name = "admin", Role = "admin", AccessKey = "chosen", SecretKey = "chosen2" },
                new() { Name = "app", Role = "admin", AccessKey = "me", SecretKey = "hunter2" },
                new() { Name = "web", Role = "read-only", AccessKey = "chosen3", SecretKey = "chosen4" },
            ],
        });

        var export = world.Export(new ExportOptions { Stack = "shop" });

        Assert.DoesNotContain("hunter2", export.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("chosen", export.Text, StringComparison.Ordinal);
        Assert.Contains("      web: read-only\n", export.Text, StringComparison.Ordinal);
        Assert.False(world.Plan(export.Stack).HasChanges);
    }

    [Fact]
    public void Options_are_words_where_a_word_reads_back_as_the_same_and_raw_where_none_does()
    {
        var world = new PlanningWorld().With(new Profile
        {
            Name = "small",
            Config = PlanningWorld.Map(
                ("limits.memory", "64MiB"), ("limits.memory.swap", "false"), ("limits.cpu", "0-1"), ("security.nesting", "true"), ("security.privileged", "1"), ("boot.autostart", "true"),
                ("linux.sysctl.net.ipv4.ip_forward", "1"), ("raw.lxc", "lxc.cap.drop = $x"), ("security.syscalls.allow", "read"), ("security.syscalls.deny", "write"), ("user.note", "mine")),
        }).With(new Instance
        {
            Name = "web",
            Type = InstanceTypes.Container,
            Profiles = ["small"],
            StatusCode = StatusCode.Running,
            Config = PlanningWorld.Map(("limits.disk.priority", "3"), ("migration.stateful", "true"), ("volatile.base_image", "0123456789abcdef")),
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["root"] = PlanningWorld.Map(("type", "disk"), ("path", "/"), ("pool", "default"), ("size", "1GiB"), ("limits.read", "30MB")),
                ["tmpfs-run"] = PlanningWorld.Map(("type", "disk"), ("source", "tmpfs:"), ("path", "/run"), ("initial.mode", "1777"), ("size", "1MiB")),
            },
        });

        var export = world.Export(new ExportOptions { Instances = ["web"] });

        var profile = export.Stack.Profiles["small"];
        Assert.Equal(["boot.autostart", "limits.cpu", "limits.memory", "limits.memory.swap", "linux.sysctl.net.ipv4.ip_forward", "security.nesting"], profile.Options.Keys);
        Assert.Equal(["raw.lxc", "security.privileged", "security.syscalls.allow", "security.syscalls.deny", "user.note"], profile.Config.Keys.Order(StringComparer.Ordinal));
        var web = export.Stack.Instances["web"];
        Assert.Equal("3", web.Options["limits.disk.priority"]);
        Assert.Equal(("1GiB", "30MB"), (web.Disk!.Size, web.Disk.Options["limits.read"]));
        Assert.Equal("1MiB", Assert.Single(web.Volumes).Tmpfs!.Size);
        Assert.Empty(web.Devices);
        Assert.Equal(Definitions.Show(export.Stack), Definitions.Show(StackText.Require(export.Text)));
    }

    [Fact]
    public void What_lies_on_a_network_goes_with_it_whatever_else_has_its_name()
    {
        var network = new Network { Name = "lan", Type = "bridge", Managed = true, Config = PlanningWorld.Map(("ipv4.address", "10.9.0.1/24")), UsedBy = ["/1.0/instances/web"] };
        var forward = new NetworkForward { ListenAddress = "192.0.2.10", Config = PlanningWorld.Map(("target_address", "10.9.0.10")) };
        var web = new Instance
        {
            Name = "web",
            Type = InstanceTypes.Container,
            Profiles = ["default"],
            StatusCode = StatusCode.Running,
            Config = PlanningWorld.Map(("volatile.base_image", "0123456789abcdef")),
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["eth0"] = PlanningWorld.Map(("type", "nic"), ("name", "eth0"), ("network", "lan")) },
        };

        Assert.Equal(["192.0.2.10"], new PlanningWorld().With(network).With(forward, "lan").With(web).Export(new ExportOptions { Instances = ["web"] }).Stack.Networks["lan"].Forwards.Keys);

        // A network that others use as well is theirs, and so is what lies on it.
        var shared = new PlanningWorld().With(network with { UsedBy = ["/1.0/instances/web", "/1.0/instances/db"] }).With(forward, "lan").With(web with { Name = "web" });
        var named = shared.With(new Profile { Name = "lan" }).With(web with { Profiles = ["default", "lan"] }).Export(new ExportOptions { Instances = ["web"] }).Stack;
        Assert.True(named.Networks["lan"] is { External: true, Forwards.Count: 0 });
        Assert.False(named.Profiles["lan"].External);
    }

    /// <summary>The configuration of a resource as a stack's apply leaves it.</summary>
    private static Dictionary<string, string> Config(StackDefinition stack, ResourceId id, IReadOnlyList<string>? members = null)
    {
        var desired = new PlanningWorld { Members = members }.Plan(stack).Resources.Single(resource => resource.Id == id).Desired!;
        var fields = ResourceFields.From(desired.Properties);
        new OwnershipMark(stack.Name, "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(id, fields.Config);
        return fields.Config.ToDictionary();
    }
}
