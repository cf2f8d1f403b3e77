using IncusCompose.Definition;
using IncusCompose.Loading;
using IncusCompose.Yaml;
using IncusCompose.Loading.Dialects;
using IncusCompose.Tests.Loading.Composition;
using IncusCompose.Tests.Loading.Dialects;

namespace IncusCompose.Tests.Loading;

/// <summary>A docker compose file is a stack file in other words.</summary>
public class ComposeDialectTests
{
    [Fact]
    public void Services_are_instances_of_images_from_their_registries()
    {
        var stack = Load("""
            version: "3.8"
            name: shop
            services:
              web:
                image: nginx:1.27
                ports: ["8080:80"]
                environment: {MODE: fast}
                depends_on: {db: {condition: service_healthy}}
              db:
                image: ghcr.io/shop/db@sha256:0123
                healthcheck: {test: [CMD, pg_isready]}
                volumes: ["data:/var/lib/db"]
            volumes:
              data:
            """);

        Assert.Equal(["db", "web"], stack.Instances.Keys.Order());
        Assert.Equal("docker.io:library/nginx:1.27", stack.Instances["web"].Image);
        Assert.Equal("ghcr.io:shop/db@sha256:0123", stack.Instances["db"].Image);
        Assert.Equal(new PortMapping { HostPort = 8080, InstancePort = 80 }, Assert.Single(stack.Instances["web"].Ports));
        Assert.Equal(DependencyCondition.Healthy, Assert.Single(stack.Instances["web"].DependsOn).Condition);
        Assert.Equal("data", Assert.Single(stack.Instances["db"].Volumes).Source);
        Assert.Equal("data", Assert.Single(stack.Volumes).Key);
    }

    [Theory]
    [InlineData("nginx", "docker.io:library/nginx")]
    [InlineData("nginx:1.27-alpine", "docker.io:library/nginx:1.27-alpine")]
    [InlineData("grafana/grafana:11", "docker.io:grafana/grafana:11")]
    [InlineData("docker.io/redis", "docker.io:library/redis")]
    [InlineData("index.docker.io/library/redis", "docker.io:library/redis")]
    [InlineData("quay.io/keycloak/keycloak:26", "quay.io:keycloak/keycloak:26")]
    [InlineData("localhost/app", "localhost:app")]
    [InlineData("127.0.0.1:5000/shop/web:1", "127.0.0.1:5000:shop/web:1")]
    [InlineData("mydocker.io/app", "mydocker.io:app")]
    [InlineData("images:debian/12", "images:debian/12")]
    [InlineData("docker:ghost:5-alpine", "docker:ghost:5-alpine")]
    [InlineData("nginx:1.27@sha256:0123", "docker.io:library/nginx:1.27@sha256:0123")]
    public void An_image_is_where_docker_would_look_for_it(string image, string reference) => Assert.Equal(reference, OciReference.Translate(image));

    [Fact]
    public void A_registry_with_a_port_is_told_from_a_remote()
    {
        Assert.Equal(("127.0.0.1:5000", "shop/web:1"), OciReference.Split("127.0.0.1:5000:shop/web:1"));
        Assert.Null(OciReference.Split("images:debian/12"));
        Assert.Null(OciReference.Split("docker.io:library/nginx:1.27"));
    }

    [Fact]
    public void Networks_have_their_subnets_and_names_and_the_implied_one_is_that_of_the_profile()
    {
        var stack = Load("""
            name: shop
            services:
              web: {image: nginx, networks: {front: {ipv4_address: 10.60.0.10}}}
              db: {image: redis, networks: [default]}
            networks:
              front: {name: shopfront, driver: bridge, ipam: {config: [{subnet: 10.60.0.0/24}]}}
              back: {ipam: {driver: default, config: [{subnet: 10.61.0.0/24, gateway: 10.61.0.254}]}, enable_ipv6: false}
              other: {external: true}
            """);

        Assert.Equal(new NetworkAttachment { Network = "shopfront", Ipv4 = "10.60.0.10" }, Assert.Single(stack.Instances["web"].Networks));
        Assert.Empty(stack.Instances["db"].Networks);
        Assert.Equal("10.60.0.1/24", stack.Networks["shopfront"].Config["ipv4.address"]);
        Assert.Equal(("10.61.0.254/24", "none"), (stack.Networks["shop-back"].Config["ipv4.address"], stack.Networks["shop-back"].Config["ipv6.address"]));
        Assert.True(stack.Networks["other"].External);
    }

    [Fact]
    public void A_network_without_a_name_is_called_after_the_stack_too_and_short_enough_for_a_bridge()
    {
        Assert.Equal(["shop-back"], Load("name: shop\nservices: {web: {image: nginx, networks: [back]}}\nnetworks: {back: {}}\n").Networks.Keys);
        Assert.Equal("shop-back", Assert.Single(Load("name: shop\nservices: {web: {image: nginx, networks: [back]}}\nnetworks: {back: }\n").Instances["web"].Networks).Network);

        var names = new[] { "paperless-ngx", "paperless-two" }.Select(stack => Load($"name: {stack}\nservices: {{web: {{image: nginx}}}}\nnetworks: {{backend-network: {{}}}}\n").Networks.Keys.Single()).ToList();
        Assert.All(names, name => Assert.Matches("^backend-ne-[0-9a-f]{4}$", name));
        Assert.NotEqual(names[0], names[1]);
    }

