using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Plans of networks, and of what lies on them and stands beside them.</summary>
public class NetworkPlanTests
{
    private static readonly NetworkAcl s_acl = new()
    {
        Name = "web",
        Ingress =
        [
            new NetworkAclRule { Action = "allow", Protocol = "tcp", DestinationPort = "80,443", State = "enabled" },
            new NetworkAclRule { Action = "drop", Source = "10.1.0.0/16,10.0.0.0/16", State = "logged", Description = "no = good" },
        ],
    };

    [Fact]
    public void Rules_in_another_order_are_the_same_rules()
    {
        var stack = StackText.Require("""
            name: shop
            network_acls:
              web:
                ingress:
                  - {action: drop, source: [10.0.0.0/16, 10.1.0.0/16], state: logged, description: no = good}
                  - {action: allow, protocol: tcp, destination_port: [443, 80]}
            """);

        Assert.False(new PlanningWorld().With(Marked(s_acl, stack)).Plan(stack).HasChanges);
    }

    [Fact]
    public void A_raw_interface_on_a_bridge_of_the_stack_by_its_name_waits_for_the_bridge()
    {
        var stack = StackText.Require("""
            name: shop
            networks: {lan: {ipv4: 10.20.0.1/24}}
            profiles: {wired: {devices: {eth1: {type: nic, nictype: bridged, parent: lan}}}}
            instances: {web: {image: busybox, devices: {eth0: {type: nic, nictype: bridged, parent: lan}, eth1: {type: nic, nictype: macvlan, parent: enp5s0}}}}
            """);

        var plan = new PlanningWorld().Plan(stack);

        Assert.Contains(NetworkKind.IdOf("lan"), plan.Resources.Single(change => change.Id == InstanceKind.IdOf("web")).DependsOn);
        Assert.Contains(NetworkKind.IdOf("lan"), plan.Resources.Single(change => change.Id == ProfileKind.IdOf("wired")).DependsOn);
    }

    private static readonly Network s_live = new()
    {
        Name = "lan", Type = "bridge", Managed = true,
        Config = PlanningWorld.Map(("ipv4.address", "10.20.0.1/24"), ("ipv6.address", "none")),
    };

    [Theory]
    [InlineData("networks: {back: {ipv4: 10.20.0.1/24}}", "networks.back.ipv4: 10.20.0.1 is the address of the network \"lan\" already; choose another address")]
    [InlineData("instances: {web: {image: busybox, networks: {lan: {ipv4: 10.20.1.9}}}}", "instances.web.networks.lan.ipv4: 10.20.1.9 is not an address of the network `lan`, which is 10.20.0.0/24; choose one of that range")]
    [InlineData("instances: {web: {image: busybox, networks: {lan: {ipv4: 10.20.0.1}}}}", "instances.web.networks.lan.ipv4: 10.20.0.1 is the host's own address on the network `lan`; choose another")]
    [InlineData("instances: {web: {image: busybox, networks: {lan: {ipv6: \"fd42::9\"}}}}", "instances.web.networks.lan.ipv6: the network `lan` has no addresses of this kind: its ipv6.address is `none`; remove one of the two")]
    [InlineData("instances: {web: {image: busybox, networks: [lan, {network: lan}]}}", "instances.web.networks[0]: eth0 and eth1 are both on the network \"lan\", which would have the instance's name twice; remove one of the two")]
    [InlineData("instances: {web: {image: busybox, profiles: [wired], networks: [{network: lan, name: eth9}]}}",
        "instances.web.networks[0]: eth9 and eth0 of the profile \"wired\" are both on the network \"lan\", which would have the instance's name twice; call it eth0, or turn the profile's off under devices: {eth0: {type: none}}")]
    public void What_does_not_fit_a_network_that_is_live_is_said_before_anything_happens(string words, string problem)
    {
        var wired = new Profile { Name = "wired", Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["eth0"] = PlanningWorld.Map(("type", "nic"), ("network", "lan")) } };
        var world = new PlanningWorld().With(s_live).With(wired);

