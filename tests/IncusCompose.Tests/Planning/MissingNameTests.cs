using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Names that are neither in the file nor on the server.</summary>
public class MissingNameTests
{
    [Theory]
    [InlineData("networks: {lan: {acls: [webb]}}", "networks.lan.acls", "there is no network ACL \"webb\" in the file or on the server; did you mean `web`?")]
    [InlineData("networks: {lan: {config: {security.acls: zzz}}}", "networks.lan.config.security.acls", "there is no network ACL \"zzz\" in the file or on the server; add it to the file, or name one of: web")]
    [InlineData("networks: {ov: {type: ovn, uplink: away}}", "networks.ov.uplink", "there is no network \"away\"")]
    [InlineData("network_acls: {a: {ingress: [{action: allow, source: zzz}]}}", "network_acls.a.ingress[0].source", "there is no network ACL \"zzz\" in the file or on the server; add it to the file, or name one of: a, web")]
    [InlineData("network_acls: {a: {egress: [{action: allow, destination: $$office}]}}", "network_acls.a.egress[0].destination", "there is no network address set \"office\" in the file or on the server; add it to the file, or create it first")]
    [InlineData("volumes: {data: {pool: nopool}}", "volumes.data.pool", "there is no storage pool \"nopool\" in the file or on the server; add it to the file, or name one of: default")]
    [InlineData("instances: {web: {image: busybox, disk: {pool: defualt}}}", "instances.web.disk.pool", "there is no storage pool \"defualt\" in the file or on the server; did you mean `default`?")]
    [InlineData("instances: {web: {image: busybox, replicas: 2, devices: {eth0: {type: nic, network: lan9}}}}", "devices.eth0.network", "there is no network \"lan9\"")]
    [InlineData("profiles: {p: {devices: {eth0: {type: nic, network: lan9}}}}", "profiles.p.devices.eth0.network", "there is no network \"lan9\"")]
    [InlineData("profiles: {p: {devices: {data: {type: disk, pool: default, source: novol, path: /data}}}}", "profiles.p.devices.data.source", "there is no volume \"novol\" in \"default\" in the file or on the server; add it to the file, or create it first")]
    [InlineData("networks: {lan: {dns: {zones: [shop.example, shp.example]}}}", "networks.lan.dns.zones", "there is no network zone \"shp.example\" in the file or on the server; did you mean `shop.example`?")]
    [InlineData("networks: {lan: {dns: {reverse_ipv4: 20.10.in-addr.arpa}}}", "networks.lan.dns.reverse_ipv4", "there is no network zone \"20.10.in-addr.arpa\" in the file or on the server; add it to the file, or name one of: office.example, shop.example")]
    [InlineData("networks: {lan: {config: {dns.zone.reverse.ipv6: other.arpa}}}", "networks.lan.config.dns.zone.reverse.ipv6", "there is no network zone \"other.arpa\"")]
    [InlineData("networks: {ov: {type: ovn, peers: {far: {target_integration: est}}}}", "networks.ov.peers.far.target_integration", "there is no network integration \"est\" in the file or on the server; did you mean `east`?")]
    [InlineData("project: {name: shop, create: true, limits: {disk_pools: {nopool: 1GiB}}}", "project.limits.disk_pools.nopool", "there is no storage pool \"nopool\"")]
    [InlineData("projects: {lab: {limits: {disk_pools: {nopool: 1GiB}}}}", "projects.lab.limits.disk_pools.nopool", "there is no storage pool \"nopool\"")]
    public void A_name_that_is_nowhere_is_said_at_its_word_before_anything_happens(string words, string path, string problem)
    {
        var world = new PlanningWorld { Zones = ["office.example", "shop.example"] }.With(new NetworkAcl { Name = "web" }).With(new NetworkIntegration { Name = "east", Type = "ovn" });

        var error = Assert.Throws<StackFileException>(() => world.Plan(StackText.Require($"name: shop\n{words}")));

        var found = Assert.Single(error.Diagnostics);
        Assert.Equal("MissingName", found.Id);
        Assert.Contains($"{path}: {problem}", found.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(path, found.Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("networks: {lan: {acls: [a, web]}}\nnetwork_acls: {a: {ingress: [{action: allow, source: 'a,web,@internal,10.0.0.0/8,fd42::/64'}]}}")]
    [InlineData("instances: {web: {image: busybox, devices: {eth0: {type: nic, nictype: macvlan, parent: enp5s0}, data: {type: disk, source: /srv, path: /srv}, eth1: {type: none}}}}")]
    [InlineData("networks: {lan: {external: true, config: {}}, none: {type: ovn, uplink: none}}")]
    [InlineData("storage_pools: {fast: {driver: dir}}\nvolumes: {data: {pool: fast}}\nprofiles: {p: {disk: {pool: fast}, devices: {data: {type: disk, pool: fast, source: data/sub, path: /data}}}}")]
    [InlineData("networks: {lan: {dns: {zones: other.example}}}")]
    public void What_is_in_the_file_or_on_the_server_or_the_hosts_own_is_not_missing(string words)
    {
        var world = new PlanningWorld().With(new NetworkAcl { Name = "web" }).With(new Network { Name = "lan", Type = "bridge", Managed = true });

        var problems = Record.Exception(() => world.Plan(StackText.Load($"name: shop\n{words}").Definition!)) as StackFileException;

        Assert.DoesNotContain(problems?.Diagnostics ?? [], problem => problem.Id == "MissingName");
    }

    [Fact]
    public void A_zone_of_another_project_is_one_that_a_network_may_name()
    {
        var stack = StackText.Require("name: shop\nnetworks: {lan: {dns: {zones: [office.example, own.example]}}}\nnetwork_zones: {own.example: {}}");

        Assert.Equal(2, new PlanningWorld { Zones = ["office.example"] }.Plan(stack).Changes.Count);
        // Where the server does not tell of other projects, it may be there.
        Assert.Equal(2, new PlanningWorld().Plan(stack).Changes.Count);
    }

    [Fact]
    public void A_client_that_sees_a_part_only_is_told_nothing_of_what_may_be_hidden()
    {
        // Of the default project, whose networks this one has, a restricted client sees no ACLs; the server keeps its configuration from it.
        var about = new ServerInfo();
        var stack = StackText.Require("{name: shop, project: shop, networks: {lan: {acls: [webb]}}}");
        var context = new PlanningContext(stack, "shop", new ServerObservation([], []), new ClientConfiguration()) { About = about };

        Assert.False(new NetworkAclKind().IsSeenInFull(context));
        Assert.True(new NetworkAclKind().IsSeenInFull(context with { About = about with { Config = PlanningWorld.Map(("core.https_address", ":8443")) } }));
    }
}
