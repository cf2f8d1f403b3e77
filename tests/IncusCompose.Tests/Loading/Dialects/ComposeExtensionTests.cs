using IncusCompose.Loading;
using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>What compose files say to other tools for Incus.</summary>
public class ComposeExtensionTests
{
    /// <summary>As lxc/incus-compose reads it.</summary>
    private const string Gallery = """
        name: gallery
        x-incus:
          limits.cpu: "4"
          limits.virtual-machines: 0
        services:
          server:
            image: ghcr.io/gallery/server:v2
            devices: [/dev/fuse]
            networks:
              default: {ipv4_address: 10.9.0.17/24}
              lan: {x-incus: {ipv4.address: 192.0.2.10, ipv4.gateway: 192.0.2.1}}
            ports:
              - "2283:2283"
              - {target: 80, published: 8080, host_ip: 203.0.113.5, x-incus-compose: {nat: true}}
            volumes:
              - library:/data
              - {type: bind, source: /srv/photos, target: /photos, x-incus: {security.shifted: "false"}}
              - {type: volume, source: cache, target: /cache, x-incus: {size: 2GiB}}
            x-incus:
              limits.memory: 512MiB
              security.nesting: "true"
            x-incus-compose:
              devices:
                gpu0: {type: gpu, gputype: physical, pci: "0000:01:00.0"}
        networks:
          default:
            x-incus: {ipv4.address: 10.9.0.1/24, ipv6.address: none}
            x-incus-compose: {network: gallery0}
          lan: {external: true, x-incus-compose: {network: incusbr7}}
        volumes:
          library:
            x-incus: {size: 10GiB, block.filesystem: ext4}
            x-incus-compose: {pool: fast}
          cache:
        """;

    /// <summary>As bketelsen/incus-compose reads it.</summary>
    private const string Media = """
        x-incus-project: media
        x-incus-default-profiles: [default, lan]
        services:
          player:
            image: images:debian/12/cloud
            profiles: [never]
          server:
            image: images:debian/12/cloud
            x-incus-additional-profiles: [gpu-users]
            x-incus-storage: fast
            x-incus-gpu: true
            x-incus-snapshot: {schedule: "@daily", expiry: 14d, pattern: "snap-%d"}
            volumes:
              - config:/config
              - state:/state
              - {type: bind, source: /srv/media, target: /media, x-incus-shift: true}
              - {type: volume, source: state, target: /more, x-incus-shift: true}
        volumes:
          config:
            x-incus-snapshot: {schedule: "@weekly"}
          state: {driver: incus, driver_opts: {pool: slow}}
        """;

    [Fact]
    public void Options_of_lxc_incus_compose_go_to_what_they_stand_at()
    {
        var stack = Dialect.Load(Gallery);
        var server = stack.Instances["server"];

        Assert.Equal(("gallery", true, "4", "0", "false"), (stack.Project!.Name, stack.Project.Create, stack.Project.Config["limits.cpu"], stack.Project.Config["limits.virtual-machines"], stack.Project.Config["features.profiles"]));
        Assert.Equal(("512MiB", "true"), (server.Config["limits.memory"], server.Config["security.nesting"]));
        Assert.Equal(("10GiB", "ext4", "fast"), (stack.Volumes["library"].Config["size"], stack.Volumes["library"].Config["block.filesystem"], stack.Volumes["library"].Pool));
        Assert.Equal("2GiB", stack.Volumes["cache"].Config["size"]);
        Assert.False(server.Volumes.Single(mount => mount.IsHostPath).Shift);
    }