        var error = Assert.Throws<StackFileException>(() => world.Plan(StackText.Require($"name: shop\n{words}")));

        Assert.EndsWith(problem, Assert.Single(error.Diagnostics).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Interfaces_on_one_live_network_are_fine_where_it_keeps_no_names_or_the_profiles_is_turned_off()
    {
        var wired = new Profile { Name = "wired", Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["eth0"] = PlanningWorld.Map(("type", "nic"), ("network", "lan")) } };
        var world = new PlanningWorld().With(s_live).With(wired);

        Assert.True(world.Plan(StackText.Require("{name: shop, instances: {web: {image: busybox, profiles: [wired], networks: [lan]}}}")).HasChanges);
        Assert.True(world.Plan(StackText.Require("{name: shop, instances: {web: {image: busybox, profiles: [wired], networks: [{network: lan, name: eth9}], devices: {eth0: {type: none}}}}}")).HasChanges);
        Assert.True(world.With(s_live with { Config = PlanningWorld.Map(("dns.mode", "none")) }).Plan(StackText.Require("{name: shop, instances: {web: {image: busybox, networks: [lan, lan]}}}")).HasChanges);
    }

    [Fact]
    public void A_network_of_the_stack_that_is_called_something_else_is_told_to_keep_its_name()
    {
        var before = StackText.Require("{name: shop, networks: {old: {ipv4: 10.30.0.1/24}}}");
        var config = new Dictionary<string, string> { ["ipv4.address"] = "10.30.0.1/24" };
        new OwnershipMark("shop", "default", "networks.old", AppliedRecord.Of(new PropertyBag { { "config/ipv4.address", "10.30.0.1/24" }, { "type", "bridge" } })).Write(NetworkKind.IdOf("old"), config);
        var world = new PlanningWorld().With(new Network { Name = "old", Type = "bridge", Managed = true, Config = config });
        Assert.Empty(world.Plan(before).Changes);

        var error = Assert.Throws<StackFileException>(() => world.Plan(StackText.Require("{name: shop, networks: {new: {ipv4: 10.30.0.1/24}}}"), new PlanOptions { Prune = true }));

        Assert.Contains("keep its name, since Incus gives a network another name only while nothing uses it (incus network rename old new)", error.Message, StringComparison.Ordinal);
    }

    private const string SharedNames = """
        name: shop
        networks:
          back: {share_names: true, config: {raw.dnsmasq: "log-queries"}}
          front: {ipv4: 10.20.0.1/24, share_names: true, dns: {domain: shop.example}}
          apart: {ipv4: 10.21.0.1/24, share_names: true}
          plain: {ipv4: 10.22.0.1/24}
        instances:
          web: {image: busybox, networks: [front, back, plain]}
          db: {image: busybox, networks: [back]}
          other: {image: busybox, networks: [apart]}
        """;

    [Fact]
    public void Bridges_share_the_names_that_an_instance_on_both_asks_for_each_in_a_domain_of_its_own()
    {
        var plan = new PlanningWorld().Plan(StackText.Require(SharedNames));
        var back = plan.Resources.Single(change => change.Id == NetworkKind.IdOf("back")).Desired!;
        var front = plan.Resources.Single(change => change.Id == NetworkKind.IdOf("front")).Desired!;

        Assert.Equal("back.incus", back.Properties[PropertyPath.Config("dns.domain")]);
        Assert.Equal("back.incus,shop.example", back.Properties[PropertyPath.Config("dns.search")]);
        Assert.Equal("log-queries\nserver=/shop.example/10.20.0.1", back.Properties[PropertyPath.Config("raw.dnsmasq")]);
        Assert.Equal("shop.example,back.incus", front.Properties[PropertyPath.Config("dns.search")]);
        // The server is still to choose the other's address.
        Assert.Null(front.Properties[PropertyPath.Config("raw.dnsmasq")]);
        Assert.Contains(back.Id, front.DependsOn);
        Assert.All(["apart", "plain"], name => Assert.DoesNotContain(plan.Resources.Single(change => change.Id == NetworkKind.IdOf(name)).Desired!.Properties.Paths, path => path.Contains("dns", StringComparison.Ordinal)));
    }