    [Fact]
    public void What_is_on_a_network_with_a_subnet_reaches_the_outside_unless_the_network_is_internal()
    {
        var stack = Load("""
            name: shop
            services: {web: {image: nginx}}
            networks:
              lan: {ipam: {config: [{subnet: 10.60.0.0/24}]}}
              both: {ipam: {config: [{subnet: 10.61.0.0/24}, {subnet: "fd00:61::/64"}]}}
              chosen: {}
            """);

        Assert.Equal("ipv4.address ipv4.nat", string.Join(' ', stack.Networks["shop-lan"].Config.Keys.Order(StringComparer.Ordinal)));
        Assert.Equal("ipv4.address ipv4.nat ipv6.address ipv6.dhcp.stateful ipv6.nat", string.Join(' ', stack.Networks["shop-both"].Config.Keys.Order(StringComparer.Ordinal)));
        Assert.All(["ipv4.nat", "ipv6.nat"], key => Assert.Equal("true", stack.Networks["shop-both"].Config[key]));
        Assert.Empty(stack.Networks["shop-chosen"].Config);
        var hidden = StackText.Load("name: shop\nservices: {web: {image: nginx}}\nnetworks: {back: {internal: true, ipam: {config: [{subnet: 10.60.0.0/24}]}}}\n").Definition!;
        Assert.Equal("false", hidden.Networks["shop-back"].Config["ipv4.nat"]);
    }

    [Fact]
    public void A_service_on_several_networks_finds_its_neighbours_on_all_of_them()
    {
        var stack = Load("""
            name: shop
            services:
              web: {image: nginx, networks: [front, back]}
              db: {image: redis, networks: {back: {aliases: [cache]}, far: {}}}
              app: {image: app, networks: [apart]}
            networks: {front: {}, back: , apart: {}, far: {driver: macvlan, driver_opts: {parent: eth7}}}
            """);

        Assert.Equal(["shop-back", "shop-front"], stack.Networks.Values.Where(network => network.ShareNames).Select(network => network.Name).Order(StringComparer.Ordinal));
        Assert.Equal("cname=cache,cache.shop-back.incus,db", stack.Networks["shop-back"].Config["raw.dnsmasq"]);
    }

    [Fact]
    public void Volumes_are_called_what_they_say()
    {
        var stack = Load("""
            services:
              db: {image: redis, volumes: ["data:/data", {type: volume, source: logs, target: /logs}]}
            volumes:
              data: {name: shopdata, driver: local}
              logs: {external: {name: oldlogs}}
            """);

        Assert.Equal(["shopdata", "oldlogs"], stack.Instances["db"].Volumes.Select(mount => mount.Source));
        Assert.False(stack.Volumes["shopdata"].External);
        Assert.True(stack.Volumes["oldlogs"].External);
    }

    [Fact]
    public void Profiles_of_a_service_are_what_activates_it()
    {
        var stack = Load("""
            services:
              web: {image: nginx}
              debug: {image: busybox, profiles: [tools]}
            """);

        Assert.Equal("web", Assert.Single(stack.Instances).Key);
    }

    [Fact]
    public void What_has_no_counterpart_is_said_where_it_stands()
    {
        var problems = StackText.Problems("""
            services:
              web_app:
                image: nginx
                networks: {front: {aliases: [www]}}
            networks:
              front: {driver: overlay, internal: true, labels: {a: b}, driver_opts: {com.docker.network.bridge.name: br0}}
            volumes:
              data: {driver: rexray, driver_opts: {size: 1}, labels: [a]}
            """);

        Assert.Equal(
            [
                "stack.yaml:3:5: services.web_app: warning: no instance can be called `web_app`: it is called `web-app`, and the others reach it by that name; give it the name `web-app`, or a `container_name`",
                "stack.yaml:6:11: networks.front.driver: a network over several hosts is one of type `ovn`; write a stack file with `type: ovn`, or leave `driver` out",
                "stack.yaml:6:28: networks.front.internal: warning: `internal` becomes a network without address translation, which the outside does not answer; add `acls` in a stack file where nothing may leave it",
                "stack.yaml:6:44: networks.front.labels: warning: `labels` is passed over: a network has no labels; write `config: {user.NAME: …}` in a stack file",
                "stack.yaml:6:74: networks.front.driver_opts.com.docker.network.bridge.name: warning: `com.docker.network.bridge.name` is passed over: it is an option of docker's own driver; write Incus's under `config` of a stack file",
                "stack.yaml:8:10: volumes.data.driver: the volume driver `rexray` is docker's own; leave it out for a volume on Incus's default pool, or name a `pool` in a stack file",
                "stack.yaml:8:26: volumes.data.driver_opts: the options of a volume's driver are docker's own; mount a folder of the host under the service's `volumes` instead",
                "stack.yaml:8:50: volumes.data.labels: warning: `labels` is passed over: a volume has no labels; write `config: {user.NAME: …}` in a stack file",
            ],
            problems);
    }