    [Fact]
    public void Networks_are_called_what_they_say_and_reach_the_outside()
    {
        var stack = Dialect.Load(Gallery);

        Assert.Equal(["gallery0", "incusbr7"], stack.Networks.Keys.Order());
        Assert.Equal(("10.9.0.1/24", "true"), (stack.Networks["gallery0"].Config["ipv4.address"], stack.Networks["gallery0"].Config["ipv4.nat"]));
        Assert.DoesNotContain("ipv6.nat", stack.Networks["gallery0"].Config.Keys);
        Assert.True(stack.Networks["incusbr7"].External);
        Assert.Equal([("gallery0", "10.9.0.17"), ("incusbr7", "192.0.2.10")], stack.Instances["server"].Networks.Select(nic => (nic.Network, nic.Ipv4)));
    }

    [Fact]
    public void What_has_no_word_of_its_own_is_a_device()
    {
        var devices = Dialect.Load(Gallery).Instances["server"].Devices;

        Assert.Equal("physical", devices["gpu0"]["gputype"]);
        Assert.Equal("/dev/fuse", devices["device-fuse"]["source"]);
        Assert.Equal(("nic", "incusbr7", "192.0.2.10", "192.0.2.1"), (devices["eth1"]["type"], devices["eth1"]["network"], devices["eth1"]["ipv4.address"], devices["eth1"]["ipv4.gateway"]));
        Assert.Equal(("tcp:203.0.113.5:8080", "tcp:10.9.0.17:80", "true"), (devices["port-203.0.113.5-8080-tcp"]["listen"], devices["port-203.0.113.5-8080-tcp"]["connect"], devices["port-203.0.113.5-8080-tcp"]["nat"]));
    }

    [Fact]
    public void An_interface_that_is_a_device_has_the_name_of_its_network_and_its_place_among_all_of_them()
    {
        using var folder = new StackFolder();
        folder.Write("compose.yaml", """
            name: shop
            services:
              web:
                image: nginx
                networks: {front: {x-incus: {limits.ingress: 10Mbit, ipv4.address: 10.8.0.10/24}}, back: {}}
              db:
                image: redis
                devices: [/dev/fuse]
                networks: {default: {x-incus: {limits.ingress: 10Mbit}}}
            networks: {front: {ipam: {config: [{subnet: 10.8.0.0/24}]}}, back: , far: {}}
            """);
        folder.Write("above.yaml", """
            services:
              web:
                networks: {far: {x-incus: {limits.max: 5Mbit}}, front: {interface_name: lan0, x-incus: {limits.egress: 1Mbit}}}
                x-incus-compose: {devices: {eth2: {type: nic, mtu: 1400}}}
            networks: {far: {name: faraway}}
            """);

        var stack = folder.Require(null, "compose.yaml", "above.yaml");

        var devices = stack.Instances["web"].Devices;
        Assert.Equal(["eth2", "lan0"], devices.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("ipv4.address=10.8.0.10 limits.egress=1Mbit limits.ingress=10Mbit name=lan0 network=shop-front type=nic", Said(devices["lan0"]));
        Assert.Equal("limits.max=5Mbit mtu=1400 name=eth2 network=faraway type=nic", Said(devices["eth2"]));
        Assert.Equal(["device-fuse", "eth0"], stack.Instances["db"].Devices.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("shop-default", "10Mbit"), (stack.Instances["db"].Devices["eth0"]["network"], stack.Instances["db"].Devices["eth0"]["limits.ingress"]));
        Assert.Contains("shop-default", stack.Networks.Keys);

        static string Said(IReadOnlyDictionary<string, string> device) => string.Join(' ', device.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void Words_of_bketelsen_incus_compose_are_words_of_the_stack()
    {
        var stack = StackText.Load(Media, options: new LoadOptions { Activate = ["never"] }).Require();
        var server = stack.Instances["server"];

        Assert.Equal("media", stack.Project!.Name);
        Assert.False(stack.Project.Create);
        Assert.Equal(["default", "lan"], stack.Instances["player"].Profiles);
        Assert.Equal(["default", "lan", "gpu-users"], server.Profiles);
        Assert.Equal(("fast", "gpu"), (server.Disk!.Pool, server.Devices["gpu"]["type"]));
        Assert.Equal(("@daily", "14d", "snap-%d"), (server.Snapshots!.Schedule, server.Snapshots.Expiry, server.Snapshots.Pattern));
        Assert.True(server.Volumes.Single(mount => mount.IsHostPath).Shift);
        Assert.Equal(("fast", "@weekly"), (stack.Volumes["config"].Pool, stack.Volumes["config"].Snapshots!.Schedule));
        Assert.Equal(("slow", "true"), (stack.Volumes["state"].Pool, stack.Volumes["state"].Config["security.shifted"]));
    }

    [Theory]
    [InlineData(Gallery)]
    [InlineData(Media)]
    public void A_converted_file_says_the_same(string yaml) => Assert.DoesNotContain("x-incus", Dialect.Convert(yaml), StringComparison.Ordinal);

    [Fact]
    public void A_file_of_user_data_is_read_from_beside_the_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "trixie.yaml"), "#cloud-config\npackages: [curl]\n");
        File.WriteAllText(Path.Combine(folder.Path, "compose.yaml"), "services: {web: {image: \"images:debian/12\", x-incus-cloud-init-user-data-file: trixie.yaml}}\n");

        var stack = StackText.Loader.Load([Path.Combine(folder.Path, "compose.yaml")]).Require();

        Assert.Equal("#cloud-config\npackages: [curl]\n", stack.Instances["web"].CloudInit!.UserData);
    }