    [Fact]
    public void Where_the_server_has_chosen_an_address_the_others_are_to_know_it()
    {
        var config = new Dictionary<string, string> { ["ipv4.address"] = "10.99.0.1/24" };
        new OwnershipMark("shop", "default", "networks.back", AppliedRecord.Empty).Write(NetworkKind.IdOf("back"), config);

        var plan = new PlanningWorld().With(new Network { Name = "back", Type = "bridge", Managed = true, Config = config }).Plan(StackText.Require(SharedNames));

        Assert.Equal("server=/back.incus/10.99.0.1", plan.Resources.Single(change => change.Id == NetworkKind.IdOf("front")).Desired!.Properties[PropertyPath.Config("raw.dnsmasq")]);
    }

    [Fact]
    public void Each_rule_is_compared_by_itself_and_those_of_others_are_left_alone()
    {
        var before = StackText.Require("name: shop\nnetwork_acls: {web: {ingress: [{action: allow, protocol: tcp, destination_port: '80,443'}, {action: drop, source: '10.0.0.0/16,10.1.0.0/16', state: logged, description: no = good}]}}");
        var after = StackText.Require("name: shop\nnetwork_acls: {web: {ingress: [{action: drop, source: '10.0.0.0/16,10.1.0.0/16', state: logged, description: good}], egress: [{action: allow}]}}");
        var live = Marked(s_acl, before);
        live = live with { Egress = [new NetworkAclRule { Action = "reject", Protocol = "udp", State = "enabled" }] };

        Assert.Equal(
            """
              ~ network-acl/web: change
                  + egress[any]: action=allow
                    egress[protocol=udp]: action=reject (unmanaged, left alone)
                  - ingress[protocol=tcp destination_port=80,443]: action=allow
                  ~ ingress[source=10.0.0.0/16,10.1.0.0/16]: action=drop state=logged description=no = good -> action=drop state=logged description=good
            shop: 1 to change, 0 unchanged

            """,
            PlanningWorld.Text(new PlanningWorld().With(live).Plan(after)));
    }