    [Fact]
    public void A_name_that_no_instance_can_have_is_exchanged_wherever_it_stands()
    {
        var result = StackText.Load("""
            services:
              app_base: {image: nginx, environment: {A: b}}
              my_web: {extends: app_base, depends_on: {my_db: {condition: service_started}}, deploy: {replicas: 2}}
              my_job: {extends: {service: app_base}, depends_on: [my_db], container_name: the_job}
              my_db: {image: redis}
            """);

        Assert.Equal(["app-base", "my-db", "my-web", "the-job"], result.Definition!.Instances.Keys.Order());
        Assert.All(result.Diagnostics, diagnostic => Assert.Equal("ServiceName", diagnostic.Id));
        Assert.Equal("my-db", Assert.Single(result.Definition.Instances["my-web"].DependsOn).Instance);
        Assert.Equal("b", result.Definition.Instances["the-job"].Environment["A"]);
    }

    [Fact]
    public void A_default_network_that_is_declared_is_that_of_every_service_that_names_none()
    {
        var stack = Load("""
            services:
              web: {image: nginx}
              db: {image: redis, networks: [default]}
              alone: {image: redis, network_mode: none}
            networks: {default: {name: proxy, external: true}}
            """);

        Assert.Equal("proxy", Assert.Single(stack.Instances["web"].Networks).Network);
        Assert.Equal("proxy", Assert.Single(stack.Instances["db"].Networks).Network);
        Assert.Empty(stack.Instances["alone"].Networks);
    }

    [Theory]
    [InlineData("networks: [default, proxy]")]
    [InlineData("networks: {proxy: {}, default: {}}")]
    public void The_implied_network_is_a_real_one_where_a_service_is_on_another_one_too(string networks)
    {
        var stack = Load($$"""
            name: shop
            services:
              app: {image: nginx, {{networks}} }
              db: {image: redis}
              cache: {image: redis, networks: [default]}
              alone: {image: redis, network_mode: none}
            networks: {proxy: {external: true}, back: {} }
            """);

        Assert.Equal(["proxy", "shop-back", "shop-default"], stack.Networks.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["proxy", "shop-default"], stack.Instances["app"].Networks.Select(nic => nic.Network).Order(StringComparer.Ordinal));
        Assert.All(["db", "cache"], name => Assert.Equal("shop-default", Assert.Single(stack.Instances[name].Networks).Network));
        Assert.Empty(stack.Instances["alone"].Networks);
        Assert.False(stack.Networks["shop-default"].ShareNames);
        var both = Load("name: shop\nservices: {app: {image: nginx, networks: [default, back]}, db: {image: redis}}\nnetworks: {back: {}}\n");
        Assert.All(both.Networks.Values, network => Assert.True(network.ShareNames));
    }