    [Fact]
    public void A_file_laid_over_a_compose_file_is_one_too_whatever_it_says()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "compose.yaml"), "name: shop\nservices: {web: {image: nginx, volumes: [\"data:/data\"]}}\nvolumes: {data: {}}\n");
        File.WriteAllText(Path.Combine(folder.Path, "compose.incus.yaml"), "networks: {default: {x-incus: {ipv4.address: 10.9.1.1/24}}}\nvolumes: {data: {x-incus: {size: 3GiB}}}\n");

        var stack = StackText.Loader.Load([Path.Combine(folder.Path, "compose.yaml"), Path.Combine(folder.Path, "compose.incus.yaml")]).Require();

        Assert.Equal("3GiB", stack.Volumes["data"].Config["size"]);
        Assert.Equal("10.9.1.1/24", stack.Networks["shop-default"].Config["ipv4.address"]);
    }

    [Fact]
    public void Devices_of_a_file_above_are_beside_those_that_docker_lists()
    {
        const string Docker = "services: {web: {image: \"images:debian/12\", devices: [/dev/fuse, \"/dev/ttyUSB0:/dev/modem\"]}}\n";
        const string Incus = "services: {web: {image: \"images:debian/12\", x-incus-compose: {devices: {gpu0: {type: gpu}, device-modem: {mode: \"0600\"}}}}}\n";
        using var folder = new StackFolder(("one.yaml", Docker), ("other.yaml", Incus), ("without.yaml", "services: {web: {devices: [!reset /dev/fuse]}}\n"));

        foreach (var files in (string[][])[["one.yaml", "other.yaml"], ["other.yaml", "one.yaml"]])
        {
            var devices = folder.Require(null, files).Instances["web"].Devices;
            Assert.Equal(["device-fuse", "device-modem", "gpu0"], devices.Keys.Order());
            Assert.Equal(("/dev/ttyUSB0", "0600"), (devices["device-modem"]["source"], devices["device-modem"]["mode"]));
        }

        Assert.Equal(["device-modem", "gpu0"], folder.Require(null, "one.yaml", "other.yaml", "without.yaml").Instances["web"].Devices.Keys.Order());
    }

    [Fact]
    public void Keys_of_others_stay_free() =>
        Assert.Empty(StackText.Problems("x-common: &common {restart: always}\nx-incusfoo: 1\nservices: {web: {image: nginx, <<: *common, x-traefik: {a: b}}}\n"));
}