    [Fact]
    public void A_rule_that_matches_the_same_as_another_is_told_apart_from_it()
    {
        var stack = StackText.Require("name: shop\nnetwork_acls: {web: {ingress: [{action: drop, protocol: tcp}, {action: allow, protocol: tcp}, {action: allow, protocol: tcp, state: logged}]}}");

        Assert.Equal(
            ["ingress[protocol=tcp #2]=action=allow state=logged", "ingress[protocol=tcp #3]=action=drop", "ingress[protocol=tcp]=action=allow"],
            Assert.Single(new PlanningWorld().Plan(stack).Resources).Properties.Select(property => $"{property.Path}={property.New}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_used_is_made_before_what_uses_it_and_deleted_after_it()
    {
        var stack = StackText.Require("""
            name: shop
            instances: {web: {image: busybox, networks: {inner: {acls: [app]}}}}
            network_acls:
              app: {ingress: [{action: allow, source: web}]}
              web: {ingress: [{action: allow, source: $$office}]}
            network_address_sets: {office: [192.0.2.0/28]}
            network_zones: {example.net: {records: {www: [A 192.0.2.10]}}}
            network_integrations: {region2: {}}
            networks:
              inner:
                type: ovn
                uplink: up
                ipv4: 10.21.0.1/24
                dns: {zones: example.net}
                forwards: {192.0.2.10: 10.21.0.10}
                load_balancers: {192.0.2.20: {}}
                peers: {far: {target_integration: region2}, near: other}
              other: {type: ovn, uplink: up, ipv4: 10.22.0.1/24}
              up: {type: physical, parent: enp5s0}
            """);

        var made = new PlanningWorld().Plan(stack).Resources;

        AssertOrder(made, "network-address-set/office", "network-acl/web", "network-acl/app", "instance/web");
        AssertOrder(made, "network-zone/example.net", "network-zone-record/example.net/www");
        AssertOrder(made, "network/up", "network/inner", "network-forward/inner/192.0.2.10");
        AssertOrder(made, "network-zone/example.net", "network/inner", "network-load-balancer/inner/192.0.2.20");
        AssertOrder(made, "network-integration/region2", "network-peer/inner/far");
        AssertOrder(made, "network/other", "network-peer/inner/near");
    }

    [Fact]
    public void A_forward_goes_before_its_network_and_an_acl_after_it()
    {
        var stack = StackText.Require("name: shop\nnetworks: {front: {ipv4: 10.20.0.1/24, acls: [web], forwards: {192.0.2.10: 10.20.0.10}}}\nnetwork_acls: {web: {}}");
        var world = new PlanningWorld();
        foreach (var change in world.Plan(stack).Resources)
        {
            var fields = ResourceFields.From(change.Desired!.Properties);
            new OwnershipMark("shop", "default", change.Desired.DefinitionPath, AppliedRecord.Of(change.Desired.Properties)).Write(change.Id, fields.Config);
            world = change.Kind switch
            {
                NetworkAclKind.KindName => world.With(new NetworkAcl { Name = change.Name, Config = fields.Config }),
                NetworkKind.KindName => world.With(new Network { Name = change.Name, Type = "bridge", Managed = true, Config = fields.Config }),
                _ => world.With(new NetworkForward { ListenAddress = change.Name, Config = fields.Config }, "front"),
            };
        }

        Assert.False(world.Plan(stack).HasChanges);
        AssertOrder(world.PlanRemoval("shop").Resources, "network-forward/front/192.0.2.10", "network/front", "network-acl/web");
    }

    [Fact]
    public void Somebody_elses_forward_keeps_the_network_that_it_lies_on()
    {
        var stack = StackText.Require("name: shop\nnetworks: {front: {ipv4: 10.20.0.1/24}}");
        var world = new PlanningWorld().With(Applied(stack, "front")).With(new NetworkForward { ListenAddress = "192.0.2.10" }, "front");

        Assert.Equal("kept, since network-forward/front/192.0.2.10 uses it", Assert.Single(world.PlanRemoval("shop").Resources).Reason);
    }

    [Fact]
    public void What_lies_on_a_network_is_made_anew_with_it_and_what_is_somebody_elses_stands_in_the_way()
    {
        var before = StackText.Require("name: shop\nnetworks: {front: {ipv4: 10.20.0.1/24, forwards: {192.0.2.10: 10.20.0.10}}}");
        var after = StackText.Require("name: shop\nnetworks: {front: {type: ovn, ipv4: 10.20.0.1/24, forwards: {192.0.2.10: 10.20.0.10}}}");
        var desired = new PlanningWorld().Plan(before).Resources.Single(change => change.Kind == NetworkForwardKind.KindName).Desired!;
        var config = ResourceFields.From(desired.Properties).Config;
        new OwnershipMark("shop", "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(desired.Id, config);
        var world = new PlanningWorld().With(Applied(before, "front")).With(new NetworkForward { ListenAddress = "192.0.2.10", Config = config }, "front");

        var text = PlanningWorld.Text(world.Plan(after, new PlanOptions { AllowReplace = true }));

        Assert.Contains("@ network/front: replace", text, StringComparison.Ordinal);
        Assert.Contains("+ network-forward/front/192.0.2.10: create, goes with network/front", text, StringComparison.Ordinal);
        Assert.DoesNotContain("refused", text, StringComparison.Ordinal);

        world.With(new NetworkForward { ListenAddress = "192.0.2.99" }, "front");
        Assert.Contains(
            "refused: network-forward/front/192.0.2.99 would go with it, which the file does not name; delete it first",
            PlanningWorld.Text(world.Plan(after, new PlanOptions { AllowReplace = true })), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_server_is_too_old_for_is_said_before_anything_is_done()
    {
        var stack = StackText.Require("""
            name: shop
            instances: {web: {image: busybox, networks: {front: {acls: [web]}}}}
            network_acls: {web: {ingress: [{action: allow-stateless}]}}
            network_address_sets: {office: [192.0.2.0/28]}
            network_integrations: {region2: {}}
            networks:
              front: {ipv4: 10.20.0.1/24, forwards: {192.0.2.10: {ports: [{listen_port: 80, target_address: 10.20.0.10, snat: true}]}}}
              inner: {type: ovn, load_balancers: {192.0.2.20: {healthcheck: true}}, peers: {far: {target_integration: region2}}}
            """);
        var world = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["network_load_balancer"], Environment = new ServerEnvironment { ServerVersion = "6.0.4" } } };

        var problems = Assert.Throws<StackFileException>(() => world.Plan(stack)).Diagnostics;

        Assert.Equal(
            [
                "network_acl_stateless", "network_address_set", "network_bridge_acl_devices", "network_forward_snat", "network_integrations", "network_integrations",
                "network_load_balancer_health_check",
            ],
            problems.Select(problem => problem.Message.Split('"')[1]).Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.Contains("which Incus 6.0.4 does not have", problem.Message, StringComparison.Ordinal));
        Assert.All(problems, problem => Assert.True(problem.Location.Line > 1));
    }

    [Fact]
    public void A_network_of_the_server_that_cannot_have_forwards_is_refused_at_their_place()
    {
        var stack = StackText.Require("name: shop\nnetworks: {lan: {external: true, forwards: {192.0.2.10: 10.20.0.10}}}");
        var world = new PlanningWorld().With(new Network { Name = "lan", Type = "macvlan", Managed = true });

        Assert.Contains("a macvlan network has no forwards", Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(stack)).Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_of_zones_and_integrations_are_not_shown()
    {
        var text = PlanningWorld.Text(new PlanningWorld().Plan(StackText.Require("name: shop\nnetwork_zones: {example.net: {config: {peers.ns1.key: hunter2}}}\nnetwork_integrations: {region2: {config: {ovn.client_key: hunter2}}}\nnetworks: {front: {config: {bgp.peers.a.password: hunter2}}}")));

        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.Contains("config.peers.ns1.key", text, StringComparison.Ordinal);
    }

    private static NetworkAcl Marked(NetworkAcl acl, StackDefinition stack)
    {
        var desired = new PlanningWorld().Plan(stack).Resources.Single(change => change.Name == acl.Name).Desired!;
        var config = new Dictionary<string, string>();
        new OwnershipMark(stack.Name, "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(desired.Id, config);
        return acl with { Config = config };
    }

    private static Network Applied(StackDefinition stack, string name)
    {
        var desired = new PlanningWorld().Plan(stack).Resources.Single(change => change.Id == NetworkKind.IdOf(name)).Desired!;
        var config = ResourceFields.From(desired.Properties).Config;
        new OwnershipMark(stack.Name, "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(desired.Id, config);
        return new Network { Name = name, Type = stack.Networks[name].Type, Managed = true, Status = "Created", Config = config };
    }

    private static void AssertOrder(IReadOnlyList<ResourceChange> changes, params string[] ids)
    {
        var places = ids.Select(id => changes.Select(change => change.Id.ToString()).ToList().IndexOf(id)).ToList();
        Assert.All(places, place => Assert.True(place >= 0));
        Assert.Equal(places.Order(), places);
    }
}