    [Fact]
    public void A_name_that_differs_in_case_alone_is_the_same_name()
    {
        var stack = Load("""
            services:
              Nextcloud: {image: nextcloud, container_name: nextcloud, networks: {back: {aliases: [NextCloud, DB]}}, links: ["store:STORE"]}
              store: {image: redis, networks: [back]}
              files: {image: redis, container_name: disk, networks: {back: {aliases: [DISK, Files, share]}}}
            networks: {back: {name: back}}
            """);

        Assert.Equal("cname=files,files.incus,disk\ncname=DB,DB.incus,nextcloud\ncname=share,share.incus,disk", stack.Networks["back"].Config["raw.dnsmasq"]);
        var taken = StackText.Load("services:\n  a: {image: redis, networks: {back: {aliases: [DB]}}}\n  b: {image: redis, networks: {back: {aliases: [db, A]}}}\nnetworks: {back: {name: back}}\n");
        Assert.Equal("cname=DB,DB.incus,a", taken.Definition!.Networks["back"].Config["raw.dnsmasq"]);
        Assert.Equal(2, taken.Diagnostics.Count(diagnostic => diagnostic.Message.Contains("another service has this name", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_stack_files_own_networks_and_instances_stay_what_they_are_beside_a_compose_file()
    {
        using var folder = new StackFolder();
        folder.Write("stack.yaml", """
            name: shop
            include: [app/compose.yaml]
            networks:
              front: {ipv4: 10.8.0.1/24}
              up: {type: ovn, uplink: front}
              inner: {}
            instances:
              proxy: {image: images:debian/12, networks: [front, inner, shop-back]}
              second: {extends: {file: base.yaml, service: base}}
            """);
        folder.Write("base.yaml", "services: {base: {image: nginx, networks: {front: {aliases: [site]}}}}\n");
        folder.Write("app/compose.yaml", """
            services:
              web: {image: nginx, networks: [back, apart]}
              db: {image: redis, container_name: store, networks: [back, front, inner]}
            networks: {back: , apart: {external: true}}
            """);

        var stack = folder.Load().Require();

        Assert.Equal(["apart", "front", "inner", "shop-back", "up"], stack.Networks.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("10.8.0.1/24", false), (stack.Networks["front"].Config["ipv4.address"], stack.Networks["front"].ShareNames));
        Assert.DoesNotContain("ipv4.nat", stack.Networks["front"].Config.Keys);
        Assert.Equal("front", stack.Networks["up"].Config["network"]);
        Assert.Equal(["front", "inner", "shop-back"], stack.Instances["proxy"].Networks.Select(nic => nic.Network));
        Assert.Equal(["shop-back", "front", "inner"], stack.Instances["store"].Networks.Select(nic => nic.Network));
        // It is called by its own name, and not by that of the service that it takes.
        Assert.Equal("cname=db,db.incus,store\ncname=site,site.incus,second", stack.Networks["front"].Config["raw.dnsmasq"]);
    }

    [Fact]
    public void What_two_compose_files_declare_alike_is_one_network()
    {
        using var folder = new StackFolder();
        folder.Write("compose.yaml", "name: shop\ninclude: [db/compose.yaml]\nservices: {web: {image: nginx, networks: [back]}}\nnetworks: {back: }\n");
        folder.Write("db/compose.yaml", "services: {db: {image: redis, networks: [back]}}\nnetworks: {back: }\n");

        Assert.Equal("shop-back", Assert.Single(folder.Require(null, "compose.yaml").Networks).Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void A_service_whose_networks_are_none_is_on_the_default_network_that_is_declared(string networks)
    {
        var stack = Load($"name: shop\nservices:\n  web: {{image: nginx, container_name: site, networks: {networks} }}\n  alone: {{image: redis, network_mode: none, networks: {networks} }}\nnetworks: {{default: {{ipam: {{config: [{{subnet: 10.60.0.0/24}}]}}}}}}\n");

        Assert.Equal("shop-default", Assert.Single(stack.Instances["site"].Networks).Network);
        Assert.Empty(stack.Instances["alone"].Networks);
        Assert.Equal("cname=web,web.incus,site", stack.Networks["shop-default"].Config["raw.dnsmasq"]);
    }

    [Fact]
    public void A_file_above_turns_addresses_of_a_network_on_and_off_again()
    {
        using var folder = new StackFolder();
        folder.Write("compose.yaml", """
            name: shop
            services: {web: {image: nginx}}
            networks:
              on: {enable_ipv4: false, enable_ipv6: false, ipam: {config: [{subnet: "fd42:1::/64"}]}}
              off: {enable_ipv6: true, ipam: {config: [{subnet: "fd42:2::/64"}]}}
              back: {enable_ipv6: false, ipam: {config: [{subnet: "fd42:3::/64"}]}}
              stays: {enable_ipv6: false, ipam: {config: [{subnet: "fd42:4::/64"}, {subnet: 10.60.0.0/24}]}}
            """);
        folder.Write("above.yaml", "networks: {on: {enable_ipv4: true, enable_ipv6: true}, off: {enable_ipv6: false}, back: {enable_ipv6: !reset null}}\n");

        var networks = folder.Require(null, "compose.yaml", "above.yaml").Networks;

        Assert.Equal("fd42:1::1/64", networks["shop-on"].Config["ipv6.address"]);
        Assert.DoesNotContain("ipv4.address", networks["shop-on"].Config.Keys);
        Assert.Equal("ipv6.address=none", string.Join(' ', networks["shop-off"].Config.Select(pair => $"{pair.Key}={pair.Value}")));
        Assert.Equal("fd42:3::1/64", networks["shop-back"].Config["ipv6.address"]);
        Assert.Equal("ipv4.address=10.60.0.1/24 ipv4.nat=true ipv6.address=none", string.Join(' ', networks["shop-stays"].Config.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("web: {links: [\"db:Cache\"]}", "`db:Cache` cannot give `db` another name, `Cache`: another service has this name, and a name leads to one; write `db`, or another name")]
    [InlineData("web: {links: [\"db:memory\"]}", "`db:memory` cannot give `db` another name, `memory`: another service has this name")]
    [InlineData("web: {links: [\"db:store\"]}, job: {links: [\"cache:store\"]}", "services.job.links: `cache:store` cannot give `cache` another name, `store`: another service has this name")]
    [InlineData("web: {links: [\"db:my store\"]}", "`db:my store` cannot give `db` another name, `my store`: it is no host name")]
    public void A_link_by_a_name_that_leads_elsewhere_is_refused(string clients, string problem)
    {
        var services = clients.Replace("{links", "{image: nginx, networks: [back, front], links", StringComparison.Ordinal);
        var problems = StackText.Problems($"services: {{{services}, db: {{image: redis, networks: [back, front]}}, cache: {{image: redis, networks: [back]}}, memory: {{image: redis, container_name: disk, networks: [back]}}}}\nnetworks: {{back: {{}}, front: {{}}}}\n");

        Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_with_an_ipv6_subnet_hands_its_addresses_out()
    {
        var stack = Load("""
            services: {web: {image: nginx, networks: {lan: {ipv6_address: "fd42:1::2"}}}}
            networks: {lan: {enable_ipv6: true, ipam: {config: [{subnet: "fd42:1::/64"}]}}}
            """);

        var config = Assert.Single(stack.Networks).Value.Config;
        Assert.Equal(("fd42:1::1/64", "true"), (config["ipv6.address"], config["ipv6.dhcp.stateful"]));
    }

    [Theory]
    [InlineData("networks: {lan: {name: shared}, b: {name: shared}}", "networks.b: another one of networks is called `shared`, too")]
    [InlineData("volumes: {a: {name: data}, b: {name: data}}", "volumes.b: another one of volumes is called `data`, too")]
    [InlineData("networks: {lan: {ipam: {config: [{subnet: 255.255.255.255/32}]}}}", "networks.lan.subnet: `255.255.255.255/32` has no room for the host and an instance")]
    [InlineData("networks: {lan: {ipam: {config: [{subnet: 10.1.0.0/24}, {subnet: 10.2.0.0/24}]}}}", "networks.lan.subnet: warning: `subnet` is passed over: a bridge has one IPv4 subnet, and there is one before it")]
    [InlineData("networks: {lan: {ipam: {config: [{gateway: 10.1.0.1}]}}}", "networks.lan.gateway: warning: `gateway` is passed over: without a subnet it says nothing")]
    [InlineData("networks: {lan: {driver: macvlan, driver_opts: {parent: eth0}, ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]}}}", "networks.lan.ipam: warning: `ipam` is passed over: addresses and ways out of a macvlan network are those of the network that the host stands in")]
    public void What_a_bridge_cannot_be_is_said(string lines, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.Problems("services: {web: {image: nginx}}\n" + lines + "\n")), StringComparison.Ordinal);

    [Fact]
    public void A_secret_of_the_environment_is_in_no_converted_file_wherever_it_stands()
    {
        var compose = StackText.Load("""
            services:
              db: {image: redis, healthcheck: {test: [CMD, redis-cli, -a, "${REDIS_PASSWORD}", ping]}, environment: {DSN: "app:${REDIS_PASSWORD}@tcp(db)/app"}}
            """, new Dictionary<string, string> { ["REDIS_PASSWORD"] = "hunter2-and-more" });

        var text = new ComposeEngine(new YamlDocumentFormat()).Convert(compose).Text;

        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_converted_file_says_the_same_and_what_could_not_be_kept_and_holds_no_secret()
    {
        var compose = StackText.Load("""
            services:
              web: {image: "nginx:1.27", ports: ["8080:80"], depends_on: {db: {condition: service_healthy}}, logging: {driver: none}}
              db: {image: "ghcr.io/me/db", environment: {DB_PASSWORD: hunter2, WORD: "a$$b"}, healthcheck: {test: [CMD, "true"]}, volumes: ["data:/data"]}
              tools: {image: busybox, profiles: [debug]}
            volumes: {data: {}}
            """);
        var engine = new ComposeEngine(new YamlDocumentFormat());

        var converted = engine.Convert(compose);

        Assert.DoesNotContain("hunter2", converted.Text, StringComparison.Ordinal);
        Assert.StartsWith("# stack.yaml:2:", converted.Text, StringComparison.Ordinal);
        Assert.Equal("DB_DB_PASSWORD", Assert.Single(converted.Variables).Name);
        var stack = StackText.Load(converted.Text, new Dictionary<string, string> { ["DB_DB_PASSWORD"] = "hunter2" });
        Assert.Empty(stack.Diagnostics);
        Assert.Equal(Resolved(compose.Definition!), Resolved(stack.Definition!));
        Assert.Equal("hunter2", stack.Definition!.Instances["db"].Environment["DB_PASSWORD"]);
    }

    [Fact]
    public void A_file_with_services_and_instances_is_neither()
    {
        Assert.Contains("a docker compose file has `services` alone", Assert.Single(StackText.Problems("services: {web: {image: nginx}}\ninstances: {db: {}}\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_one_file_calls_a_network_or_a_volume_every_other_file_does_too()
    {
        using var folder = new StackFolder();
        folder.Write("compose.yaml", """
            include: [cache/compose.yaml]
            services:
              web: {image: nginx, networks: [front], volumes: ["data:/srv"]}
              cli: {image: nginx, networks: [inner]}
              db: {image: redis}
            """);
        folder.Write("names.yaml", """
            networks: {front: {name: shopfront}, default: {name: shopnet}}
            volumes: {data: {name: shopdata}}
            """);
        folder.Write("cache/compose.yaml", "services: {cache: {image: redis, networks: [inner]}}\ninclude: [nets.yaml]\n");
        folder.Write("cache/nets.yaml", "networks: {inner: {name: cachenet, driver: bridge}}\n");

        var stack = folder.Require(null, "compose.yaml", "names.yaml");

        Assert.Equal(["cachenet", "shopfront", "shopnet"], stack.Networks.Keys.Order());
        Assert.Equal("shopdata", Assert.Single(stack.Volumes).Key);
        Assert.Equal("shopfront", Assert.Single(stack.Instances["web"].Networks).Network);
        Assert.Equal("shopdata", Assert.Single(stack.Instances["web"].Volumes).Source);
        Assert.Equal("shopnet", Assert.Single(stack.Instances["db"].Networks).Network);
        Assert.All(new[] { "cache", "cli" }, name => Assert.Equal("cachenet", Assert.Single(stack.Instances[name].Networks).Network));
    }

    [Theory]
    [InlineData("compose.yaml", "compose.override.yml")]
    [InlineData("docker-compose.yml", "docker-compose.override.yml")]
    public void The_file_of_overrides_beside_a_compose_file_that_is_found_is_laid_over_it(string name, string overrides)
    {
        using var folder = new StackFolder();
        folder.Write(name, "name: shop\nservices: {web: {image: nginx, networks: [lan]}}\nnetworks: {lan: {ipam: {config: [{subnet: 10.8.0.0/24}]}}}\n");
        folder.Write(overrides, "networks: {lan: {driver: bridge, name: shoplan, ipam: {config: [{subnet: 10.9.0.0/24}]}}}\n");

        var found = StackText.Loader.Load([], new LoadOptions { WorkingDirectory = folder.Path, Variables = new Dictionary<string, string>() });
        Assert.Equal("10.9.0.1/24", found.Definition!.Networks["shoplan"].Config["ipv4.address"]);
        // Who names a file means that one.
        Assert.Equal("shop-lan", Assert.Single(folder.Load(null, name).Definition!.Networks).Key);
    }

    [Fact]
    public void What_a_file_above_takes_back_is_gone_in_the_words_of_a_stack_too()
    {
        using var folder = new StackFolder();
        folder.Write("compose.yaml", """
            name: shop
            services: {web: {image: nginx, networks: [net-a, net-b, net-c, net-d]}}
            networks:
              net-a: {driver: macvlan, driver_opts: {parent: eth7}}
              net-b: {internal: true, ipam: {config: [{subnet: 10.9.0.0/24}, {subnet: "fd00:9::/64"}]}}
              net-c: {external: true, name: other}
              net-d: {external: true}
            """);
        folder.Write("above.yaml", """
            networks:
              net-a: {driver: !reset null, driver_opts: !reset null}
              net-b: {internal: false, ipam: !override {config: [{subnet: 10.10.0.0/24}]}}
              net-c: {name: !reset null}
              net-d: {external: false}
            """);

        var result = folder.Load(null, "compose.yaml", "above.yaml");
        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity == IncusCompose.Diagnostics.DiagnosticSeverity.Error);
        var networks = result.Definition!.Networks;

        Assert.Equal(("bridge", 0), (networks["shop-net-a"].Type, networks["shop-net-a"].Config.Count));
        Assert.Equal("ipv4.address=10.10.0.1/24 ipv4.nat=true", string.Join(' ', networks["shop-net-b"].Config.Select(pair => $"{pair.Key}={pair.Value}")));
        Assert.True(networks["net-c"].External);
        Assert.False(networks["shop-net-d"].External);
    }

    [Fact]
    public void A_service_is_reached_by_its_key_and_its_aliases_whatever_its_instance_is_called()
    {
        var stack = Load("""
            services:
              db: {image: redis, container_name: shop-db, networks: {back: {aliases: [cache, data.base]}}}
              web: {image: nginx, networks: [back], links: ["db:store"], deploy: {replicas: 2}}
            networks: {back: {name: shopback}}
            """);

        Assert.Equal(
            "cname=db,db.incus,shop-db\ncname=web,web.incus,web-1\ncname=cache,cache.incus,shop-db\ncname=data.base,data.base.incus,shop-db\ncname=store,store.incus,shop-db",
            stack.Networks["shopback"].Config["raw.dnsmasq"]);
        Assert.Equal("shop-db", Assert.Single(stack.Instances["web"].DependsOn).Instance);
    }

    [Theory]
    [InlineData("web: {image: nginx, ports: [\"8080\", {target: 9000}, \"80:80\"]}", "services.web.ports: warning: `8080` is passed over: docker takes any port", "services.web.ports: warning: `9000` is passed over")]
    [InlineData("web: {image: nginx, deploy: {mode: global}}", "services.web.deploy.mode: warning: `global` becomes one instance")]
    [InlineData("web: {image: nginx, tmpfs: [\"/tmp:noexec,size=1m\"]}", "services.web.tmpfs: warning: `noexec` is passed over")]
    [InlineData("web: {image: nginx, volumes: [/var/lib/data]}", "services.web.volumes: warning: `/var/lib/data` is passed over: it is on the instance's own disk")]
    [InlineData("web: {image: nginx, scale: 2, volumes: [\"./app:/app\", /app/node_modules]}", "services.web.volumes: `/app/node_modules` would be a volume of its own for each of the instances; write a volume's name before it")]
    [InlineData("web: {image: nginx, environment: [A=1, B=2, A=3]}", "services.web.environment: warning: `A` is set again below")]
    [InlineData("web: {image: nginx, security_opt: [\"label=disable\"]}", "services.web.security_opt: warning: `label=disable` is passed over")]
    [InlineData("web: {build: {context: ., cache_from: [a], tags: [b]}}", "instances.web.build.cache_from: warning: `cache_from` is passed over", "instances.web.build.tags: warning: `tags` is passed over")]
    [InlineData("web: {build: {context: ., privileged: true}}", "instances.web.build.privileged: `privileged` has no counterpart")]
    [InlineData("web: {image: nginx, pull_policy: build}", "instances.web.pull_policy: it is to be built, and the file does not say of what")]
    [InlineData("web: {image: nginx, container_name: shop-web}\n  db: {image: redis, links: [web]}", "services.web.container_name: warning: others, such as `db`, reach it by this name alone, and not as `web`")]
    [InlineData("web: {image: nginx, links: [\"db:store\"]}\n  db: {image: redis, networks: [back]}\nnetworks: {back: }", "services.web.links: `db:store` gives `db` another name, `store`, which the network of Incus's default profile does not know")]
    [InlineData("web: {image: nginx, restart: always, deploy: {restart_policy: {condition: none}}}", "services.web.deploy.restart_policy: warning: `restart_policy` is passed over: the service says `restart`")]
    [InlineData("web: {image: nginx, pull_policy: every_12h}", "services.web.pull_policy: warning: `every_12h` becomes `always`: with each apply its registry is asked")]
    [InlineData("web: {image: nginx, ports: [\"127.0.0.1::80\"]}", "services.web.ports: warning: `80` is passed over: docker takes any port")]
    [InlineData("web: {image: nginx, pre_start: [{command: x}]}", "instances.web.pre_start: `pre_start` has no counterpart")]
    public void What_docker_does_otherwise_is_said(string services, params string[] problems)
    {
        var found = StackText.Problems($"services:\n  {services}\n");
        Assert.Equal(problems.Length, found.Length);
        Assert.All(problems.Zip(found), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void A_volume_without_a_name_is_the_stacks_where_something_is_mounted_around_it()
    {
        using var folder = new StackFolder(
            ("compose.yaml", """
                name: shop
                services:
                  web:
                    image: nginx
                    volumes: [/app/node_modules, /var/lib/data/, {type: volume, target: /app/out, volume: {nocopy: true}}]
                  api: {image: nginx, volumes: [{type: bind, source: ./api, target: /api, x-incus-shift: true}, /api/cache]}
                volumes: {web-app-out: }
                """),
            ("compose.override.yaml", "services: {web: {volumes: [\"./src:/app\", \"kept:/var/lib/data\"]}}\nvolumes: {kept: }\n"));
        var result = folder.Load(null, "compose.yaml", "compose.override.yaml");

        Assert.Empty(result.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        var stack = result.Definition!;
        Assert.Equal(
            [("web-app-node_modules", "/app/node_modules"), ("kept", "/var/lib/data"), ("web-app-out-2", "/app/out"), (folder.Path + "/src", "/app")],
            stack.Instances["web"].Volumes.Select(mount => (mount.Source, mount.Target)));
        Assert.Equal(["api-api-cache", "kept", "web-app-node_modules", "web-app-out", "web-app-out-2"], stack.Volumes.Keys.Order(StringComparer.Ordinal));
        // Incus mounts what is shifted after all that is not.
        Assert.Equal(("true", "true", null), (stack.Volumes["api-api-cache"].Config["security.shifted"], stack.Volumes["web-app-node_modules"].Config["security.shifted"], stack.Volumes["kept"].Config.GetValueOrDefault("security.shifted")));
    }

    [Fact]
    public void A_volume_that_is_a_folder_of_the_host_is_mounted_as_one()
    {
        using var folder = new StackFolder(
            ("compose.yaml", """
                services:
                  web: {image: nginx, volumes: ["pages:/srv:ro", {type: volume, source: pages, target: /more, read_only: true, volume: {nocopy: true}}, "near:/near", "plain:/plain"]}
                volumes:
                  pages: {driver: local, driver_opts: {type: none, o: bind, device: /mnt/pages}}
                  near: {driver_opts: {type: none, o: "bind,rw", device: data/near}}
                  plain: {driver: local, driver_opts: {}}
                """),
            ("above.yaml", "volumes: {pages: {driver_opts: {device: /mnt/other}}}\n"));
        var stack = folder.Require(null, "compose.yaml", "above.yaml");

        Assert.Equal(
            [("/mnt/other", "/srv", true, true), ("/mnt/other", "/more", true, true), (folder.Path + "/data/near", "/near", true, false), ("plain", "/plain", false, false)],
            stack.Instances["web"].Volumes.Select(mount => (mount.Source, mount.Target, mount.IsHostPath, mount.ReadOnly)));
        Assert.Equal(["plain"], stack.Volumes.Keys);
        Assert.Contains("volumes.a.driver_opts: Incus mounts nothing over the network: `nfs`", Assert.Single(StackText.Problems("services: {web: {image: nginx}}\nvolumes: {a: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: \":/x\"}}}\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_mounts_what_another_one_does()
    {
        var stack = Dialect.LoadWithNotes("""
            services:
              app_1: {image: nginx, volumes: ["data:/data", "./conf:/conf:ro", "mine:/logs"], volumes_from: [base]}
              base: {image: nginx, volumes: ["logs:/logs", {type: bind, source: ./sock, target: /sock}], volumes_from: ["app_1:ro"]}
              side: {image: nginx, volumes_from: ["app_1:ro"]}
            volumes: {data: , logs: , mine: }
            """);

        string Mounts(string service) => string.Join(' ', stack.Instances[service].Volumes.Select(mount => $"{Path.GetFileName(mount.Source)}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}"));
        Assert.Equal("data:/data conf:/conf:ro mine:/logs sock:/sock", Mounts("app-1"));
        Assert.Equal("logs:/logs sock:/sock data:/data:ro conf:/conf:ro", Mounts("base"));
        Assert.Equal("data:/data:ro conf:/conf:ro mine:/logs:ro sock:/sock:ro", Mounts("side"));
        Assert.Contains("`volumes_from` has no counterpart", Assert.Single(StackText.Problems("services: {a: {image: nginx, volumes_from: [\"container:x\"]}}\n")), StringComparison.Ordinal);
        Assert.Contains("services.a.volumes_from: `/cache` of `b` has no name", StackText.Problems("services: {a: {image: nginx, volumes_from: [b]}, b: {image: nginx, volumes: [/cache]}}\n")[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_around_start_and_end_are_hooks()
    {
        var result = StackText.Load("""
            services:
              web:
                image: nginx
                post_start:
                  - {command: "chown -R 'a b' /data", user: root, privileged: true}
                  - {command: [./seed.sh, now], working_dir: /srv/app, environment: [A=1]}
                pre_stop: [{command: ./flush.sh}]
            """);

        Assert.Equal(["stack.yaml:5:55: services.web.post_start.privileged: warning: `privileged` is passed over: what runs in an instance may do what the instance may"], result.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        var hooks = result.Definition!.Instances["web"].Hooks!.Points;
        var (start, stop) = (hooks[HookPoint.PostStart], hooks[HookPoint.PreStop]);
        Assert.Equal("root", start[0].User);
        Assert.Equal(["chown", "-R", "a b", "/data"], start[0].Command);
        Assert.Equal(["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", "/srv/app", "./seed.sh", "now"], start[1].Command);
        Assert.Equal("1", start[1].Environment["A"]);
        Assert.Equal(["./flush.sh"], Assert.Single(stop).Command);
    }

    [Theory]
    [InlineData("\"::1:8080:80\"", "::1 8080 80 tcp")]
    [InlineData("\"fe80::2:1000-1001:2000-2001/UDP\"", "fe80::2 1000 2000 udp")]
    [InlineData("\"[::1]:8080:80\"", "::1 8080 80 tcp")]
    [InlineData("{target: 53, published: 5353, protocol: UDP}", "0.0.0.0 5353 53 udp")]
    public void Ports_are_taken_as_docker_takes_them(string port, string expected)
    {
        var published = Assert.Single(Load($"services: {{web: {{image: nginx, ports: [{port}]}}}}\n").Instances["web"].Ports);
        Assert.Equal(expected, $"{published.HostAddress} {published.HostPort} {published.InstancePort} {published.Protocol}");
    }

    [Fact]
    public void Other_names_make_the_default_network_one_of_the_stacks_own()
    {
        var linked = Load("name: shop\nservices: {web: {image: nginx, links: [\"db:store\"]}, db: {image: redis}, apart: {image: nginx, network_mode: none}}\n");
        Assert.Equal("cname=store,store.incus,db", linked.Networks["shop-default"].Config["raw.dnsmasq"]);
        Assert.Equal(["shop-default", "shop-default", ""], new[] { "web", "db", "apart" }.Select(name => linked.Instances[name].Networks.Select(network => network.Network).FirstOrDefault("")));

        var aliased = Load("name: shop\nservices: {web: {image: nginx}, db: {image: redis, networks: {default: {aliases: [store]}}}}\n");
        Assert.Equal("cname=store,store.incus,db", aliased.Networks["shop-default"].Config["raw.dnsmasq"]);
    }

    [Fact]
    public void What_docker_takes_is_taken()
    {
        var result = StackText.Load("""
            services:
              web: {image: nginx, user: root, hostname: web_1, container_name: shop-web, deploy: {replicas: 1}, environment: [A=1, A=3]}
              db: {image: redis, user: "999:root", deploy: {replicas: 1}, networks: [opentelemetry-demo]}
            networks: {opentelemetry-demo: {}}
            """);

        var (web, db) = (result.Definition!.Instances["shop-web"], result.Definition.Instances["db"]);
        Assert.Equal(("0", "0", "web-1", "3"), (web.Config["oci.uid"], web.Config["oci.gid"], web.Hostname, web.Environment["A"]));
        Assert.Equal(("999", "0"), (db.Config["oci.uid"], db.Config["oci.gid"]));
        Assert.All(new[] { web, db }, instance => Assert.Null(instance.Replicas));
        Assert.Equal(Assert.Single(result.Definition.Networks).Key, Assert.Single(db.Networks).Network);
        Assert.Matches("^opentele[a-z]*-[0-9a-f]{4}$", db.Networks[0].Network);
    }

    [Fact]
    public void A_repository_of_digits_is_told_from_a_port()
    {
        Assert.Equal("ghcr.io:443:12345:latest", OciReference.Translate("ghcr.io/12345:latest"));
        Assert.Equal(("ghcr.io:443", "12345:latest"), OciReference.Split("ghcr.io:443:12345:latest"));
        Assert.Equal("docker.io:library/12345:latest", OciReference.Translate("12345:latest"));
    }

    [Fact]
    public void Text_that_looks_like_anything_at_all_is_converted()
    {
        var compose = StackText.Load("services: {web: {image: nginx, environment: {A: \"\uE000x\uE001\", B: \"\uE0000\uE001\", DB_PASSWORD: hunter2}}}\n");

        var converted = new ComposeEngine(new YamlDocumentFormat()).Convert(compose);

        var stack = StackText.Load(converted.Text, new Dictionary<string, string> { [Assert.Single(converted.Variables).Name] = "hunter2" });
        Assert.Equal(compose.Definition!.Instances["web"].Environment.OrderBy(pair => pair.Key), stack.Definition!.Instances["web"].Environment.OrderBy(pair => pair.Key));
    }

    [Fact]
    public void The_example_loads_and_says_what_it_is()
    {
        var folder = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../examples/compose"));
        var result = StackText.Loader.Load(["compose.yaml"], new LoadOptions { WorkingDirectory = folder, Variables = new Dictionary<string, string>() });

        Assert.Empty(result.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        Assert.Equal(["db", "web"], result.Definition!.Instances.Keys.Order());
        Assert.Equal(8080, Assert.Single(result.Definition.Instances["web"].Ports).HostPort);
        Assert.Equal("10.75.0.1/24", result.Definition.Networks["guestbook-back"].Config["ipv4.address"]);
        Assert.All(result.Definition.Networks.Values, network => Assert.True(network.ShareNames));
    }

    private static string Resolved(StackDefinition stack)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        return writer.ToString();
    }

    private static StackDefinition Load(string yaml)
    {
        var result = StackText.Load(yaml);
        Assert.Empty(result.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        return result.Definition!;
    }
}
